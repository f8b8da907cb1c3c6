/* SPDX-License-Identifier: ISC */
/*
 * mail_table - what each kind of table answers, and what it complains of
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/table.h"

static void
count(void *arg, size_t line, const char *sentence)
{
	assert_true(line > 0 && sentence[0] != '\0');
	++*(size_t *)arg;
}

static const char LATER[] = "a limit was reached";

static const struct {
	const char *table, *text, *key, *value;
	size_t wrong;
} cases[] = {
	{ "cidr:", "192.0.2.0/24 a b\n2001:db8::/32 c\n", "192.0.2.9", "a b", 0 },
	{ "cidr:", "192.0.2.0/24 a\n2001:db8::/32 c\n", "2001:db8::1", "c", 0 },
	{ "cidr:", "# no\n192.0.2.7/24 a\n10.0.0.1\n", "192.0.2.9", NULL, 2 },
	{ "cidr:", "!192.0.2.0/24 out\n", "198.51.100.1", "out", 0 },
	{ "cidr:", "!192.0.2.0/24 out\n", "192.0.2.1", NULL, 0 },
	{ "cidr:", "0.0.0.0/0 all\n", "no address", NULL, 0 },
	{ "inline:", "{ a = b, C = d }", "c", "d", 0 },
	{ "inline:", "{ {a = b, c}, d = e }", "A", "b, c", 0 },
	{ "inline:", "a = b", "a", NULL, 1 },
	{ "inline:", "{ a, = b }", "a", NULL, 2 },
	{ "inline:", "{", "a", NULL, 1 },
	{ "inline:", "{{}", "a", NULL, 1 },
	{ "text:", "# no\n\nb x\n  a\n\n# no\n\t b\nA@B \t c d \na z\n", "a@b",
	    "c d", 0 },
	{ "text:", "b x\n  a\n\n# no\n\t b\na@b c\n", "B", "x a b", 0 },
	{ "text:", "a 1\nb 2\nc 3\nd 4\n", "d", "4", 0 },
	{ "text:", "a 1\nb 2\nc 3\nd 4\n", "aa", NULL, 0 },
	{ "text:", "b 2\na 1\nB 3\nc\n", "b", "2", 2 },
	{ "text:", "", "b", NULL, 0 },
	{ "text:", "# no\n", "", NULL, 0 },
	{ "pcre:", "# no\n\n/^A(.)c$/ $1-x\n/./ all\n", "abc", "b-x", 0 },
	{ "pcre:", "/^a(.)c$/ $1-x\n/./ all\n", "zzz", "all", 0 },
	{ "pcre:", "/^(a)|(b)$/ <$1,${2},$(1)1$$>\n", "b", "<,b,1$>", 0 },
	{ "pcre:", "/^a$/i low\n/^A$/ up\n", "A", "up", 0 },
	{ "pcre:", "/^a\\/b$/ one\n\ttwo\n# no\n  three\n", "a/b",
	    "one two three", 0 },
	{ "pcre:", "!/^a/ no $$\n", "b", "no $", 0 },
	{ "pcre:", "!/^a/ no\n", "ab", NULL, 0 },
	{ "regexp:", "/^(.*)@old\\.test$/ $1@new.test\n", "x@old.test",
	    "x@new.test", 0 },
	/* each of these lines is complained of and gives nothing */
	{ "pcre:", "/a/ $1\n!/(b)/ $1\n/(/ x\n/a x\n/a/\na x\nif /a/\n"
	    "/(a)/ $0\n/(a)/ $x\n/(a)/ ${1\n/(a)/ $10\n/a/q x\n", "a",
	    NULL, 12 },
	{ "pcre:", "/^(a+)+$/ slow\n/./ all\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", LATER, 0 },
	{ "pcre:", "!/^(a+)+$/ slow\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", LATER, 0 },
	{ "pcre:", "/./ all\n/^(a+)+$/ slow\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "all", 0 },
};

static void
test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str value = { 0 };
		struct view source;
		const struct table_kind *k =
		    view_is(view_of(cases[i].table), "text:") ? &table_text :
		    table_kind(view_of(cases[i].table), &source);
		size_t wrong = 0;
		const struct table_sink sink = { count, &wrong, NULL };
		void *t = k->open(view_of(cases[i].text), &sink);
		size_t line = 0;
		enum table_answer a = k->get(t, view_of(cases[i].key), &value,
		    &line);

		assert_int_equal(wrong, cases[i].wrong);
		if (cases[i].value == LATER)
			assert_int_equal(a, TABLE_LATER);
		else
			assert_int_equal(a == TABLE_FOUND,
			    cases[i].value != NULL);
		if (a == TABLE_FOUND)
			assert_string_equal(str_c(&value), cases[i].value);
		str_free(&value);
		k->close(t);
	}
}

