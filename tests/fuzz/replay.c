/* SPDX-License-Identifier: ISC */
/*
 * replay - run a fuzz driver over given files, without a fuzzer
 *
 * `make check` links each driver of this folder with this main and runs it
 * over its corpus, each input whole and cut short at some places, so that what
 * fuzzing once found stays found.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (4u << 20)

/* A copy of exactly this size, so that a sanitizer sees a step beyond it. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
run_cuts(const uint8_t *data, size_t size)
{
	size_t step = size / 64 + 1;

	for (size_t cut = 0; cut < size; cut += step)
		run(data, cut);
	run(data, size);
}

int
main(int argc, char **argv)
{
	static uint8_t data[INPUT_MAX];

	run(data, 0);
	for (int i = 1; i < argc; i++) {
		FILE *in = fopen(argv[i], "rb");

		if (in == NULL) {
			perror(argv[i]);
			return 1;
		}
		size_t size = fread(data, 1, sizeof(data), in);
		fclose(in);
		run_cuts(data, size);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
