/* SPDX-License-Identifier: ISC */
/*
 * settings - any text as settings: refused with reasons, or read and written
 *
 * What was read must be written so that it reads back to the same settings.
 */
#include "lib/proc/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip(const struct settings *s)
{
	struct str text = { 0 }, errors = { 0 };
	struct settings *again;

	settings_write(s, true, true, &text);
	again = settings_parse(str_view(&text), &errors);
	must(again != NULL);
	must(strcmp(s->digest, again->digest) == 0);
	settings_free(&again);
	str_free(&text);
	str_free(&errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str errors = { 0 };
	struct settings *s = settings_parse(view_bytes(data, size), &errors);

	must((s == NULL) == (errors.n > 0));
	if (s != NULL)
		round_trip(s);
	settings_free(&s);
	str_free(&errors);
	return 0;
}