/* Each line stays below its limit, all of them together do not. */
static void
test_many(void **state UNUSED)
{
	struct str text = { 0 }, value = { 0 };
	size_t wrong = 0;
	const struct table_sink sink = { count, &wrong, NULL };
	size_t line;
	void *t;

	for (size_t i = 0; i < 10000; i++)
		str_adds(&text, "/^(a+)+$/ slow\n");
	t = table_pcre.open(str_view(&text), &sink);
	assert_int_equal(wrong, 0);
	assert_int_equal(table_pcre.get(t, VIEW_LIT("aa!"), &value, &line),
	    TABLE_NONE);
	assert_int_equal(table_pcre.get(t, VIEW_LIT("aaaaaaaaaaaaaa!"), &value,
	    &line), TABLE_LATER);
	assert_int_equal(table_pcre.get(t, VIEW_LIT("aa!"), &value, &line),
	    TABLE_NONE);
	table_pcre.close(t);
	/* one line more than there may be is complained of */
	str_adds(&text, "/b/ x\n");
	table_pcre.close(table_pcre.open(str_view(&text), &sink));
	assert_int_equal(wrong, 1);
	str_free(&text);
}

/* Which line it was: of one that goes on, its first. */
static void
test_lines(void **state UNUSED)
{
	static const struct {
		const struct table_kind *kind;
		const char *text, *key;
		size_t line;
	} lines[] = {
		{ &table_cidr, "# x\n\n192.0.2.0/24 a\n10.0.0.0/8 b\n", "10.1.1.1",
		    4 },
		{ &table_pcre, "# x\n/^a/ b\n  c\n\n/^b/ c\n", "ab", 2 },
		{ &table_regexp, "# x\n/^a/ b\n  c\n\n/^b/ c\n", "b", 5 },
		{ &table_inline, "{ a = b, c = d }", "c", 2 },
		{ &table_text, "# x\nb c\n  d\n\na b\n", "a", 5 },
		{ &table_pcre, "/x/ y\n/^(a+)+$/ b\n",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 2 },
	};

	for (size_t i = 0; i < nitems(lines); i++) {
		struct str value = { 0 };
		size_t wrong = 0, line = 0;
		const struct table_sink sink = { count, &wrong, NULL };
		void *t = lines[i].kind->open(view_of(lines[i].text), &sink);

		lines[i].kind->get(t, view_of(lines[i].key), &value, &line);
		assert_int_equal(line, lines[i].line);
		str_free(&value);
		lines[i].kind->close(t);
	}
}

static const char *
judge(struct view key, struct view value)
{
	return view_eq(key, value) ? "The same" : NULL;
}

/* A row that is judged to be wrong has no entry; patterns are not asked about. */
static void
test_judged(void **state UNUSED)
{
	size_t wrong = 0;
	const struct table_sink sink = { count, &wrong, judge };
	struct str value = { 0 };
	void *t = table_text.open(VIEW_LIT("a a\nb c\n"), &sink);
	size_t line = 0;

	assert_int_equal(wrong, 1);
	assert_int_equal(table_text.get(t, VIEW_LIT("a"), &value, &line),
	    TABLE_NONE);
	assert_int_equal(table_text.get(t, VIEW_LIT("b"), &value, &line),
	    TABLE_FOUND);
	table_text.close(t);
	table_inline.close(table_inline.open(VIEW_LIT("{ a = a, b = c }"),
	    &sink));
	assert_int_equal(wrong, 2);
	table_pcre.close(table_pcre.open(VIEW_LIT("/a/ /a/\n"), &sink));
	assert_int_equal(wrong, 2);
	str_free(&value);
}

static void
test_names(void **state UNUSED)
{
	struct view source;

	assert_null(table_kind(VIEW_LIT("/etc/aliases"), &source));
	assert_null(table_kind(VIEW_LIT("cidr"), &source));
	assert_true(table_kind(VIEW_LIT("cidr:/x:y"), &source) == &table_cidr);
	assert_true(view_is(source, "/x:y"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_judged),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
