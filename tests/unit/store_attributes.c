/* SPDX-License-Identifier: ISC */
/*
 * store_attributes - named values: their text, and that none is lost by a kill
 */
#include <signal.h>

#include "store/account.h"
#include "store/attributes.h"
#include "store/find.h"
#include "tests/unit/store_house.h"

/*
 * The text
 */

static const struct {
	const char *old;
	struct attribute change[3];
	size_t n;
	const char *new;
	size_t count;
} edits[] = {
	{ "", { { { NULL, 0 }, { NULL, 0 } } }, 0, "", 0 },
	{ "", { { { "use", 3 }, { "\\Sent", 5 } } }, 1, "use \\Sent\n", 1 },
	{ "use \\Sent\n", { { { "use", 3 }, { NULL, 0 } } }, 1, "", 0 },
	{ "b 1\na 2\n", { { { NULL, 0 }, { NULL, 0 } } }, 0, "a 2\nb 1\n", 2 },
	/* the last of several counts, in the text and in the changes */
	{ "a 1\na 2\n", { { { NULL, 0 }, { NULL, 0 } } }, 0, "a 2\n", 1 },
	{ "a 1\n", { { { "a", 1 }, { "2", 1 } }, { { "a", 1 }, { "3", 1 } } }, 2,
	    "a 3\n", 1 },
	{ "a 1\n", { { { "a", 1 }, { "2", 1 } }, { { "a", 1 }, { NULL, 0 } } },
	    2, "", 0 },
	/* any octets */
	{ "", { { { "x y", 3 }, { "1 2\n%\0\377", 7 } } }, 1,
	    "x%20y 1 2%0A%25%00%FF\n", 1 },
	{ "", { { { "a", 1 }, { "", 0 } } }, 1, "a \n", 1 },
	/* what a stranger wrote */
	{ "\n\n x\na%2 1\nb%gg 1\nc \001\nd\ne%20 %41\n",
	    { { { NULL, 0 }, { NULL, 0 } } }, 0, "d \ne%20 A\n", 2 },
	{ "a 1", { { { NULL, 0 }, { NULL, 0 } } }, 0, "a 1\n", 1 },
};

static void
text_is_edited(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(edits); i++) {
		struct str out = { 0 };

		assert_int_equal(attributes_text_edit(view_of(edits[i].old),
				     edits[i].change, edits[i].n, &out),
		    edits[i].count);
		assert_string_equal(str_c(&out), edits[i].new);
		str_free(&out);
	}
}

static bool
count_them(void *arg, struct view name, struct view value UNUSED)
{
	++*(unsigned *)arg;
	return !view_is(name, "b/2");
}

static void
text_is_walked(void **state UNUSED)
{
	struct view text = VIEW_LIT("a 0\nb/1 x\nb/2 y\nb/3 z\nc 1\n");
	struct str value = { 0 };
	unsigned n = 0;

	assert_true(attributes_text_each(text, VIEW_LIT("a"), count_them, &n));
	assert_int_equal(n, 1);
	n = 0;
	assert_false(
	    attributes_text_each(text, VIEW_LIT("b/"), count_them, &n));
	assert_int_equal(n, 2);
	assert_true(attributes_text_get(text, VIEW_LIT("b/3"), &value));
	assert_true(view_is(str_view(&value), "z"));
	assert_false(attributes_text_get(text, VIEW_LIT("b"), &value));
	str_free(&value);
}

/*
 * In a store
 */

static bool
set(const char *mailbox, const char *name, const char *value, struct why *w)
{
	struct account_lock *l = account_lock(view_of(ALICE));
	struct attribute a = { .name = view_of(name) };
	bool ok;

	if (value != NULL)
		a.value = view_of(value);
	ok = attributes_set(view_of(ALICE), view_of(mailbox), &a, 1, w);
	account_unlock(l);
	return ok;
}

static bool
has(const char *mailbox, const char *name, const char *value)
{
	struct str text = { 0 };
	enum kv_result r = attributes_get(
	    view_of(ALICE), view_of(mailbox), view_of(name), &text);
	bool is = value == NULL ? r == KV_NONE :
				  r == KV_FOUND && view_is(str_view(&text), value);

	str_free(&text);
	return is;
}

