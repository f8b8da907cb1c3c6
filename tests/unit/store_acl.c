/* SPDX-License-Identifier: ISC */
/*
 * store_acl - what a session program can get out of store for its users: each
 * right by each request, and what is left when a right goes
 *
 * The program here asks for whatever it likes, as one would that was taken over.
 */
#include "tests/unit/store_house.h"

#include "store/access.h"
#include "store/seen.h"
#include "store/shares.h"

#define BOB	"bob@example.test"
#define BOBS	8
#define CARL	"carl@example.test"
#define CARLS	9
#define WORK	"Other Users/" ALICE "/Work"

static void
lose_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s/index", house);
	assert_int_equal(system(command), 0);
}

static void
grant(uint64_t session, const char *user)
{
	struct message m = { .type = MSG_grant,
		.grant = { .process = 5, .session = session,
		    .user = view_of(user) } };
	struct channel *auth = peer(ROLE_AUTH, 8);

	check(verdict(auth, &m) == VERDICT_DONE);
}

static void
enter(void)
{
	shares_begin();
	login();
	grant(BOBS, BOB);
	grant(CARLS, CARL);
}

/* Done, or created or the like. */
static bool
fine(const struct message *m)
{
	struct reply r = ask(reader, m);
	bool yes = r.m.type != MSG_answer ||
	    r.m.answer.verdict == VERDICT_DONE;

	if (r.m.type == MSG_append_opened) {
		struct message abort = { .type = MSG_append_abort,
			.append_abort.append = r.m.append_opened.append };

		channel_send(reader, &abort);
	}
	reply_free(&r);
	return yes;
}

/* "2.1", or "" when it was done. */
static const char *
status_of(const struct message *m)
{
	static char status[12];
	struct reply r = ask(reader, m);

	snprintf(status, sizeof(status), "%.*s",
	    VIEW(r.m.type == MSG_answer &&
		    r.m.answer.verdict != VERDICT_DONE ?
		r.m.answer.status : VIEW_NONE));
	reply_free(&r);
	return status;
}

static bool
set_acl(uint64_t session, const char *mailbox, const char *who,
    const char *rights)
{
	struct message m = { .type = MSG_acl_set,
		.acl_set = { .session = session, .mailbox = view_of(mailbox),
		    .identifier = view_of(who), .rights = view_of(rights) } };

	return fine(&m);
}

static bool
make(uint64_t session, const char *mailbox)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create = { .session = session,
		    .mailbox = view_of(mailbox) } };

	return fine(&m);
}

static uint32_t
open_as(uint64_t session, const char *mailbox, uint8_t mode)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = session,
		    .mailbox = view_of(mailbox), .mode = mode } };
	struct reply r = ask(reader, &m);
	uint32_t handle = r.m.type == MSG_mailbox_opened ?
	    r.m.mailbox_opened.handle : 0;

	reply_free(&r);
	return handle;
}

/* A message in Work, by its owner. */
static void
append_one(const char *mailbox)
{
	struct message m = { .type = MSG_append_open,
		.append_open = { .session = SESSION,
		    .mailbox = view_of(mailbox) } };
	struct str numbers = { 0 }, sizes = { 0 }, flags = { 0 };
	struct str keywords = { 0 }, dates = { 0 };
	struct reply r = ask(reader, &m);

	check(r.m.type == MSG_append_opened);
	check(file_write_all(r.m.append_opened.content,
	    VIEW_LIT("Subject: x\n")));
	list_put_u64(&numbers, r.m.append_opened.append);
	list_put_u64(&sizes, 11);
	list_put_u32(&flags, 0);
	list_put(&keywords, VIEW_NONE);
	list_put_u64(&dates, 1000000000);
	reply_free(&r);
	m = (struct message){ .type = MSG_append_commit,
		.append_commit = { .session = SESSION,
		    .appends = str_view(&numbers),
		    .sizes = str_view(&sizes), .flags = str_view(&flags),
		    .keywords = str_view(&keywords),
		    .dates = str_view(&dates) } };
	check(fine(&m));
	str_free(&numbers);
	str_free(&sizes);
	str_free(&flags);
	str_free(&keywords);
	str_free(&dates);
}

/* ---- each request by itself ---- */

static bool
can_open(void)
{
	uint32_t handle = open_as(BOBS, WORK, 1);

	if (handle != 0)
		close_box(handle);
	return handle != 0;
}

