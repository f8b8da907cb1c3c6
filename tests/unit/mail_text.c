/* SPDX-License-Identifier: ISC */
/*
 * mail_text - line ends and dots, whole and byte by byte (lib/mail/text.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/text.h"

static const struct {
	const char *in, *out, *out_cr;	/* out_cr: with bare_cr_ends */
} wires[] = {
	{ "", "", "" },
	{ "a", "a\r\n", "a\r\n" },
	{ "a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "a\r\nb\r\n", "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "\n\n", "\r\n\r\n", "\r\n\r\n" },
	{ "a\rb", "a\rb\r\n", "a\r\nb\r\n" },
	{ "a\r\r\nb", "a\r\r\nb\r\n", "a\r\n\r\nb\r\n" },
	{ "a\r", "a\r\n", "a\r\n" },
	{ "\r\r", "\r\r\n", "\r\n\r\n" },
};

static void
test_wire(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(wires) * 4; i++) {
		bool cr = i & 1, bytes = i & 2;
		struct view in = view_of(wires[i / 4].in);
		struct text_wire t = { .bare_cr_ends = cr };
		struct str out = { 0 };

		for (size_t at = 0; bytes && at < in.n; at++)
			text_wire(&t, (struct view){ in.p + at, 1 }, &out);
		if (!bytes)
			text_wire(&t, in, &out);
		text_wire_end(&t, &out);
		assert_string_equal(str_c(&out), cr ? wires[i / 4].out_cr :
		    wires[i / 4].out);
		str_free(&out);
	}
}

static const struct {
	const char *in, *out, *rest;
	bool done, cr, lf;
	unsigned longest;
} datas[] = {
	{ ".\r\n", "", "", true, false, false, 0 },
	{ "a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n", true, false, false, 1 },
	{ "..a\r\n...\r\n.\r\n", ".a\r\n..\r\n", "", true, false, false, 2 },
	{ ".a\r\n.\r\n", "a\r\n", "", true, false, false, 1 },
	{ "a\n.\n.\r\n", "a\n.\n.\r\n", "", false, false, true, 5 },
	{ "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "", true, false, true, 3 },
	{ "a\r.\r\n.\r\n", "a\r.\r\n", "", true, true, false, 3 },
	{ "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "", true, true, false, 2 },
	{ "a\r\n.\n.\r\n", "a\r\n\n.\r\n", "", false, false, true, 2 },
	{ "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", "", true, true, false, 1 },
	{ "\r\r\n.\r\n", "\r\r\n", "", true, true, false, 1 },
	{ "abc", "abc", "", false, false, false, 0 },
	{ "abc\r", "abc\r", "", false, false, false, 0 },
	{ "\r\n\r\n.\r\n", "\r\n\r\n", "", true, false, false, 0 },
};

static void
test_unstuff(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(datas) * 2; i++) {
		struct view in = view_of(datas[i / 2].in);
		struct text_unstuff t = { 0 };
		struct str out = { 0 };
		size_t at = 0;

		if (i & 1)
			while (at < in.n && !t.done)
				at += text_unstuff(&t, (struct view){
				    in.p + at, 1 }, &out);
		else
			at = text_unstuff(&t, in, &out);
		assert_string_equal(str_c(&out), datas[i / 2].out);
		assert_string_equal(in.p + at, datas[i / 2].rest);
		assert_int_equal(t.done, datas[i / 2].done);
		assert_int_equal(t.bare_cr, datas[i / 2].cr);
		assert_int_equal(t.bare_lf, datas[i / 2].lf);
		assert_int_equal(t.longest, datas[i / 2].longest);
		assert_int_equal(t.size, out.n);
		assert_false(t.nul);
		str_free(&out);
	}
}

static const struct {
	struct view in;
	const char *clean, *as_is;
} stuffs[] = {
	{ VIEW_LIT(""), ".\r\n", ".\r\n" },
	{ VIEW_LIT("a\r\n"), "a\r\n.\r\n", "a\r\n.\r\n" },
	{ VIEW_LIT("a"), "a\r\n.\r\n", "a\r\n.\r\n" },
	{ VIEW_LIT(".\r\n..\r\n"), "..\r\n...\r\n.\r\n",
	    "..\r\n...\r\n.\r\n" },
	{ VIEW_LIT("a\n.\nb\r\n"), "a\r\n..\r\nb\r\n.\r\n",
	    "a\n..\nb\r\n.\r\n" },
	{ VIEW_LIT("a\r.\r\n"), "a\r\n..\r\n.\r\n", "a\r.\r\n.\r\n" },
	{ VIEW_LIT("a\n"), "a\r\n.\r\n", "a\n\r\n.\r\n" },
	{ VIEW_LIT("a\r"), "a\r\n.\r\n", "a\r\r\n.\r\n" },
	{ VIEW_LIT("\r\r\n"), "\r\n\r\n.\r\n", "\r\r\n.\r\n" },
	{ VIEW_LIT("a\0b"), "a?b\r\n.\r\n", NULL },
	{ VIEW_LIT("a.b\r\n.c\n\r.d"), "a.b\r\n..c\r\n\r\n..d\r\n.\r\n",
	    "a.b\r\n..c\n\r.d\r\n.\r\n" },
};

static void
test_stuff(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(stuffs) * 4; i++) {
		bool clean = i & 1, bytes = i & 2;
		struct view in = stuffs[i / 4].in;
		struct text_stuff t = { .clean = clean };
		struct str out = { 0 };
		const char *wanted = clean ? stuffs[i / 4].clean :
		    stuffs[i / 4].as_is;

		for (size_t at = 0; bytes && at < in.n; at++)
			text_stuff(&t, (struct view){ in.p + at, 1 }, &out);
		if (!bytes)
			text_stuff(&t, in, &out);
		text_stuff_end(&t, &out);
		if (wanted != NULL)
			assert_string_equal(str_c(&out), wanted);
		str_free(&out);
	}
}

