/* SPDX-License-Identifier: ISC */
/*
 * mail_encode - base64 and quoted-printable, in chunks (lib/mail/encode.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/encode.h"

struct code_case {
	enum encoding encoding;
	const char *in, *out;
	bool ok;
};

static const struct code_case decodes[] = {
	{ ENCODING_NONE, "a=20b", "a=20b", true },
	{ ENCODING_QP, "a=20b", "a b", true },
	{ ENCODING_QP, "a  \r\nb\t\r\n", "a\r\nb\r\n", true },
	{ ENCODING_QP, "a=20 \r\nb", "a \r\nb", true },
	{ ENCODING_QP, "a=\r\nb=  \r\nc=\nd", "abcd", true },
	{ ENCODING_QP, "a \nb", "a\nb", true },
	{ ENCODING_QP, "=c3=A4", "\xc3\xa4", true },
	{ ENCODING_QP, "a  b", "a  b", true },
	{ ENCODING_QP, "a  ", "a", true },
	{ ENCODING_QP, "a\rb", "a\rb", true },
	{ ENCODING_QP, "=XY", "=XY", false },
	{ ENCODING_QP, "=4", "=4", false },
	{ ENCODING_QP, "=4=41", "=4A", false },
	{ ENCODING_QP, "a=", "a=", false },
	{ ENCODING_QP, "==41", "=A", false },
	{ ENCODING_BASE64, "", "", true },
	{ ENCODING_BASE64, "YQ==", "a", true },
	{ ENCODING_BASE64, "YWI=\r\n", "ab", true },
	{ ENCODING_BASE64, "YWJj\r\nZGVm", "abcdef", true },
	{ ENCODING_BASE64, "Y W\tJ\r\njZGV m", "abcdef", true },
	{ ENCODING_BASE64, "YWJjZGVmZ2hpamts", "abcdefghijkl", true },
	{ ENCODING_BASE64, "YQ==YmI=", "abb", false },
	{ ENCODING_BASE64, "YW*Jj", "abc", false },
	{ ENCODING_BASE64, "YWI", "ab", false },
	{ ENCODING_BASE64, "Y", "", false },
};

static const struct code_case encodes[] = {
	{ ENCODING_BASE64, "", "", true },
	{ ENCODING_BASE64, "a", "YQ==\r\n", true },
	{ ENCODING_BASE64, "ab", "YWI=\r\n", true },
	{ ENCODING_BASE64, "abc", "YWJj\r\n", true },
	{ ENCODING_QP, "a b\r\n", "a b\r\n", true },
	{ ENCODING_QP, "a \r\nb\t\r\n", "a=20\r\nb=09\r\n", true },
	{ ENCODING_QP, "a  \r\n", "a =20\r\n", true },
	{ ENCODING_QP, "a ", "a=20", true },
	{ ENCODING_QP, "a\rb\nc", "a=0Db=0Ac", true },
	{ ENCODING_QP, " \rx", " =0Dx", true },
	{ ENCODING_QP, "\r\r\n", "=0D\r\n", true },
	{ ENCODING_QP, "\xc3\xa4=", "=C3=A4=3D", true },
	{ ENCODING_QP, "--b\r\n-b\r\n-\r\n-- \r\na--b", "=2D-b\r\n-b\r\n-\r\n"
	    "=2D-=20\r\na--b", true },
	{ ENCODING_QP, "123456789012345678901234567890123456789012345678901234"
	    "567890123456789012345--b", "1234567890123456789012345678901234567"
	    "89012345678901234567890123456789012345=\r\n=2D-b", true },
	{ ENCODING_NONE, "a\nb", "a\nb", true },
};

static bool
decode_in(struct view in, enum encoding e, size_t chunk, struct str *out)
{
	struct decode d;

	decode_begin(&d, e);
	for (size_t at = 0; at < in.n; at += chunk)
		decode_feed(&d, (struct view){ in.p + at,
		    in.n - at < chunk ? in.n - at : chunk }, out);
	return decode_end(&d, out);
}

static void
encode_in(struct view in, enum encoding e, size_t chunk, struct str *out)
{
	struct encode s;

	encode_begin(&s, e, false);
	for (size_t at = 0; at < in.n; at += chunk)
		encode_feed(&s, (struct view){ in.p + at,
		    in.n - at < chunk ? in.n - at : chunk }, out);
	encode_end(&s, out);
}

static void
test_decode(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(decodes) * 4; i++) {
		const struct code_case *c = &decodes[i / 4];
		struct str out = { 0 };

		assert_int_equal(decode_in(view_of(c->in), c->encoding,
		    i % 4 ? i % 4 : 1000, &out), c->ok);
		assert_string_equal(str_c(&out), c->out);
		str_free(&out);
	}
}

static void
test_encode(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(encodes) * 4; i++) {
		const struct code_case *c = &encodes[i / 4];
		struct str out = { 0 };

		encode_in(view_of(c->in), c->encoding, i % 4 ? i % 4 : 1000,
		    &out);
		assert_string_equal(str_c(&out), c->out);
		str_free(&out);
	}
}

static void
test_strict(void **state UNUSED)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" }, { "YQ==", "a" }, { "YWI=", "ab" },
		{ "YWJj", "abc" }, { "YR==", NULL }, { "YWJ=", NULL },
		{ "YQ=", NULL }, { "YQ", NULL }, { "=", NULL },
		{ "====", NULL }, { "Y===", NULL }, { "YQ==YQ==", NULL },
		{ "YW Jj", NULL }, { "YWJj\n", NULL }, { "YW*j", NULL },
		{ "YQ==YWJj", NULL }, { "YWJ-", NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };

		assert_int_equal(decode_base64(&out, view_of(cases[i].in)),
		    cases[i].out != NULL);
		assert_string_equal(str_c(&out), cases[i].out ? cases[i].out :
		    "");
		str_free(&out);
	}
}

/* Any octets come back, in any chunks, in lines of at most 76. */
static void
test_round_trip(void **state UNUSED)
{
	unsigned char octets[1000];
	struct view in = view_bytes(octets, sizeof(octets));

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (unsigned char)(i < 256 ? i : i * i % 251 / 8);
	for (int i = 0; i < 40; i++) {
		enum encoding e = i & 1 ? ENCODING_QP : ENCODING_BASE64;
		struct str code = { 0 }, out = { 0 };
		struct view rest;

		encode_in(in, e, (size_t)i + 1, &code);
		for (rest = str_view(&code); rest.n > 0;)
			assert_true(view_cut(&rest, '\n').n <= 77);
		assert_true(decode_in(str_view(&code), e, 41 - (size_t)i,
		    &out));
		assert_true(view_eq(str_view(&out), in));
		str_free(&code);
		str_free(&out);
	}
}

static void
test_names(void **state UNUSED)
{
	assert_int_equal(encoding_of(view_of(" BASE64 ")), ENCODING_BASE64);
	assert_int_equal(encoding_of(view_of("Quoted-Printable")),
	    ENCODING_QP);
	assert_int_equal(encoding_of(VIEW_NONE), ENCODING_NONE);
	assert_int_equal(encoding_of(view_of("uuencode")), ENCODING_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