static bool
can_status(void)
{
	struct message m = { .type = MSG_mailbox_status,
		.mailbox_status = { BOBS, VIEW_LIT(WORK) } };

	return fine(&m);
}

static bool
can_flag(uint32_t flag)
{
	uint32_t handle = open_as(BOBS, WORK, 1);
	struct message m = { .type = MSG_mailbox_flags,
		.mailbox_flags = { .handle = handle, .mode = 1, .flags = flag,
		    .uids = VIEW_LIT("1") } };
	bool yes = handle != 0 && fine(&m);

	if (handle != 0)
		close_box(handle);
	return yes;
}

static bool
can_seen(void)
{
	return can_flag(FLAG_SEEN);
}

static bool
can_write(void)
{
	return can_flag(FLAG_FLAGGED);
}

static bool
can_delete(void)
{
	return can_flag(FLAG_DELETED);
}

static bool
can_expunge(void)
{
	uint32_t handle = open_as(BOBS, WORK, 1);
	/* nothing is there of that UID: only the right is asked for */
	struct message m = { .type = MSG_mailbox_expunge,
		.mailbox_expunge = { .handle = handle,
		    .uids = VIEW_LIT("4000") } };
	bool yes = handle != 0 && fine(&m);

	if (handle != 0)
		close_box(handle);
	return yes;
}

static bool
can_append(void)
{
	struct message m = { .type = MSG_append_open,
		.append_open = { BOBS, VIEW_LIT(WORK) } };

	return fine(&m);
}

static bool
can_copy(void)
{
	uint32_t handle = open_as(BOBS, "INBOX", 1);
	struct message m = { .type = MSG_copy,
		.copy = { .handle = handle, .uids = VIEW_LIT("1"),
		    .mailbox = VIEW_LIT(WORK) } };
	bool yes = fine(&m);

	close_box(handle);
	return yes;
}

static bool
can_make(void)
{
	struct message m = { .type = MSG_mailbox_delete,
		.mailbox_delete = { SESSION, VIEW_LIT("Work/Below") } };
	bool yes = make(BOBS, WORK "/Below");

	check(!yes || fine(&m));
	return yes;
}

/* There and back. */
static bool
can_rename(void)
{
	struct message m = { .type = MSG_mailbox_rename,
		.mailbox_rename = { BOBS, VIEW_LIT(WORK "/Old"),
		    VIEW_LIT(WORK "/New") } };
	struct message back = { .type = MSG_mailbox_rename,
		.mailbox_rename = { SESSION, VIEW_LIT("Work/New"),
		    VIEW_LIT("Work/Old") } };
	bool yes = fine(&m);

	check(!yes || fine(&back));
	return yes;
}

static bool
can_admin(void)
{
	return set_acl(BOBS, WORK, "somebody", "l");
}

static bool
can_know(void)
{
	struct message m = { .type = MSG_acl_get,
		.acl_get = { BOBS, VIEW_LIT(WORK), 1 } };

	return fine(&m);
}

static const struct {
	char letter;
	bool (*can)(void);
} requests[] = {
	{ 'O', can_open },   { 'T', can_status }, { 'S', can_seen },
	{ 'W', can_write },  { 'D', can_delete }, { 'E', can_expunge },
	{ 'A', can_append }, { 'C', can_copy },	  { 'M', can_make },
	{ 'R', can_rename }, { 'L', can_admin },  { 'K', can_know },
};

static void
each_right(void)
{
	static const struct {
		const char *rights, *can;
	} cases[] = {
		{ "", "" },
		{ "l", "K" },
		{ "r", "OTK" },
		{ "lr", "OTK" },
		{ "s", "" },
		{ "lrs", "OTSK" },
		{ "lrw", "OTWK" },
		{ "lrt", "OTDK" },
		{ "lre", "OTEK" },
		{ "wste", "" },
		{ "i", "ACK" },
		{ "li", "ACK" },
		{ "p", "" },
		{ "k", "MK" },
		{ "x", "K" },
		{ "kx", "MRK" },
		{ "a", "LK" },
		{ "lrswipkxtea", "OTSWDEACMRLK" },
	};

	enter();
	spool(1, "Subject: x\n");
	check(open_as(BOBS, "INBOX", 1) != 0);
	check(make(SESSION, "Work") && make(SESSION, "Work/Old"));
	append_one("Work");
	for (size_t i = 0; i < nitems(cases); i++) {
		check(set_acl(SESSION, "Work", BOB, cases[i].rights));
		check(set_acl(SESSION, "Work/Old", BOB, cases[i].rights));
		for (size_t k = 0; k < nitems(requests); k++) {
			bool may = strchr(cases[i].can, requests[k].letter) !=
			    NULL;

			if (requests[k].can() == may)
				continue;
			fprintf(stderr, "rights %s request %c\n",
			    cases[i].rights, requests[k].letter);
			check(false);
		}
	}
}

