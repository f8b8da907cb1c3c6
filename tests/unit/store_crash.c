/* SPDX-License-Identifier: ISC */
/*
 * store_crash - kill -9 at many moments, one mailbox for all lives
 *
 * A ledger in shared memory knows what was asked and what was answered. Each
 * life checks the whole ledger against the mailboxes, repeats what was not
 * answered as queue would, and goes on until it is killed after some more
 * microseconds than the one before. Now and then the index is lost, too.
 */
#include <signal.h>

#include "tests/unit/store_house.h"

#define MAILS 4000
#define LIVES 80

enum step { NOT_ASKED, ASKED, ANSWERED };

struct mail {
	uint8_t delivered, flagged, expunged, moved; /* enum step */
	uint8_t in_inbox, in_box, has_flag; /* as found */
};

static struct ledger {
	struct mail mail[MAILS]; /* by mail id */
	unsigned next;
	bool sound; /* this life's checks were done */
} * ledger;

static void
find(const char *name, bool inbox)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = {
		    .session = SESSION, .mailbox = view_of(name) } };
	struct reply r = ask(reader, &m);
	struct record last = { 0 };
	struct view index;

	check(r.m.type == MSG_mailbox_opened);
	index = file_map(r.m.mailbox_opened.index);
	for (size_t i = 0; i < record_count(index); i++) {
		struct record rec;

		record_at(index, i, &rec);
		check(rec.uid > last.uid && rec.content < MAILS);
		ledger->mail[rec.content].in_inbox += inbox;
		ledger->mail[rec.content].in_box += !inbox;
		ledger->mail[rec.content].has_flag |=
		    (rec.flags & FLAG_FLAGGED) != 0;
		last = rec;
	}
	file_unmap(index);
	close_box(r.m.mailbox_opened.handle);
	reply_free(&r);
}

static void
check_mail(const struct mail *m)
{
	int found = m->in_inbox + m->in_box;

	if (m->delivered == NOT_ASKED || m->expunged == ANSWERED)
		check(found == 0);
	else if (m->delivered == ANSWERED && m->expunged == NOT_ASKED)
		check(found == 1);
	else
		check(found <= 1);
	if (m->moved == ANSWERED && m->expunged == NOT_ASKED)
		check(m->in_box == 1);
	if (m->flagged == ANSWERED && found > 0)
		check(m->has_flag);
}

static void
check_all(void)
{
	for (unsigned i = 0; i < MAILS; i++)
		ledger->mail[i].in_inbox = ledger->mail[i].in_box =
		    ledger->mail[i].has_flag = 0;
	find("INBOX", true);
	find("box", false);
	for (unsigned i = 0; i < MAILS; i++)
		check_mail(&ledger->mail[i]);
}

static void
deliver_mail(unsigned id, bool again)
{
	if (!again)
		spool(id, "Subject: x\n");
	ledger->mail[id].delivered = ASKED;
	check(deliver_one(id, again) == VERDICT_DONE);
	ledger->mail[id].delivered = ANSWERED;
}

/* The UID of a mail that has just come into INBOX is one below the next. */
static void
work_on(unsigned id, uint32_t handle, uint32_t uid)
{
	struct mail *mail = &ledger->mail[id];
	struct message m = { .type = MSG_copy,
		.copy = {
		    .handle = handle, .mailbox = view_of("box"), .move = 1 } };
	char set[20];

	snprintf(set, sizeof(set), "%u", uid);
	if (id % 3 == 0) {
		mail->flagged = ASKED;
		check(set_flags(handle, set, FLAG_FLAGGED, NULL) ==
		      MSG_mailbox_flagged);
		mail->flagged = ANSWERED;
	}
	if (id % 4 == 0) {
		struct reply r;

		m.copy.uids = view_of(set);
		mail->moved = ASKED;
		r = ask(reader, &m);
		check(r.m.type == MSG_copied);
		reply_free(&r);
		mail->moved = ANSWERED;
	} else if (id % 5 == 0) {
		mail->expunged = ASKED;
		check(expunge(handle, set) == VERDICT_DONE);
		mail->expunged = ANSWERED;
	}
}

static void
one_life(void)
{
	struct message create = { .type = MSG_mailbox_create,
		.mailbox_create = {
		    .session = SESSION, .mailbox = view_of("box") } };
	struct open_box b;

	login();
	(void)verdict(reader, &create);
	check_all();
	for (unsigned i = 0; i < MAILS; i++)
		if (ledger->mail[i].delivered == ASKED)
			deliver_mail(i, true);
	check_all();
	ledger->sound = true;
	b = open_box("INBOX", 1);
	while (ledger->next < MAILS) {
		unsigned id = ledger->next++;

		told.last.uid = 0;
		deliver_mail(id, false);
		while (told.last.content != id)
			fiber_sleep(1);
		work_on(id, b.handle, told.last.uid);
	}
	pause();
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
		house_body = one_life;
		fiber_start(house_fiber, NULL);
		loop_run();
		_exit(9);
	}
	while (!ledger->sound && waitpid(pid, &status, WNOHANG) == 0)
		usleep(100);
	assert_true(ledger->sound);
	usleep(n * 397 % 23000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
lose_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s/index", house);
	assert_int_equal(system(command), 0);
}

static void
nothing_lost_nothing_double(void **state UNUSED)
{
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(ledger != MAP_FAILED);
	ledger->next = 1;
	for (unsigned n = 0; n < LIVES; n++)
		life_and_death(n);
	print_message("%u mails\n", ledger->next);
	assert_true(ledger->next > LIVES);
	munmap(ledger, sizeof(*ledger));
}

static void
finish(void)
{
	check_all();
	fiber_sleep(1500);
	check_all();
}

static void
last_life(void)
{
	login();
	finish();
}

/* After a quiet end nothing is left undone, and the files alone tell all. */
static void
files_tell_all(void **state UNUSED)
{
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(ledger != MAP_FAILED);
	ledger->next = 1;
	for (unsigned n = 10; n < 20; n++)
		life_and_death(n);
	for (unsigned i = 0; i < MAILS; i++) /* both outcomes are right */
		if (ledger->mail[i].delivered == ASKED)
			ledger->mail[i].expunged = ASKED;
	life(last_life);
	lose_index();
	life(last_life);
	munmap(ledger, sizeof(*ledger));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { HOUSE_TEST(
						nothing_lost_nothing_double),
		HOUSE_TEST(files_tell_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
