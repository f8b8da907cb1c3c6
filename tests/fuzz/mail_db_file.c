/* SPDX-License-Identifier: ISC */
/*
 * mail_db_file - any octets as a database of both kinds
 *
 * What is given lies in the text or in the arena, and is not more than the text.
 */
#include "lib/mail/db_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
count(void *arg, struct view key, struct view value, struct str *wrong UNUSED)
{
	unsigned sum = 0;

	for (size_t i = 0; i < key.n; i++)
		sum += (unsigned char)key.p[i];
	for (size_t i = 0; i < value.n; i++)
		sum += (unsigned char)value.p[i];
	must(sum <= 255 * (key.n + value.n));
	*(size_t *)arg += key.n + value.n;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum db_file_kind kinds[] = { DB_FILE_HASH,
		DB_FILE_BTREE };

	for (size_t i = 0; i < nitems(kinds); i++) {
		size_t octets = 0;
		const struct db_file_sink sink = { count, &octets };
		struct arena arena = { 0 };
		struct str wrong = { 0 };
		bool ok = db_file_read(view_bytes(data, size), kinds[i],
		    &arena, &sink, &wrong);

		must(ok == (wrong.n == 0));
		must(octets <= size);
		str_free(&wrong);
		arena_reset(&arena);
	}
	return 0;
}