static void
rights_and_requests(void **state UNUSED)
{
	life(each_right);
}

/* ---- what is told of what is not there ---- */

static void
no_difference(void)
{
	struct message m = { .type = MSG_mailbox_open };
	static const char *const names[] = { WORK, WORK "/Nothing",
		"Other Users/" ALICE "/Nothing", "Other Users/" ALICE,
		"Other Users/nobody@example.test/Work", "Other Users",
		"Other Users/" BOB "/INBOX", "Other Users/../Work",
		"Other Users/x/INBOX", "Other Users//INBOX" };

	enter();
	check(make(SESSION, "Work"));
	for (size_t i = 0; i < nitems(names); i++) {
		m.mailbox_open = (struct msg_mailbox_open){ BOBS,
			view_of(names[i]), 1 };
		check(strcmp(status_of(&m), "2.1") == 0 ||
		    strcmp(status_of(&m), "1.1") == 0);
	}
	check(files_in("", "../nobody/cur") == 0);
	check(set_acl(SESSION, "Work", BOB, "l"));
	m.mailbox_open.mailbox = VIEW_LIT(WORK);
	check(strcmp(status_of(&m), "7.0") == 0);
	/* who has no mailboxes has no others' either */
	m.mailbox_open.session = 99;
	check(strcmp(status_of(&m), "7.0") == 0);
	/* nor has POP */
	check(set_acl(SESSION, "Work", BOB, "lrswite"));
	reader = peer(ROLE_POP3D, 5);
	m.mailbox_open.session = BOBS;
	check(strcmp(status_of(&m), "2.1") == 0);
}

static void
nothing_is_told(void **state UNUSED)
{
	life(no_difference);
}

/* ---- what goes is gone ---- */

static void
take_away(void)
{
	struct message open = { .type = MSG_content_open };
	struct message copy = { .type = MSG_copy };
	struct message append = { .type = MSG_append_open,
		.append_open = { BOBS, VIEW_LIT(WORK) } };
	uint32_t handle;
	struct reply r;

	enter();
	check(make(SESSION, "Work"));
	append_one("Work");
	check(set_acl(SESSION, "Work", BOB, "lrswi"));
	handle = open_as(BOBS, WORK, 1);
	check(handle != 0);
	r = ask(reader, &append);
	check(r.m.type == MSG_append_opened);
	reply_free(&r);
	open.content_open = (struct msg_content_open){ handle, VIEW_LIT("1") };
	copy.copy = (struct msg_copy){ handle, VIEW_LIT("1"),
		VIEW_LIT("INBOX"), 0 };
	check(fine(&open) && fine(&copy));
	told.added = 0;
	check(set_acl(SESSION, "Work", BOB, "-ri"));
	check(!fine(&open) && !fine(&copy));
	check(set_flags(handle, "1", FLAG_SEEN, NULL) == MSG_answer);
	append_one("Work");
	fiber_sleep(20);
	check(told.added == 0);
	check(set_acl(SESSION, "Work", BOB, "+r"));
	check(fine(&open));
}

static void
revoked_at_once(void **state UNUSED)
{
	life(take_away);
}

/* ---- own \Seen ---- */

static uint32_t
flags_as(uint64_t session, const char *mailbox, uint32_t uid)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = session,
		    .mailbox = view_of(mailbox) } };
	struct reply r = ask(reader, &m);
	struct record rec = { 0 };
	struct view index;

	check(r.m.type == MSG_mailbox_opened);
	index = file_map(r.m.mailbox_opened.index);
	for (size_t i = 0; i < record_count(index); i++) {
		struct record one;

		record_at(index, i, &one);
		if (one.uid == uid)
			rec = one;
	}
	file_unmap(index);
	close_box(r.m.mailbox_opened.handle);
	reply_free(&r);
	return rec.flags & FLAG_STORABLE;
}

