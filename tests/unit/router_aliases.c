/* SPDX-License-Identifier: ISC */
/*
 * router_aliases - alias files: the syntax and its mistakes; the list of users
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/mail/aliases.h"
#include "lib/proc/message.h"
#include "lib/mail/user_table.h"

/* What the reader says, as text: "LINE key=item,item;" "LINE! ". */
static bool
on_entry(void *arg, size_t line, struct view key, struct view items)
{
	struct view item;

	str_addf(arg, "%zu %.*s=", line, VIEW(key));
	while (list_next(&items, &item))
		str_addf(arg, "%.*s,", VIEW(item));
	str_adds(arg, ";");
	return true;
}

static void
on_complaint(void *arg, size_t line, const char *sentence UNUSED)
{
	str_addf(arg, "%zu!", line);
}

static const struct {
	const char *text, *said;
} cases[] = {
	{ "", "" },
	{ "\n\n# nothing\n   \n", "" },
	{ "a: b", "1 a=ab,;" },
	{ "a:b\r\nc:d\r\n", "1 a=ab,;2 c=ad,;" },
	{ "Root: Alice@Example.TEST", "1 root=aAlice@Example.TEST,;" },
	{ "a@B.test : c ,d", "1 a@b.test=ac,ad,;" },
	{ "a: b,\n\tc,\n# between\n\n  d\ne: f", "1 a=ab,ac,ad,;6 e=af,;" },
	{ "\"a b\": \"c, d\"@e.test", "1 a b=a\"c, d\"@e.test,;" },
	{ "a: Bob (the, builder) <b@c.test>, d", "1 a=ab@c.test,ad,;" },
	{ "a: \"B, c\" <b@c.test>", "1 a=ab@c.test,;" },
	/* the mailbox, and lists */
	{ "a: \\b, c", "1 a=ub,ac,;" },
	{ "a: \\b@c.test,\\ d", "1!1 a=ub@c.test,;" },
	{ "a: :include:/l, b", "1 a=i/l,ab,;" },
	{ "a: \":INCLUDE: /l, x\"", "1 a=i/l, x,;" },
	{ "a: :include:l", "1!1 a=rThe alias leads to a list without an "
	  "absolute path, which is not supported here,;" },
	/* mistakes */
	{ "a", "1!" },
	{ ": b", "1!" },
	{ "a:", "1!" },
	{ "a: ,,", "1!" },
	{ "a: b c", "1!1!" },
	{ "  a: b", "1!" },
	{ "@all.test: a", "1!" },
	{ "a: b@c@d, e", "1!1 a=ae,;" },
};

static void
test_cases(void **state UNUSED)
{
	struct str said = { 0 };
	const struct aliases_sink sink = { on_entry, on_complaint, &said };

	for (size_t i = 0; i < nitems(cases); i++) {
		str_reset(&said);
		assert_true(aliases_read(view_of(cases[i].text), &sink));
		if (strcmp(str_c(&said), cases[i].said) != 0)
			fail_msg("%s: %s, not %s", cases[i].text,
			    str_c(&said), cases[i].said);
	}
	str_free(&said);
}

/* Commands and files, quoted in each way. */
static const struct {
	const char *item, *said;	/* NULL: refused */
} targets[] = {
	{ "|cat", "|cat" },
	{ "| cat -n ", "|cat -n" },
	{ "\"|cat -n, x\"", "|cat -n, x" },
	{ "|\"cat -n, x\"", "|cat -n, x" },
	{ "\"|cat \\\"a, b\\\" c\"", "|cat \"a, b\" c" },
	{ "|cat \"a, b\" c", "|cat \"a, b\" c" },
	{ "|", NULL },
	{ "\"| \"", NULL },
	{ "\"|cat \x01\"", NULL },
	{ "/var/mail/x", "/var/mail/x" },
	{ "\"/a b\"", "/a b" },
	{ "/home/x/Maildir/", "/home/x/Maildir/" },
	{ "/", NULL },
	{ "/var/mail/../x", NULL },
	{ "\"/a\x7f" "b\"", NULL },
};

static void
test_targets(void **state UNUSED)
{
	struct str said = { 0 }, text = { 0 }, wanted = { 0 };
	const struct aliases_sink sink = { on_entry, on_complaint, &said };

	for (size_t i = 0; i < nitems(targets); i++) {
		str_reset(&said);
		str_reset(&text);
		str_reset(&wanted);
		str_addf(&text, "a: %s", targets[i].item);
		str_addf(&wanted, "1 a=%s,;", targets[i].said);
		assert_true(aliases_read(str_view(&text), &sink));
		if (targets[i].said != NULL)
			assert_string_equal(str_c(&said), str_c(&wanted));
		else
			assert_true(view_starts(str_view(&said),
			    VIEW_LIT("1!1 a=rThe alias leads to a")));
	}
	str_reset(&said);
	str_reset(&text);
	str_adds(&text, "a: |");
	for (size_t i = 0; i < ALIASES_TARGET_MAX; i++)
		str_addc(&text, 'x');
	assert_true(aliases_read(str_view(&text), &sink));
	assert_true(view_starts(str_view(&said), VIEW_LIT("1!1 a=r")));
	str_free(&wanted);
	str_free(&said);
	str_free(&text);
}

