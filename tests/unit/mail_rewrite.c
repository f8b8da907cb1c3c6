/* SPDX-License-Identifier: ISC */
/*
 * mail_rewrite - addresses in a header, and what is left alone
 *
 * Every address @h.lan gets the domain p.test, and root@h.lan becomes another
 * local part, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/header.h"
#include "lib/mail/rewrite.h"

static const struct {
	const char *in, *out;	/* NULL: as it was */
} cases[] = {
	{ "From: a@h.lan\r\n\r\n", "From: a@p.test\r\n\r\n" },
	{ "From: root@h.lan\r\n", "From: admin@p.test\r\n" },
	{ "fROM :\ta@h.lan (At home)\n\n", "fROM :\ta@p.test (At home)\n\n" },
	{ "Subject: a@h.lan\r\nTo: x@y.test\r\nReceived: by h.lan for"
	  " <a@h.lan>\r\nX-To: a@h.lan\r\nFrom a@h.lan\r\n\r\nTo: a@h.lan\r\n",
	    NULL },
	{ "Reply-To: \"a@h.lan\" <a@h.lan>, a@h.lan\r\n",
	    "Reply-To: \"a@h.lan\" <a@p.test>, a@p.test\r\n" },
	{ "Cc: All (of: us): A <a@h.lan>,\r\n\tb@h.lan; , c@h.lan\r\n",
	    "Cc: All (of: us): A <a@p.test>,\r\n\tb@p.test; , c@p.test\r\n" },
	{ "To: undisclosed:;\r\n", NULL },
	{ "To: a (x) @ (y) h . lan (z), \"a b\"@h.lan\r\n",
	    "To: a (x) @ (y) p.test (z), \"a b\"@p.test\r\n" },
	{ "To: \"root\"@h.lan, \"ro\\ot\" (x) @h.lan\r\n",
	    "To: admin@p.test, admin (x) @p.test\r\n" },
	{ "To:\r\n <@r.test,@s.test:a@h.lan>\r\n , Root\r\n\t<root@h.lan>\r\n",
	    "To:\r\n <@r.test,@s.test:a@p.test>\r\n , Root\r\n\t<admin@p.test>"
	    "\r\n" },
	/* octets of no character set, and an address of UTF-8 */
	{ "Sender: \xff\xfe <a@h.lan>\r\nResent-From: \xc3\xbc@h.lan\r\n",
	    "Sender: \xff\xfe <a@p.test>\r\nResent-From: \xc3\xbc@p.test\r\n" },
	/* lists with mistakes: what can be read is rewritten */
	{ "To: root, a@h.lan; b@h.lan junk <c@h.lan>, <d@h.lan\r\n",
	    "To: root, a@p.test; b@p.test junk <c@h.lan>, <d@p.test\r\n" },
	{ "To: a@[192.0.2.1]b@h.lan, a@h.lan\"x\"\r\n"
	  "Cc: <@r\":x\" a@h.lan>\r\nBcc: <@r, a@h.lan>\r\n", NULL },
	{ "To: (never closed a@h.lan\r\nCc: a@h.lan.\r\nBcc: a@h_lan, @h.lan\r\n",
	    NULL },
	{ "Disposition-Notification-To: a@h.lan\r\nReturn-Receipt-To: b@h.lan"
	  "\r\nResent-Cc: c@h.lan\r\n",
	    "Disposition-Notification-To: a@p.test\r\nReturn-Receipt-To: "
	    "b@p.test\r\nResent-Cc: c@p.test\r\n" },
	{ "\r\nTo: a@h.lan\r\n", NULL },
	{ "no header at all", NULL },
	{ "", NULL },
};

/* What the settings of a server would say. */
static void
answer(struct rewrite *r, struct arena *a)
{
	for (size_t i = 0; i < r->n; i++) {
		struct rewrite_spot *s = &r->spot[i];
		struct view local = { s->address.p, s->at };

		if (!view_is(view_skip(s->address, s->at), "@h.lan"))
			continue;
		if (view_is(local, "root"))
			local = VIEW_LIT("admin");
		s->to = view_of(arena_printf(a, "%.*s@p.test", VIEW(local)));
	}
}

static void
rewrite(struct view message, struct str *out)
{
	struct view header = { message.p, header_size(message) };
	struct arena a = { 0 };
	struct rewrite r;

	assert_true(rewrite_find(header, &a, &r));
	answer(&r, &a);
	rewrite_write(&r, out);
	str_add(out, view_skip(message, header.n));
	arena_reset(&a);
}

static void
test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };

		rewrite(view_of(cases[i].in), &out);
		assert_string_equal(str_c(&out), cases[i].out != NULL ?
		    cases[i].out : cases[i].in);
		str_free(&out);
	}
}

static void
test_limits(void **state UNUSED)
{
	struct str text = { 0 }, out = { 0 };
	struct arena a = { 0 };
	struct rewrite r;

	str_adds(&text, "From: a@h.lan\r\nX-Fill: ");
	while (text.n < REWRITE_HEADER_MAX - 4)
		str_addc(&text, 'x');
	str_adds(&text, "\r\n\r\n");
	rewrite(str_view(&text), &out);
	assert_int_equal(out.n, text.n + 1);
	assert_true(view_starts(str_view(&out), VIEW_LIT("From: a@p.test\r\n")));
	str_addc(&text, 'x');
	assert_false(rewrite_find(str_view(&text), &a, &r));
	str_reset(&text);
	str_adds(&text, "To: a@b");
	for (size_t i = 1; i < REWRITE_MOST; i++)
		str_adds(&text, ",\r\n a@b");
	assert_true(rewrite_find(str_view(&text), &a, &r));
	assert_int_equal(r.n, REWRITE_MOST);
	str_adds(&text, "\r\nCc: a@b");
	assert_false(rewrite_find(str_view(&text), &a, &r));
	str_free(&text);
	str_free(&out);
	arena_reset(&a);
}

static size_t
longest_line(struct view text)
{
	size_t most = 0;

	while (text.n > 0) {
		size_t n = view_cut(&text, '\n').n;

		most = n > most ? n : most;
	}
	return most;
}

/* Lines that were within the limit still are, and say the same. */
static void
test_long_lines(void **state UNUSED)
{
	struct str text = { 0 }, out = { 0 }, again = { 0 };
	struct arena a = { 0 };
	struct rewrite r, old;

	str_adds(&text, "To: ");
	for (int i = 0; text.n < 970; i++)
		str_addf(&text, "%sN%d <root@h.lan>", i > 0 ? "," : "", i);
	str_adds(&text, "\r\n");
	rewrite(str_view(&text), &out);
	assert_true(longest_line(str_view(&out)) <= 998);
	assert_true(view_count(str_view(&out), '\n') == 2);
	assert_true(rewrite_find(str_view(&text), &a, &old));
	assert_true(rewrite_find(str_view(&out), &a, &r));
	assert_int_equal(r.n, old.n);
	for (size_t i = 0; i < r.n; i++)
		assert_true(view_is(r.spot[i].address, "admin@p.test"));
	/* one that was too long, and gets no longer, stays a line */
	str_reset(&text);
	str_adds(&text, "To: a@h.lan");
	for (size_t i = 0; i < 200; i++)
		str_adds(&text, ", a@h.lan, abcdef@h.lan");
	assert_true(rewrite_find(str_view(&text), &a, &r));
	for (size_t i = 0; i < r.n; i++)
		r.spot[i].to = VIEW_LIT("b@h.x");
	rewrite_write(&r, &again);
	assert_int_equal(view_count(str_view(&again), '\n'), 0);
	str_free(&text);
	str_free(&out);
	str_free(&again);
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
