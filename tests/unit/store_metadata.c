/* SPDX-License-Identifier: ISC */
/*
 * store_metadata - what is noted of mailboxes: by whom, how much, and that all
 * of a set is there after a restart or nothing
 */
#include "lib/proc/settings.h"
#include "store/metadata.h"
#include "tests/unit/store_house.h"

#define BOB  "bob@example.test"
#define BOBS 8
#define WORK "Other Users/" ALICE "/Work"

static void
enter(void)
{
	struct message m = { .type = MSG_grant,
		.grant = { .process = 5, .session = BOBS,
		    .user = VIEW_LIT(BOB) } };

	struct str errors = { 0 };
	struct settings *settings =
	    settings_parse(VIEW_LIT("imap_admin = mailto:root@x.test\n"),
		&errors);

	check(settings != NULL);
	metadata_begin(settings);
	settings_free(&settings);
	login();
	check(verdict(peer(ROLE_AUTH, 8), &m) == VERDICT_DONE);
}

static bool
is_done(const struct message *m)
{
	struct reply r = ask(reader, m);
	bool yes = r.m.type != MSG_answer ||
	    r.m.answer.verdict == VERDICT_DONE;

	reply_free(&r);
	return yes;
}

static void
make(const char *mailbox)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create = { .session = SESSION,
		    .mailbox = view_of(mailbox) } };

	check(is_done(&m));
}

static void
allow(const char *mailbox, const char *rights)
{
	struct message m = { .type = MSG_acl_set,
		.acl_set = { .session = SESSION, .mailbox = view_of(mailbox),
		    .identifier = VIEW_LIT(BOB), .rights = view_of(rights) } };

	check(is_done(&m));
}

/* One value, or none (NULL); "" when done, else the status. */
static const char *
set(uint64_t session, const char *mailbox, const char *entry,
    const char *value)
{
	static char status[12];
	struct message m = { .type = MSG_metadata_set,
		.metadata_set = { .session = session,
		    .mailbox = view_of(mailbox) } };
	struct str one = { 0 };
	struct reply r;

	list_put(&one, view_of(entry));
	if (value != NULL)
		list_put(&one, view_of(value));
	*(value ? &m.metadata_set.set : &m.metadata_set.remove) =
	    str_view(&one);
	r = ask(reader, &m);
	check(r.m.type == MSG_answer);
	snprintf(status, sizeof(status), "%.*s",
	    VIEW(r.m.answer.verdict == VERDICT_DONE ? VIEW_NONE :
		r.m.answer.status));
	reply_free(&r);
	str_free(&one);
	return status;
}

/* Everything as "entry=value;", or the status. */
static const char *
get(uint64_t session, const char *mailbox)
{
	static struct str text;
	struct message m = { .type = MSG_metadata_get,
		.metadata_get = { session, view_of(mailbox) } };
	struct reply r = ask(reader, &m);
	struct view rest, name, value;

	str_reset(&text);
	if (r.m.type == MSG_answer)
		str_add(&text, r.m.answer.status);
	rest = r.m.type == MSG_metadata ? r.m.metadata.entries : VIEW_NONE;
	while (list_next(&rest, &name) && list_next(&rest, &value))
		str_addf(&text, "%.*s=%.*s;", VIEW(name), VIEW(value));
	reply_free(&r);
	return str_c(&text);
}

#define IS(text, wanted) check(strcmp(text, wanted) == 0)

/* ---- whose is what ---- */

static void
note(void)
{
	enter();
	make("Work");
	IS(set(SESSION, "Work", "/shared/comment", "all"), "");
	IS(set(SESSION, "Work", "/private/comment", "alice"), "");
	IS(set(SESSION, "Work", "/private/specialuse", "\\trash \\SENT"), "");
	IS(set(SESSION, "", "/private/comment", "server"), "");
	IS(set(SESSION, "", "/shared/comment", "server"), "7.0");
	IS(set(SESSION, "Nowhere", "/shared/comment", "x"), "2.1");
	IS(set(SESSION, "Work", "/private/specialuse", "\\Odd"), "5.1");
	IS(set(SESSION, "Work", "/private/specialuse", "\\All"), "5.1");
	IS(set(SESSION, "Work", "/other/comment", "x"), "5.0");
	IS(get(SESSION, "Nowhere"), "2.1");
	IS(get(SESSION, "INBOX"), "");
	/* Bob, without rights and with some */
	IS(get(BOBS, WORK), "2.1");
	allow("Work", "l");
	IS(get(BOBS, WORK), "7.0");
	allow("Work", "lr");
	IS(get(BOBS, WORK), "/shared/comment=all;");
	IS(set(BOBS, WORK, "/private/comment", "bob"), "");
	IS(set(BOBS, WORK, "/shared/comment", "bob"), "7.0");
	IS(set(BOBS, WORK, "/private/specialuse", "\\Sent"), "7.0");
	allow("Work", "lrw");
	IS(set(BOBS, WORK, "/shared/other", "bob"), "");
}