static void
see_some(void)
{
	uint32_t handle;

	enter();
	check(make(SESSION, "Work"));
	for (int i = 0; i < 5; i++)
		append_one("Work");
	check(set_acl(SESSION, "Work", "anyone", "lrsw"));
	handle = open_as(BOBS, WORK, 1);
	check(set_flags(handle, "2:3", FLAG_SEEN | FLAG_FLAGGED, NULL) ==
	    MSG_mailbox_flagged);
	handle = open_as(CARLS, WORK, 1);
	check(set_flags(handle, "3:4", FLAG_SEEN, NULL) ==
	    MSG_mailbox_flagged);
	handle = open_as(SESSION, "Work", 1);
	check(set_flags(handle, "5", FLAG_SEEN, NULL) == MSG_mailbox_flagged);
}

static void
seen_is_right(void)
{
	static const struct {
		uint64_t session;
		const char *mailbox;
		uint32_t flags[5];
	} cases[] = {
		{ SESSION, "Work", { 0, FLAG_FLAGGED, FLAG_FLAGGED, 0,
		    FLAG_SEEN } },
		{ BOBS, WORK, { 0, FLAG_FLAGGED | FLAG_SEEN,
		    FLAG_FLAGGED | FLAG_SEEN, 0, 0 } },
		{ CARLS, WORK, { 0, FLAG_FLAGGED, FLAG_FLAGGED | FLAG_SEEN,
		    FLAG_SEEN, 0 } },
	};

	for (size_t i = 0; i < nitems(cases); i++)
		for (uint32_t uid = 1; uid <= 5; uid++)
			check(flags_as(cases[i].session, cases[i].mailbox,
			    uid) == cases[i].flags[uid - 1]);
}

static void
seen_again(void)
{
	enter();
	seen_is_right();
}

/* Files are written by an orderly end, or some time later. */
static void
seen_and_wait(void)
{
	enter();
	seen_is_right();
	behind_finish(5000);
	seen_finish(5000);
	check(durable_index_wait());
}

static void
everyone_has_his_own(void **state UNUSED)
{
	life(see_some);
	life(seen_again);
	life(seen_and_wait);
	lose_index();
	life(seen_again);
}

/* ---- who shares what ---- */

static size_t
shares_of(uint64_t session)
{
	struct message m = { .type = MSG_shares_get,
		.shares_get.session = session };
	struct reply r = ask(reader, &m);
	struct view names, name;
	size_t n = 0;

	check(r.m.type == MSG_shares);
	if (r.m.shares.names >= 0) {
		names = file_map(r.m.shares.names);
		for (struct view rest = names; list_next(&rest, &name);)
			n += view_starts(name, VIEW_LIT("Other Users/" ALICE));
		file_unmap(names);
	}
	reply_free(&r);
	return n;
}

static void
share_some(void)
{
	enter();
	check(make(SESSION, "Work") && make(SESSION, "Play"));
	check(set_acl(SESSION, "Work", BOB, "lr"));
	check(set_acl(SESSION, "Play", "@example.test", "l"));
	check(set_acl(SESSION, "Play", "-" CARL, "l"));
	check(shares_of(BOBS) == 2 && shares_of(CARLS) == 0);
	check(shares_of(SESSION) == 0);
}

static void
shared_again(void)
{
	enter();
	fiber_sleep(100);
	check(shares_of(BOBS) == 2 && shares_of(CARLS) == 0);
}

static void
unshare(void)
{
	enter();
	check(set_acl(SESSION, "Work", BOB, ""));
	check(shares_of(BOBS) == 1);
}

static void
shares_are_known(void **state UNUSED)
{
	life(share_some);
	life(shared_again);
	lose_index();
	life(shared_again);
	life(unshare);
}

/* Two stores' users: only this one's are told of. */
static void
others_are_not_ours(void)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { BOBS, VIEW_LIT(WORK), 1 } };
	uint32_t instance;

	access_is_here(VIEW_LIT(ALICE), &instance);
	access_begin(instance + 1, 1000);
	enter();
	check(strcmp(status_of(&m), "3.0") == 0);
}

static void
only_its_own_users(void **state UNUSED)
{
	life(others_are_not_ours);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(rights_and_requests),
		HOUSE_TEST(nothing_is_told),
		HOUSE_TEST(revoked_at_once),
		HOUSE_TEST(everyone_has_his_own),
		HOUSE_TEST(shares_are_known),
		HOUSE_TEST(only_its_own_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