static int
create(const char *name)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create = {
		    .session = SESSION, .mailbox = view_of(name) } };

	return verdict(reader, &m);
}

static void
id_of(const char *name, char id[20])
{
	struct header h = { 0 };
	struct str text = { 0 };

	close_box(open_box(name, 0).handle); /* from the files, if need be */
	check(index_header(view_of(ALICE), view_of(name), &h) == KV_FOUND);
	attributes_id(view_of(ALICE), view_of(name), &h, &text);
	check(text.n == 17);
	memcpy(id, text.p, 18);
	str_free(&text);
	str_free(&h.keywords);
}

static void
set_some(void)
{
	struct header h = { 0 };
	struct why w;

	login();
	check(create("Work") == VERDICT_DONE);
	check(set("Work", "use", "\\Sent \\Archive", &w));
	check(set("Work", "shared/comment", "a\r\nb", &w));
	check(set("INBOX", "acl/anna", "lr", &w) || w.verdict == VERDICT_NEVER);
	check(!set("None", "use", "\\Sent", &w));
	check(w.verdict == VERDICT_NEVER && strcmp(w.status, "2.1") == 0);
	check(index_header(view_of(ALICE), VIEW_LIT("Work"), &h) == KV_FOUND);
	check(h.marks == ((1 << 1 | 1 << 6) | MARK_DATA));
	str_free(&h.keywords);
	check(has("Work", "use", "\\Sent \\Archive"));
	check(set("Work", "acl/bob", "lrs", &w));
	check(set("Work", "acl/bob", NULL, &w));
	check(has("Work", "acl/bob", NULL));
}

static void
some_are_there(void)
{
	struct header h = { 0 };

	login();
	check(open_box("Work", 0).handle != 0);
	check(has("Work", "use", "\\Sent \\Archive"));
	check(has("Work", "shared/comment", "a\r\nb"));
	check(has("Work", "acl/bob", NULL));
	check(index_header(view_of(ALICE), VIEW_LIT("Work"), &h) == KV_FOUND);
	check(h.marks == ((1 << 1 | 1 << 6) | MARK_DATA));
	str_free(&h.keywords);
}

static void
lose_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s/index", house);
	assert_int_equal(system(command), 0);
}

static void
kept_without_the_index(void **state UNUSED)
{
	life(set_some);
	life(some_are_there);
	lose_index();
	life(some_are_there);
}

/* Without the mailbox being opened: what lists and rights look at. */
static void
known_before_the_first_look(void)
{
	struct why w;

	check(mailbox_know_user(view_of(ALICE), &w));
	check(has("Work", "use", "\\Sent \\Archive"));
}

static void
kept_before_first_use(void **state UNUSED)
{
	life(set_some);
	lose_index();
	life(known_before_the_first_look);
}

static void
rename_and_remove(void)
{
	struct message rename = { .type = MSG_mailbox_rename,
		.mailbox_rename = { .session = SESSION,
		    .from = VIEW_LIT("Work"),
		    .to = VIEW_LIT("Old") } };
	struct message delete = { .type = MSG_mailbox_delete,
		.mailbox_delete = {
		    .session = SESSION, .mailbox = VIEW_LIT("Old") } };
	char before[20], after[20];

	login();
	id_of("Work", before);
	check(verdict(reader, &rename) == VERDICT_DONE);
	id_of("Old", after);
	check(strcmp(before, after) == 0);
	check(has("Old", "use", "\\Sent \\Archive") && has("Work", "use", NULL));
	check(verdict(reader, &delete) == VERDICT_DONE);
	check(create("Old") == VERDICT_DONE);
	check(has("Old", "use", NULL));
	id_of("Old", after);
	check(strcmp(before, after) != 0);
}

static void
they_go_along(void **state UNUSED)
{
	life(set_some);
	life(rename_and_remove);
}

static char ids[3][20];

