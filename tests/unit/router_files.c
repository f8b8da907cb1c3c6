/* SPDX-License-Identifier: ISC */
/*
 * router_files - the files of aliases, routes and recipients as tables
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/mail/routes.h"
#include "lib/proc/message.h"
#include "router/file_index.h"
#include "router/files.h"

static char dir[] = "/tmp/router-files-XXXXXX";
static struct settings *now;

static void
write_file(const char *name, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_true(file_replace(AT_FDCWD, path, view_of(text), 0600));
}

/* Settings that name files of the directory. */
static void
settings(const char *aliases, const char *routes, const char *recipients)
{
	struct settings *old = now;
	struct str text = { 0 }, errors = { 0 };

	str_addf(&text, "state_dir = %s/state\naliases = %s/a %s\n"
	    "routes = %s/%s\n", dir, dir, aliases, dir, routes);
	if (recipients != NULL)
		str_addf(&text, "relay_domains = b.example\n"
		    "relay_recipients = %s/%s\n", dir, recipients);
	now = settings_parse(str_view(&text), &errors);
	if (now == NULL)
		fail_msg("%s", str_c(&errors));
	files_changed(now);
	settings_free(&old);
	str_free(&text);
}

static void
expect_alias(const char *key, const char *wanted)
{
	struct view items, item;
	enum kv_result r = files_alias(NULL, view_of(key), &items);

	assert_int_equal(r, wanted ? KV_FOUND : KV_NONE);
	if (wanted != NULL) {
		assert_true(list_next(&items, &item));
		assert_true(view_is(item, wanted));
	}
}

static void
expect_route(const char *key, uint32_t line, const char *hop)
{
	struct view value;
	struct route r;

	assert_int_equal(files_route(NULL, view_of(key), &value),
	    hop ? KV_FOUND : KV_NONE);
	if (hop != NULL) {
		assert_true(route_parse(value, &r));
		assert_int_equal(r.line, line);
		assert_true(view_is(r.text, hop));
	}
}

