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
#include "router/users.h"

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

static void
test_special(void **state UNUSED)
{
	static const char *const items[] = { "/var/mail/x", "|cat",
		"\"|cat -n, x\"", ":include:/etc/list", "\"/a b\"" };
	struct str said = { 0 }, text = { 0 };
	const struct aliases_sink sink = { on_entry, on_complaint, &said };

	for (size_t i = 0; i < nitems(items); i++) {
		str_reset(&said);
		str_reset(&text);
		str_addf(&text, "a: %s", items[i]);
		assert_true(aliases_read(str_view(&text), &sink));
		assert_true(view_starts(str_view(&said),
		    VIEW_LIT("1!1 a=rThe alias leads to a")));
	}
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

static void
test_users(void **state UNUSED)
{
	static const char lines[] = "a@x\nab@x\nb@x\nb@xy\nz@x\n";
	static const char *const there[] = { "a@x", "ab@x", "b@x", "b@xy",
		"z@x" };
	static const char *const missing[] = { "", "a", "a@", "a@xy", "b@",
		"c@x", "z@xx", "zz@x", "\n", "a@x\nab@x" };
	struct users u = { view_of(lines) };
	int fd;

	for (size_t i = 0; i < nitems(there); i++)
		assert_true(users_has(&u, view_of(there[i])));
	for (size_t i = 0; i < nitems(missing); i++)
		assert_false(users_has(&u, view_of(missing[i])));
	u.names = VIEW_NONE;
	assert_false(users_has(&u, VIEW_LIT("a@x")));
	fd = file_memfd("users", view_of(lines));
	assert_true(users_map(&u, fd));
	assert_true(users_has(&u, VIEW_LIT("b@xy")));
	close(fd);
	fd = STDIN_FILENO; /* no sealed memory */
	assert_false(users_map(&u, fd));
	assert_true(users_has(&u, VIEW_LIT("b@xy")));
	users_unmap(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