static void
note_id(void)
{
	char path[300], command[900];
	FILE *f;

	login();
	id_of("Work", ids[0]);
	box_path(".Work", "", path, sizeof(path));
	snprintf(command, sizeof(command), "cp -a %s %s../.Copy", path, path);
	check(system(command) == 0);
	f = fopen(house_path("id"), "w");
	check(f != NULL);
	fputs(ids[0], f);
	fclose(f);
}

static void
copy_has_its_own(void)
{
	struct message m = { .type = MSG_mailbox_rebuild,
		.mailbox_rebuild = { .session = SESSION } };
	struct str old = { 0 };

	struct message grant = { .type = MSG_grant,
		.grant = { .session = SESSION, .user = view_of(ALICE) } };
	struct channel *ctl = peer(ROLE_CTL, 12);

	login();
	check(verdict(ctl, &grant) == VERDICT_DONE);
	check(verdict(ctl, &m) == VERDICT_DONE);
	check(file_read(AT_FDCWD, house_path("id"), 100, &old));
	id_of("Work", ids[0]);
	id_of("Copy", ids[1]);
	check(view_is(str_view(&old), ids[0]));
	check(strcmp(ids[0], ids[1]) != 0);
	check(has("Copy", "use", "\\Sent \\Archive"));
	str_free(&old);
}

static void
ids_differ(void)
{
	login();
	id_of("Work", ids[0]);
	id_of("Copy", ids[1]);
	check(strcmp(ids[0], ids[1]) != 0);
}

static void
no_id_twice(void **state UNUSED)
{
	life(set_some);
	life(note_id);
	life(copy_has_its_own);
	lose_index();
	life(ids_differ);
}

static void
too_much(void)
{
	struct str large = { 0 };
	struct why w;

	login();
	check(create("Work") == VERDICT_DONE);
	for (size_t i = 0; i < ATTRIBUTES_TEXT_MAX; i++)
		str_addc(&large, 'x');
	check(!set("Work", "shared/a", large.p, &w));
	check(w.verdict == VERDICT_NEVER && strcmp(w.status, "3.4") == 0);
	check(has("Work", "shared/a", NULL));
	str_free(&large);
}

static void
limits_hold(void **state UNUSED)
{
	life(too_much);
}

/*
 * Kills
 */

static struct ledger {
	unsigned asked, answered;
	bool sound;
} *ledger;

static void
set_and_be_killed(void)
{
	struct str value = { 0 };
	struct why w;
	char text[20];

	login();
	(void)create("Work");
	check(open_box("Work", 0).handle != 0);
	if (attributes_get(view_of(ALICE), VIEW_LIT("Work"),
		VIEW_LIT("shared/n"), &value) == KV_FOUND) {
		unsigned n = (unsigned)atoi(value.p);

		check(n == ledger->answered || n == ledger->asked);
		ledger->answered = n;
	} else
		check(ledger->answered == 0);
	str_free(&value);
	ledger->sound = true;
	for (;;) {
		snprintf(text, sizeof(text), "%u", ++ledger->asked);
		check(set("Work", "shared/n", text, &w));
		ledger->answered = ledger->asked;
	}
}

static void
life_and_death(unsigned n)
{
	int status;
	pid_t pid;

	fflush(NULL);
	ledger->sound = false;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		house_open();
		house_body = set_and_be_killed;
		fiber_start(house_fiber, NULL);
		loop_run();
		_exit(9);
	}
	while (!ledger->sound && waitpid(pid, &status, WNOHANG) == 0)
		usleep(100);
	assert_true(ledger->sound);
	usleep(n * 397 % 9000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
old_or_new(void **state UNUSED)
{
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(ledger != MAP_FAILED);
	for (unsigned n = 0; n < 60; n++) {
		life_and_death(n);
		if (n % 7 == 6)
			lose_index();
	}
	assert_true(ledger->answered > 0);
	munmap(ledger, sizeof(*ledger));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(text_is_edited),
		cmocka_unit_test(text_is_walked),
		HOUSE_TEST(kept_without_the_index),
		HOUSE_TEST(kept_before_first_use), HOUSE_TEST(they_go_along),
		HOUSE_TEST(no_id_twice), HOUSE_TEST(limits_hold),
		HOUSE_TEST(old_or_new) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
