/* SPDX-License-Identifier: ISC */
/*
 * mail_routes - lines of the routes file and of relay_recipients
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/routes.h"

/* "pattern -> kind line text;" of each entry, "line:column sentence;" of each
 * complaint. */
static struct str said;

static bool
entry(void *arg UNUSED, struct view key, const struct route *r)
{
	routes_pattern(key, &said);
	str_addf(&said, " -> %c%u %.*s;", (char)r->kind, r->line,
	    VIEW(r->text));
	return true;
}

static void
complain(void *arg UNUSED, size_t line, size_t column, const char *sentence)
{
	str_addf(&said, "%zu:%zu %s;", line, column, sentence);
}

static const struct routes_sink sink = { entry, complain, NULL };

/* What a file says; a complaint is given by its beginning. */
static const struct {
	const char *text, *says;
} cases[] = {
	{ "", "" },
	{ "# nothing\n\n   # here\n", "" },
	{ "* [relay.example.net]:587 tls=verify login=isp",
	    "* -> h1 [relay.example.net]:587 tls=verify login=isp;" },
	{ "Example.ORG\t[Mail.example.org]\r\n",
	    "example.org -> h1 [mail.example.org];" },
	{ "\n.example.org  example.net  # a comment",
	    ".example.org -> h2 example.net;" },
	{ "User@Example.org lmtp:[127.0.0.1]:24",
	    "user@example.org -> h1 lmtp:[127.0.0.1]:24;" },
	{ "b\xc3\xbc" "cher.example unix:/run/x",
	    "xn--bcher-kva.example -> h1 unix:/run/x;" },
	{ "sender @Corp.example [192.0.2.1]",
	    "sender @corp.example -> h1 [192.0.2.1];" },
	{ "sender Me@corp.example [192.0.2.1]",
	    "sender me@corp.example -> h1 [192.0.2.1];" },
	{ "example.org mx", "example.org -> m1 mx;" },
	{ "example.org mx:26 tls=encrypt",
	    "example.org -> m1 mx:26 tls=encrypt;" },
	{ "example.org refuse", "example.org -> r1 Mail is not accepted for "
	    "this address;" },
	{ "example.org refuse # really", "example.org -> r1 Mail is not "
	    "accepted for this address;" },
	{ "example.org refuse \"He \\\"left\\\" # us\" # so it is",
	    "example.org -> r1 He \"left\" # us;" },
	{ "example.org defer \"They move\"", "example.org -> d1 They move;" },

	{ "example.org", "1:12 There is no hop" },
	{ "example.org # [x.example]", "1:13 There is no hop" },
	{ "@example.org [x.example]", "1:1 A domain is written without @" },
	{ "example..org [x.example]", "1:1 \"example..org\" is no domain" },
	{ "  u@@x [x.example]", "1:3 \"u@@x\" is no address" },
	{ "sender", "1:7 sender wants" },
	{ "sender example.org [x.example]", "1:8 sender wants" },
	{ "sender <> [x.example]", "1:8 sender wants" },
	{ "* 192.0.2.1", "1:3 An address stands in brackets" },
	{ "* [x.example]  tls=most login=x", "1:16 tls= wants" },
	{ "* [x.example] tls=may\tlogin", "1:23 login= wants" },
	{ "* refuse no", "1:10 The sentence must stand in double quotes" },
	{ "* refuse \"no", "1:10 The quotes do not end" },
	{ "* refuse \"no\" no", "1:14 Nothing can follow" },
	{ "* refuse \"\"", "1:10 The sentence must have" },
	{ "* refuse \"n\xc3\xb6\"", "1:12 The sentence can have" },
};

static void
test_routes(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct view says = view_of(cases[i].says);
		bool entries = says.n == 0 || !is_digit(says.p[0]);

		str_reset(&said);
		assert_true(routes_read(view_of(cases[i].text), &sink));
		if (entries ? !view_eq(str_view(&said), says) :
			      !view_starts(str_view(&said), says))
			fail_msg("%s: %s", cases[i].text, str_c(&said));
	}
	str_free(&said);
}

/* All errors come at once, and what is right comes all the same. */
static void
test_all_at_once(void **state UNUSED)
{
	str_reset(&said);
	assert_true(routes_read(VIEW_LIT("one\ntwo.example [x]\n* y:z\n"),
	    &sink));
	assert_string_equal(str_c(&said), "1:4 There is no hop behind the "
	    "pattern;two.example -> h2 [x];3:3 \"z\" is no port;");
	str_free(&said);
}

static void
test_recipients(void **state UNUSED)
{
	str_reset(&said);
	assert_true(routes_read_recipients(VIEW_LIT("# all of them\n"
	    "Anna@Example.org\n@b\xc3\xbc" "cher.example # whoever\n"
	    "anna\nexample.org\n  a@x.example b@x.example\n@\n"), &sink));
	assert_string_equal(str_c(&said), "anna@example.org -> h2 ;"
	    "xn--bcher-kva.example -> h3 ;"
	    "4:1 \"anna\" is no address;5:1 \"example.org\" is no address;"
	    "6:15 A line has one address;7:2 \"\" is no domain;");
	str_free(&said);
}

static bool
stop(void *arg, struct view key UNUSED, const struct route *r UNUSED)
{
	++*(int *)arg;
	return false;
}

static void
test_stop(void **state UNUSED)
{
	int calls = 0;
	const struct routes_sink stopper = { stop, complain, &calls };

	assert_false(routes_read(VIEW_LIT("* [x]\na.example [x]\n"),
	    &stopper));
	assert_int_equal(calls, 1);
}

static void
test_octets(void **state UNUSED)
{
	const struct route r = { ROUTE_DEFER, 4000000000u,
		VIEW_LIT("12 They move") };
	struct route again;
	struct str out = { 0 };

	route_write(&r, &out);
	assert_true(route_parse(str_view(&out), &again));
	assert_int_equal(again.kind, r.kind);
	assert_int_equal(again.line, r.line);
	assert_true(view_eq(again.text, r.text));
	assert_false(route_parse(VIEW_NONE, &again));
	assert_false(route_parse(VIEW_LIT("x1 a"), &again));
	assert_false(route_parse(VIEW_LIT("h a"), &again));
	assert_false(route_parse(VIEW_LIT("h"), &again));
	str_free(&out);
}

static void
test_long_line(void **state UNUSED)
{
	struct str text = { 0 };

	str_reset(&said);
	str_adds(&text, "* refuse \"");
	while (text.n <= ROUTES_LINE_MAX)
		str_addc(&text, 'x');
	assert_true(routes_read(str_view(&text), &sink));
	assert_string_equal(str_c(&said),
	    "1:1 The line has more than 2048 octets;");
	str_free(&text);
	str_free(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
