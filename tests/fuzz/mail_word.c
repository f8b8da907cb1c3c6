/* SPDX-License-Identifier: ISC */
/*
 * mail_word - decoded text is valid UTF-8; encoded text decodes to itself
 */
#include "lib/mail/casemap.h"
#include "lib/mail/charset.h"
#include "lib/mail/utf8.h"
#include "lib/mail/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = { 0 }, words = { 0 }, again = { 0 };
	struct view name = view_bytes(data, size), text = view_cut(&name, '\n');

	word_decode(&out, view_bytes(data, size));
	must(utf8_valid(str_view(&out)));
	word_encode(&words, str_view(&out));
	must(utf8_is_ascii(str_view(&words)));
	word_decode(&again, str_view(&words));
	must(view_eq(str_view(&again), str_view(&out)));
	str_reset(&out);
	charset_convert(&out, text, name);
	must(utf8_valid(str_view(&out)));
	str_reset(&again);
	casemap_fold(&again, view_bytes(data, size));
	str_reset(&out);
	casemap_fold(&out, str_view(&again));
	must(view_eq(str_view(&again), str_view(&out)));
	str_free(&out);
	str_free(&words);
	str_free(&again);
	return 0;
}
