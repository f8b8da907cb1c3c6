/* SPDX-License-Identifier: ISC */
/*
 * sum - four lanes of multiply and rotate
 *
 * Lanes do not wait for each other, so that a block is summed about as fast as
 * it is read. A last piece that is no full step is filled up with zeros; the
 * length goes in, too.
 */
#include <endian.h>

#include "lib/base/sum.h"

#define LANES 4
#define STEP  (LANES * sizeof(uint64_t))

static uint64_t
mix(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * 0x9e3779b97f4a7c15u;
	return lane << 29 | lane >> 35;
}

static void
step(uint64_t *lane, const char *p)
{
	uint64_t word[LANES];

	memcpy(word, p, STEP);
	for (size_t i = 0; i < LANES; i++)
		lane[i] = mix(lane[i], le64toh(word[i]));
}

uint64_t
sum64(struct view v)
{
	uint64_t lane[LANES] = { 1, 2, 3, 4 }, all = v.n;
	char last[STEP] = { 0 };

	for (; v.n >= STEP; v = view_skip(v, STEP))
		step(lane, v.p);
	if (v.n > 0) {
		memcpy(last, v.p, v.n);
		step(lane, last);
	}
	for (size_t i = 0; i < LANES; i++)
		all = mix(all, lane[i]);
	return all ^ all >> 32;
}