static void
test_nul(void **state UNUSED)
{
	struct text_unstuff t = { 0 };
	struct str out = { 0 };

	text_unstuff(&t, VIEW_LIT("a\0b\r\n.\r\n"), &out);
	assert_true(t.done && t.nul && out.n == 5);
	str_free(&out);
}

/* ---- every text of a few octets ---- */

#define OCTETS "\r\n.x"
#define LENGTH 8

/* The k-th text of n of these octets. */
static struct view
nth_text(unsigned k, size_t n, char *space)
{
	for (size_t i = 0; i < n; i++, k /= 4)
		space[i] = OCTETS[k % 4];
	return (struct view){ space, n };
}

/* Where CR LF . CR LF ends it, as if CR LF stood before; SIZE_MAX: nowhere. */
static size_t
end_of_data(struct view v)
{
	if (view_starts(v, VIEW_LIT(".\r\n")))
		return 3;
	for (size_t i = 0; i + 5 <= v.n; i++)
		if (memcmp(v.p + i, "\r\n.\r\n", 5) == 0)
			return i + 5;
	return SIZE_MAX;
}

/* A CR or LF that is not in a CR LF; a CR at the very end is not judged yet. */
static bool
has_bare(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((v.p[i] == '\n' && (i == 0 || v.p[i - 1] != '\r')) ||
		    (v.p[i] == '\r' && i + 1 < v.n && v.p[i + 1] != '\n'))
			return true;
	return false;
}

static void
check_unstuff(struct view in, size_t piece)
{
	struct text_unstuff t = { 0 };
	struct str out = { 0 };
	size_t end = end_of_data(in), at = 0;

	while (at < in.n && !t.done) {
		struct view v = view_skip(in, at);

		v.n = v.n < piece ? v.n : piece;
		at += text_unstuff(&t, v, &out);
	}
	assert_int_equal(t.done, end != SIZE_MAX);
	assert_int_equal(at, t.done ? end : in.n);
	in.n = at;
	assert_int_equal(t.bare_cr || t.bare_lf, has_bare(in));
	str_free(&out);
}

/* What goes out clean ends where it shall, and nowhere else. */
static void
check_stuff(struct view in, size_t piece)
{
	struct text_stuff t = { .clean = true };
	struct str out = { 0 };
	struct view rest = in;

	while (rest.n > 0) {
		struct view v = { rest.p, rest.n < piece ? rest.n : piece };

		text_stuff(&t, v, &out);
		rest = view_skip(rest, v.n);
	}
	text_stuff_end(&t, &out);
	assert_false(has_bare(str_view(&out)));
	assert_int_equal(end_of_data(str_view(&out)), out.n);
	str_free(&out);
}

static void
test_every_text(void **state UNUSED)
{
	char space[LENGTH];

	for (size_t n = 1; n <= LENGTH; n++)
		for (unsigned k = 0; k < 1u << 2 * n; k++) {
			struct view in = nth_text(k, n, space);

			check_unstuff(in, 1);
			check_unstuff(in, n);
			check_stuff(in, 1);
			check_stuff(in, n);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_unstuff),
		cmocka_unit_test(test_stuff),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_every_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