#define ALICES "/private/comment=alice;/shared/comment=all;" \
	"/shared/other=bob;/private/specialuse=\\Sent \\Trash;"

static void
find(void)
{
	enter();
	IS(get(SESSION, "Work"), ALICES);
	IS(get(BOBS, WORK), "/private/comment=bob;/shared/comment=all;"
		"/shared/other=bob;");
	IS(get(SESSION, ""), "/shared/admin=mailto:root@x.test;"
		"/private/comment=server;");
	IS(set(SESSION, "Work", "/private/comment", NULL), "");
	IS(set(SESSION, "Work", "/private/nothing", NULL), "");
	IS(set(SESSION, "Work", "/private/comment", "alice"), "");
}

static void
lose_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s/index", house);
	check(system(command) == 0);
}

static void
is_kept(void **state UNUSED)
{
	life(note);
	life(find);
	lose_index();
	life(find);
}

/* ---- how much ---- */

static void
fill(void)
{
	static char value[61440 + 2];
	char entry[64];

	enter();
	make("Work");
	allow("Work", "lr");
	memset(value, 'x', sizeof(value) - 1);
	value[32 * 1024] = '\0';
	IS(set(SESSION, "Work", "/private/long", value), "");
	value[32 * 1024] = 'x';
	value[32 * 1024 + 1] = '\0';
	IS(set(SESSION, "Work", "/private/long", value), "3.4");
	for (int i = 1; i < 100; i++) {
		snprintf(entry, sizeof(entry), "/private/%d", i);
		IS(set(SESSION, "Work", entry, "x"), "");
	}
	IS(set(SESSION, "Work", "/shared/one", "x"), "5.3");
	IS(set(SESSION, "Work", "/private/7", "y"), "");
	IS(set(SESSION, "Work", "/private/specialuse", "\\Sent"), "");
	IS(set(SESSION, "Work", "/private/7", NULL), "");
	IS(set(SESSION, "Work", "/shared/one", "x"), "");
	/* others have half of the room between them */
	value[32 * 1024] = '\0';
	for (int i = 0; i < 3; i++) {
		snprintf(entry, sizeof(entry), "/private/long%d", i);
		IS(set(BOBS, WORK, entry, value), "");
	}
	IS(set(BOBS, WORK, "/private/long3", value), "5.3");
	IS(set(BOBS, WORK, "/private/long2", "short"), "");
	IS(set(SESSION, "Work", "/private/long", "short"), "");
}

static void
is_limited(void **state UNUSED)
{
	life(fill);
}

/* ---- LIST ---- */

static size_t
extras(uint8_t what, const char *names, unsigned type)
{
	struct message m = { .type = MSG_extras_get,
		.extras_get = { .session = SESSION, .what = what } };
	struct view rest = view_of(names), frame;
	const struct fds none = { 0 };
	struct str list = { 0 };
	struct reply r;
	size_t n = 0;

	while (rest.n > 0) {
		size_t end = view_find(rest, ' ');

		list_put(&list, (struct view){ rest.p, end });
		rest = view_skip(rest, end < rest.n ? end + 1 : end);
	}
	m.extras_get.mailboxes = str_view(&list);
	r = ask(reader, &m);
	check(r.m.type == (type == 0 ? MSG_answer : MSG_extras));
	rest = type == 0 ? VIEW_NONE : r.m.extras.extras;
	while (list_next(&rest, &frame)) {
		struct message one;

		n += frame.n > 0 && message_decode(frame, &none, &one) &&
		    one.type == type;
	}
	reply_free(&r);
	str_free(&list);
	return n;
}

static void
list(void)
{
	static char value[30000 + 1];

	enter();
	check(extras(1, "INBOX Nowhere", MSG_acl) == 2);
	for (char c = 'a'; c <= 'e'; c++) {
		char name[2] = { c, '\0' };

		make(name);
		memset(value, c, sizeof(value) - 1);
		IS(set(SESSION, name, "/private/a", value), "");
		IS(set(SESSION, name, "/private/b", value), "");
	}
	check(extras(2, "a Nowhere b", MSG_metadata) == 2);
	/* what does not fit is left out */
	check(extras(2, "a b c d e", MSG_metadata) == 4);
	check(extras(0, "a", 0) == 0 && extras(3, "a", 0) == 0);
}

static void
are_listed(void **state UNUSED)
{
	life(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(is_kept),
		HOUSE_TEST(is_limited),
		HOUSE_TEST(are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