static void
test_too_long(void **state UNUSED)
{
	struct str said = { 0 }, text = { 0 };
	const struct aliases_sink sink = { on_entry, on_complaint, &said };

	str_adds(&text, "a: b");
	while (text.n < 2 * ALIASES_LINE_MAX)
		str_adds(&text, ",\n bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	str_adds(&text, "\nc: d\n");
	assert_true(aliases_read(str_view(&text), &sink));
	assert_true(view_starts(str_view(&said), VIEW_LIT("1!")));
	assert_true(view_ends(str_view(&said), VIEW_LIT(" c=ad,;")));
	str_free(&said);
	str_free(&text);
}

/* Of a list: "LINE key=..." with no key. */
static const struct {
	const char *text, *said;
} lists[] = {
	{ "", "1 =;" },
	{ "# nobody\n\n", "1 =;" },
	{ "a\nb@c.test, d\n\te\n# f\n\\g", "2!1 =aa,ab@c.test,ug,;" },
	{ "a\nb@c.test,\n d", "1 =aa,ab@c.test,ad,;" },
	{ "a: b\nc", "1!1 =ac,;" },
	{ "a\n\"|cat\"\n", "2!1 =aa,rThe list leads to a command, which is "
	  "not supported here,;" },
	{ "/etc/passwd", "1!1 =rThe list leads to a file, which is not "
	  "supported here,;" },
	{ ":include:/l", "1 =i/l,;" },
};

static void
test_lists(void **state UNUSED)
{
	struct str said = { 0 };
	const struct aliases_sink sink = { on_entry, on_complaint, &said };

	for (size_t i = 0; i < nitems(lists); i++) {
		str_reset(&said);
		assert_true(aliases_read_list(view_of(lists[i].text), &sink));
		assert_string_equal(str_c(&said), lists[i].said);
	}
	str_free(&said);
}

static void
test_long_list(void **state UNUSED)
{
	struct str said = { 0 }, text = { 0 };
	const struct aliases_sink sink = { on_entry, on_complaint, &said };

	for (size_t i = 0; text.n < 2 * ALIASES_LINE_MAX; i++)
		str_addf(&text, "member%zu@example.test\n", i);
	assert_true(aliases_read_list(str_view(&text), &sink));
	assert_true(view_ends(str_view(&said), VIEW_LIT("!1 =rThe list leads "
	    "to too many addresses, which is not supported here,;")));
	str_free(&said);
	str_free(&text);
}

static void
test_may_include(void **state UNUSED)
{
	static const char *const yes[] = { "/etc/aliases", "/etc/x",
		"/etc/mail/lists/x", "/etc/a..b", "/srv/lists/..x/y" };
	static const char *const no[] = { "", "/", "/etc", "etc/x", "/etcx/y",
		"/var/x", "/etc/../var/x", "/etc/..", "/srv/x", "/srv/lists" };
	struct view names[] = { VIEW_LIT("/etc/aliases"),
		VIEW_LIT("/srv/lists/aliases") };
	const struct words files = { 2, names };

	for (size_t i = 0; i < nitems(yes); i++)
		assert_true(aliases_may_include(&files, view_of(yes[i])));
	for (size_t i = 0; i < nitems(no); i++)
		assert_false(aliases_may_include(&files, view_of(no[i])));
}

static void
test_users(void **state UNUSED)
{
	static const char lines[] = "a@x\nab@x\nb@x\nb@xy\nz@x\n";
	static const char *const there[] = { "a@x", "ab@x", "b@x", "b@xy",
		"z@x" };
	static const char *const missing[] = { "", "a", "a@", "a@xy", "b@",
		"c@x", "z@xx", "zz@x", "\n", "a@x\nab@x" };
	struct user_table u = { view_of(lines) };
	struct view rest;
	int fd;

	for (size_t i = 0; i < nitems(there); i++)
		assert_true(user_table_find(&u, view_of(there[i]), NULL));
	for (size_t i = 0; i < nitems(missing); i++)
		assert_false(user_table_find(&u, view_of(missing[i]), NULL));
	u.lines = VIEW_LIT("a@x\0001 2\nab@x\000\n");
	assert_true(user_table_find(&u, VIEW_LIT("a@x"), &rest));
	assert_true(view_is(rest, "1 2"));
	assert_true(user_table_find(&u, VIEW_LIT("ab@x"), &rest));
	assert_true(view_is(rest, ""));
	u.lines = VIEW_NONE;
	assert_false(user_table_find(&u, VIEW_LIT("a@x"), NULL));
	fd = file_memfd("users", view_of(lines));
	assert_true(user_table_map(&u, fd));
	assert_true(user_table_find(&u, VIEW_LIT("b@xy"), NULL));
	close(fd);
	fd = STDIN_FILENO; /* no sealed memory */
	assert_false(user_table_map(&u, fd));
	assert_true(user_table_find(&u, VIEW_LIT("b@xy"), NULL));
	user_table_unmap(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_may_include),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