static int
set_up(void **state UNUSED)
{
	strcpy(strrchr(dir, '-') + 1, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	write_file("a", "x: first\nx: again\n");
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	char command[80];

	files_end();
	settings_free(&now);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void
test_aliases(void **state UNUSED)
{
	char b[80];

	snprintf(b, sizeof(b), "%s/b", dir);
	write_file("b", "x: second\ny: second\n");
	settings(b, "none", NULL);
	expect_alias("x", "afirst");
	expect_alias("y", "asecond");
	expect_alias("z", NULL);
	write_file("a", "z: new\n");
	files_changed(now);
	expect_alias("x", "asecond");
	expect_alias("z", "anew");
	/* a directory is not readable as a file: all stays, over a restart */
	settings(dir, "none", NULL);
	expect_alias("z", "anew");
	files_end();
	settings(dir, "none", NULL);
	expect_alias("z", "anew");
	/* a missing file is an empty one */
	settings("/nonexistent/aliases", "none", NULL);
	expect_alias("z", "anew");
	expect_alias("y", NULL);
}

/* Lists are parts of the table: read when they have changed, too. */
static void
test_lists(void **state UNUSED)
{
	char text[200], key[100], other[100];

	snprintf(key, sizeof(key), "\n%s/l", dir);
	snprintf(other, sizeof(other), "\n%s/m", dir);
	snprintf(text, sizeof(text), "x: :include:%s/l\ny: :include:/no/l\n"
	    "z: :include:%s/l\n", dir, dir);
	write_file("a", text);
	settings("", "none", NULL);
	snprintf(text, sizeof(text), "i%s/l", dir);
	expect_alias("x", text);
	expect_alias("z", text);
	expect_alias("y", "rThe alias leads to a list that is not read here");
	expect_alias(key, "rThe alias leads to a list that cannot be read");
	snprintf(text, sizeof(text), ":include:%s/m\nalice\n", dir);
	write_file("l", text);
	write_file("m", "bob, \"|cat\"\n");
	files_changed(now);
	snprintf(text, sizeof(text), "i%s/m", dir);
	expect_alias(key, text);
	expect_alias(other, "abob");
	write_file("m", "carol\n");
	files_changed(now);
	expect_alias(other, "acarol");
	/* over a restart it is known what it was made from */
	files_end();
	write_file("m", "dave\n");
	settings("", "none", NULL);
	expect_alias(other, "adave");
}

static void
test_routes(void **state UNUSED)
{
	settings("", "r", NULL);
	expect_route("*", 0, NULL);
	write_file("r", "# way out\n* [a.example]\nb.example mx\n");
	files_changed(now);
	expect_route("*", 2, "[a.example]");
	expect_route("db.example", 3, "mx");
	expect_route("bexample", 0, NULL);
	/* one mistake, and all stays, over a restart, too */
	write_file("r", "* [c.example]\nb.example [\n");
	files_changed(now);
	expect_route("*", 2, "[a.example]");
	files_end();
	settings("", "r", NULL);
	expect_route("*", 2, "[a.example]");
	/* two lines that contradict each other are one */
	write_file("r", "* [c.example]\n* [d.example]\n");
	files_changed(now);
	expect_route("*", 2, "[a.example]");
	write_file("r", "* [c.example]\n");
	files_changed(now);
	expect_route("*", 1, "[c.example]");
	expect_route("db.example", 0, NULL);
	settings("", "none", NULL);
	expect_route("*", 0, NULL);
}

/* Without a table that was good once, no way is known. */
static void
test_bad_from_the_start(void **state UNUSED)
{
	struct view value;

	write_file("r", "* [\n");
	settings("", "r", NULL);
	assert_int_equal(files_route(NULL, VIEW_LIT("*"), &value), KV_TROUBLE);
	assert_int_equal(files_route(NULL, VIEW_LIT("aa@b"), &value),
	    KV_TROUBLE);
}

static void
test_recipients(void **state UNUSED)
{
	struct view value;

	settings("", "none", NULL);
	assert_int_equal(files_recipient(NULL, VIEW_LIT("aa@b.example"),
	    &value), KV_TROUBLE);
	/* a missing file is no list */
	settings("", "none", "l");
	assert_int_equal(files_recipient(NULL, VIEW_LIT("aa@b.example"),
	    &value), KV_TROUBLE);
	write_file("l", "a@b.example\nA@B.example\nwhat\n@c.example\n");
	files_changed(now);
	assert_int_equal(files_recipient(NULL, VIEW_LIT("aa@b.example"),
	    &value), KV_FOUND);
	assert_true(view_is(value, "1"));
	assert_int_equal(files_recipient(NULL, VIEW_LIT("dc.example"),
	    &value), KV_FOUND);
	assert_int_equal(files_recipient(NULL, VIEW_LIT("ab@b.example"),
	    &value), KV_NONE);
}

/* ---- looks ---- */

static int reads;

static bool
count_read(struct file_index *i UNUSED, struct view text UNUSED)
{
	reads++;
	return true;
}

static bool
look(struct file_index *i, const char *file)
{
	struct view word = view_of(file);
	const struct words files = { 1, &word };
	struct why w;

	return file_index_look(i, &files, &w);
}

/* A file that changes is read when it has come to rest. */
static void
test_looks(void **state UNUSED)
{
	static const struct file_kind kind = { "test", "test 1", false, false,
		count_read, NULL };
	char path[80], place[80];
	struct file_index *i;
	struct why w;

	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(place, sizeof(place), "%s/index", dir);
	i = file_index_open(place, &kind, &w);
	assert_non_null(i);
	write_file("f", "one");
	for (int n = 0; n < 4; n++)
		assert_true(look(i, path));
	assert_int_equal(reads, 1);
	write_file("f", "two");
	assert_true(look(i, path));
	write_file("f", "three");
	assert_true(look(i, path));
	assert_int_equal(reads, 1);
	assert_true(look(i, path));
	assert_int_equal(reads, 2);
	/* what has failed is not tried at each look */
	assert_int_equal(unlink(path), 0);
	assert_true(look(i, path));
	assert_false(look(i, path));
	for (int n = 0; n < 11; n++)
		assert_true(look(i, path));
	assert_false(look(i, path));
	assert_int_equal(reads, 2);
	file_index_close(&i);
}

static void
expect_table(const char *key, enum kv_result wanted, const char *item)
{
	struct view items, first;

	assert_int_equal(files_alias_table(NULL, view_of(key), &items), wanted);
	if (item != NULL) {
		assert_true(list_next(&items, &first));
		assert_true(view_starts(first, view_of(item)));
	}
}

/* What strangers write must not become anything but one address. */
static void
test_tables(void **state UNUSED)
{
	char names[200];

	write_file("p", "/^(.*)@one\\.test$/ $1\n/^(a+)+$/ b\n"
	    "/^cmd@/ |/bin/sh\n/^two@/ a@b.test, c\n");
	snprintf(names, sizeof(names), "pcre:%s/p inline:{i@x = j, bare=n, {k@x = l, m}}",
	    dir);
	settings(names, "none", NULL);
	expect_alias("x", "afirst");
	expect_table("alice@one.test", KV_FOUND, "aalice");
	expect_table("two@x", KV_FOUND, "aa@b.test");
	expect_table("i@x", KV_FOUND, "aj");
	expect_table("k@x", KV_FOUND, "al");
	expect_table("bare@y", KV_FOUND, "an");
	expect_table("none@x", KV_NONE, NULL);
	expect_table("alice", KV_NONE, NULL);
	expect_table("a,b@one.test", KV_NONE, NULL);
	expect_table("a b@one.test", KV_NONE, NULL);
	expect_table("a@evil.test@one.test", KV_NONE, NULL);
	expect_table(":include:/x@one.test", KV_NONE, NULL);
	expect_table("|sh@one.test", KV_TROUBLE, NULL);
	expect_table("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@three",
	    KV_TROUBLE, NULL);
	/* a mistake: it stays as it was, but not over a restart */
	write_file("p", "/(/ x\n");
	files_changed(now);
	expect_table("alice@one.test", KV_FOUND, "aalice");
	files_end();
	files_begin(now);
	expect_table("alice@one.test", KV_TROUBLE, NULL);
	write_file("p", "/^x@/ y\n");
	files_changed(now);
	expect_table("x@one.test", KV_FOUND, "ay");
}

/* One in relay_recipients says yes or no. */
static void
test_recipient_table(void **state UNUSED)
{
	struct str text = { 0 }, errors = { 0 };
	struct view line;

	write_file("p", "/^a@b\\.example$/ yes\n");
	str_addf(&text, "state_dir = %s/state\nrelay_domains = b.example\n"
	    "relay_recipients = pcre:%s/p\n", dir, dir);
	now = settings_parse(str_view(&text), &errors);
	assert_non_null(now);
	str_free(&text);
	files_changed(now);
	assert_int_equal(files_recipient(NULL, VIEW_LIT("ka@b.example"), &line),
	    KV_NONE);
	assert_int_equal(files_recipient_table(NULL, VIEW_LIT("a@b.example")),
	    KV_FOUND);
	assert_int_equal(files_recipient_table(NULL, VIEW_LIT("c@b.example")),
	    KV_NONE);
}

static void
expect_place(const char *name, const char *line)
{
	struct str place = { 0 };
	char wanted[100];

	snprintf(wanted, sizeof(wanted), "%s/%s%s", dir, name, line);
	files_place(NULL, &place);
	if (!view_ends(str_view(&place), view_of(wanted)))
		fail_msg("%s, not %s", str_c(&place), wanted);
	str_free(&place);
}

/* Where the last answer stands. */
static void
test_places(void **state UNUSED)
{
	char text[300];
	struct view line;

	snprintf(text, sizeof(text), "# x\nx: y\nz: :include:%s/l\n", dir);
	write_file("a", text);
	write_file("b", "\n\nw: v,\n  u\nx: w\n");
	write_file("l", "bob\n");
	write_file("p", "# x\n/^i@/ j\n");
	write_file("r", "c@b.example\nd@b.example\n");
	snprintf(text, sizeof(text), "%s/b pcre:%s/p inline:{k@x=a,l@x=b}", dir,
	    dir);
	settings(text, "none", "r");
	expect_alias("x", "ay");
	expect_place("a", ":2");
	expect_alias("w", "av");
	expect_place("b", ":3");
	snprintf(text, sizeof(text), "\n%s/l", dir);
	expect_alias(text, "abob");
	expect_place("l", "");
	expect_table("i@x", KV_FOUND, "aj");
	expect_place("p", ":2");
	assert_int_equal(files_recipient(NULL, VIEW_LIT("ad@b.example"), &line),
	    KV_FOUND);
	expect_place("r", ":2");
	/* known over a restart, and when others stand before it */
	files_end();
	write_file("a", "");
	snprintf(text, sizeof(text), "%s/b", dir);
	settings(text, "none", NULL);
	expect_alias("x", "aw");
	expect_place("b", ":5");
}

static void
expect_name(const char *key, bool part, enum kv_result r, const char *wanted)
{
	struct view value;

	assert_int_equal(files_canonical(NULL, view_of(key), part, &value), r);
	assert_true(r != KV_FOUND || view_is(value, wanted));
}

/* A file and expressions, one after the other; parts are in the file only. */
static void
test_canonical(void **state UNUSED)
{
	struct str text = { 0 }, errors = { 0 };

	write_file("p", "/^(.)/ @d.test\n");
	str_addf(&text, "state_dir = %s/state\ncanonical = %s/n pcre:%s/p\n",
	    dir, dir, dir);
	now = settings_parse(str_view(&text), &errors);
	assert_non_null(now);
	str_free(&text);
	/* one that is not there is not as good as empty */
	files_changed(now);
	expect_name("a@b.test", false, KV_TROUBLE, NULL);
	write_file("n", "a@b.test c@d.test\na e@d.test\n");
	files_changed(now);
	expect_name("A@b.test", false, KV_FOUND, "c@d.test");
	expect_name("a", true, KV_FOUND, "e@d.test");
	expect_name("b", true, KV_NONE, NULL);
	expect_name("b@b.test", false, KV_FOUND, "@d.test");
	write_file("n", "a@b.test nobody\n");
	files_changed(now);
	expect_name("a@b.test", false, KV_FOUND, "c@d.test");
	write_file("n", "# none\n");
	files_changed(now);
	expect_name("a", true, KV_NONE, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lists, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_aliases, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_routes, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_bad_from_the_start,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recipients, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_looks, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_tables, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_recipient_table, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_places, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_canonical, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
