/* SPDX-License-Identifier: ISC */
/*
 * deliver_order - orders, whether aliases name what they want, and what is said
 * of the end of a command
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/command.h"
#include "deliver/environment.h"
#include "deliver/forward.h"
#include "deliver/source.h"

static bool
take(struct order *o, size_t which, const char *text)
{
	const char *field[ORDER_FIELDS] = { "00000000000000AB", "7", "1", "12",
		"1700000000", "s@x.test", "o@x.test", "a+b@x.test",
		"|cat -n" };

	if (which < ORDER_FIELDS)
		field[which] = text;
	return order_take(o, field);
}

static void
test_orders(void **state UNUSED)
{
	static const struct {
		size_t which;
		const char *text;
		bool good;
	} cases[] = {
		{ 0, "", false },
		{ 0, "1", false },
		{ 1, "-1", false },
		{ 1, "4294967296", false },
		{ 2, "2", false },
		{ 3, "x", false },
		{ 4, "99999999999999999", false },
		{ 5, "", true },
		{ 5, "a\nb", false },
		{ 6, "", true },
		{ 7, "", false },
		{ 7, "a\x7f@x", false },
		{ 8, "", false },
		{ 8, "|", false },
		{ 8, "cat", false },
		{ 8, "/a\tb", true },
		{ 8, "|a\nb", false },
		{ 8, "~", false },
		{ 8, "~bob", true },
		{ 8, "~bob ", true },
		{ 8, "~bob \\", true },
		{ 8, "~bob |cat", true },
		{ 8, "~bob !a@b.test", true },
		{ 8, "~bob cat", false },
		{ 8, "~ |cat", false },
	};
	struct order o;

	assert_true(take(&o, ORDER_FIELDS, NULL));
	assert_true(o.mail == 0xab && o.rcpt == 7 && o.again && o.skip == 12 &&
	    o.arrival == 1700000000 && view_is(o.target, "|cat -n"));
	for (size_t i = 0; i < nitems(cases); i++)
		assert_int_equal(take(&o, cases[i].which, cases[i].text),
		    cases[i].good);
}

static void
test_sources(void **state UNUSED)
{
	static const char text[] = "other: \"|cat -n\"\n"
	    "a: b, \"|cat -n\", /box\n"
	    "c@x.test: |\"cat -n\"\n"
	    "d+b@x.test: \"|cat -n\"\n"
	    "a: /later\n"
	    "\"q r\": \"|cat -n\"\n";
	static const struct {
		const char *address, *target, *delimiters;
		bool there;
	} cases[] = {
		{ "a@x.test", "|cat -n", "+", true },
		{ "A@y.test", "|cat -n", "+", true },
		{ "a+b@x.test", "/box", "+", true },
		{ "a+b@x.test", "/box", "", false },
		{ "a+b@x.test", "/later", "+", true },
		{ "a@x.test", "|cat", "+", false },
		{ "a@x.test", "|cat -n ", "+", false },
		{ "aa@x.test", "|cat -n", "+", false },
		{ "b@x.test", "|cat -n", "+", false },
		{ "c@X.test", "|cat -n", "+", true },
		{ "c@y.test", "|cat -n", "+", false },
		{ "d+b@x.test", "|cat -n", "+", true },
		{ "d@x.test", "|cat -n", "+", false },
		{ "\"q r\"@x.test", "|cat -n", "+", true },
		{ "a", "|cat -n", "+", false },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		const struct order o = { .address = view_of(cases[i].address),
			.target = view_of(cases[i].target) };

		if (source_names(view_of(text), &o, cases[i].delimiters) !=
		    cases[i].there)
			fail_msg("%s %s", cases[i].address, cases[i].target);
	}
}

/* Each value as one text behind another, or what is wrong. */
static void
test_forwards(void **state UNUSED)
{
	static const struct {
		const char *text, *items;	/* divided by ; */
	} cases[] = {
		{ "", "" },
		{ "# nothing\n\n", "" },
		{ "alice", "!alice@x.test;" },
		{ "far@away.example, \\alice", "!far@away.example;"
		    "!alice@x.test;" },
		{ "\\bob", "\\;" },
		{ "bob, BOB@X.test, bob+d, bob@y.test", "\\;\\;\\;"
		    "!bob@y.test;" },
		{ "\"|cat -n, x\"\n/box\n/dir/", "|cat -n, x;/box;/dir/;" },
		{ "alice\n|\n", "4 3.5 .forward:2: The file names an empty "
		    "command, which is not supported" },
		{ "a b", "4 3.5 .forward:1: \"a b\" is not an address" },
		{ ":include:/nonexistent", "4 3.5 /nonexistent:0: No such "
		    "file or directory" },
	};
	struct str items = { 0 };
	struct order o;
	struct why w;

	assert_true(take(&o, 8, "~bob"));
	o.address = VIEW_LIT("bob+d@x.test");
	for (size_t i = 0; i < nitems(cases); i++) {
		str_reset(&items);
		if (forward_parse(view_of(cases[i].text), &o, ".forward",
			&items, &w)) {
			for (size_t k = 0; k < items.n; k++)
				if (items.p[k] == '\0')
					items.p[k] = ';';
		} else {
			str_reset(&items);
			str_addf(&items, "%u %s %s", (unsigned)w.verdict,
			    w.status, w.text);
		}
		assert_string_equal(str_c(&items), cases[i].items);
	}
	str_free(&items);
}

static void
test_ends(void **state UNUSED)
{
	static const struct {
		int status;	/* of waitpid(): code << 8, or a signal */
		const char *output, *said;
	} cases[] = {
		{ 0, "all is well", "2 0.0 delivered to command: cat -n" },
		{ 75 << 8, "", "4 3.0 command \"cat -n\" ended with status 75 "
		    "(try again later)" },
		{ 77 << 8, "\n  \nno\nmore", "5 7.0 command \"cat -n\" ended "
		    "with status 77 (not allowed): no" },
		{ 1 << 8, "a\x01" "b", "5 3.0 command \"cat -n\" ended with "
		    "status 1 (failed): a?b" },
		{ 127 << 8, "", "4 3.5 command \"cat -n\" ended with status "
		    "127 (it was not found)" },
		{ 9, "", "4 3.0 command \"cat -n\" was ended by signal 9" },
	};
	struct str said = { 0 };
	struct order o;
	struct why w;

	assert_true(take(&o, ORDER_FIELDS, NULL));
	for (size_t i = 0; i < nitems(cases); i++) {
		bool done = command_judge(&o, cases[i].status,
		    view_of(cases[i].output), &w);

		str_reset(&said);
		str_addf(&said, "%u %s %s", (unsigned)w.verdict, w.status,
		    w.text);
		assert_string_equal(str_c(&said), cases[i].said);
		assert_int_equal(done, cases[i].said[0] == '2');
	}
	str_free(&said);
}

static void
test_environment(void **state UNUSED)
{
	static const char *const wanted[] = { "SENDER=a__ls__@x.test",
		"RECIPIENT=a+b@x.test", "LOCAL=a", "EXTENSION=b",
		"DOMAIN=x.test", "HOME=/", "USER=" };
	struct environment e;
	struct order o;

	assert_true(take(&o, 5, "a$(ls)\"@x.test"));
	environment_make(&e, &o, "+", NULL);
	for (size_t i = 0; i < nitems(wanted); i++) {
		size_t k = 0;

		while (e.list[k] != NULL && strcmp(e.list[k], wanted[i]) != 0)
			k++;
		if (e.list[k] == NULL)
			fail_msg("no %s", wanted[i]);
	}
	environment_free(&e);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
