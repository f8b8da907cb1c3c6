/* SPDX-License-Identifier: ISC */
/*
 * store_fresh - power was lost: what had been delivered has lost its octets or
 * its name, and queue, which has made its files whole, delivers again
 * (store/fresh.h)
 */
#include "tests/unit/store_house.h"

#include <sys/syscall.h>

#define MAILS 30

static ino_t synced;	/* the last directory */

/* In place of the system's. */
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		synced = st.st_ino;
	return (int)syscall(SYS_fsync, fd);
}

/* In place of the system's: what is mended comes when all renames before it are
 * safe, and once more for the next. */
int
renameat(int from, const char *old, int to, const char *new)
{
	struct stat st;

	if (strncmp(old, "../tmp/", 7) == 0)
		check(fstat(to, &st) == 0 && synced == st.st_ino);
	synced = 0;
	return (int)syscall(SYS_renameat, from, old, to, new);
}

/* The name of the file of this delivery. */
static void
path_of(uint64_t mail, char *path, size_t n)
{
	char dir[200], begin[24];
	struct dirent *e;
	DIR *d;

	box_path("", "cur", dir, sizeof(dir));
	snprintf(begin, sizeof(begin), "%016llX.R3.", (unsigned long long)mail);
	d = opendir(dir);
	check(d != NULL);
	path[0] = '\0';
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, begin, strlen(begin)) == 0)
			snprintf(path, n, "%s/%s", dir, e->d_name);
	closedir(d);
	check(path[0] != '\0');
}

/* What is said by a mail, always of 11 octets. */
static const char *
text_of(uint64_t mail, char text[16])
{
	snprintf(text, 16, "Number: %02u\n", (unsigned)mail);
	return text;
}

/* Another file of the same name, with less in it or other octets, or none. */
static void
lose_octets(uint64_t mail)
{
	char path[500];

	path_of(mail, path, sizeof(path));
	check(unlink(path) == 0);
	if (mail % 3 != 2)
		write_text(path, mail % 3 ? "" : "Nonsense..\n");
}

static void
deliver_and_lose(void)
{
	char text[16];

	for (uint64_t i = 1; i <= MAILS; i++) {
		spool(i, text_of(i, text));
		check(deliver_one(i, false) == VERDICT_DONE);
		lose_octets(i);
	}
}

/* The verdict on looking at, or moving, the message with this UID. */
static int
try(const char *uid, bool move)
{
	struct message look = { .type = MSG_content_open };
	struct message copy = { .type = MSG_copy };
	uint32_t handle = open_box("INBOX", 1).handle;

	(void)create_box("box");
	look.content_open.handle = copy.copy.handle = handle;
	look.content_open.uids = copy.copy.uids = view_of(uid);
	copy.copy.mailbox = view_of("box");
	copy.copy.move = 1;
	return verdict(reader, move ? &copy : &look);
}

static unsigned answers;

static void
deliver_fiber(void *arg)
{
	check(deliver_one((uintptr_t)arg, true) == VERDICT_DONE);
	answers++;
}

static void
mend_all(void)
{
	char path[500], text[16];

	login();
	check(try("1", false) == VERDICT_LATER);
	check(try("1", true) == VERDICT_LATER);
	check(try("2", false) == VERDICT_LATER);
	check(try("2", true) == VERDICT_LATER);
	for (uintptr_t i = 1; i <= MAILS; i++)
		fiber_start(deliver_fiber, (void *)i);
	while (answers < MAILS)
		fiber_sleep(5);
	for (uint64_t i = 1; i <= MAILS; i++) {
		path_of(i, path, sizeof(path));
		check(says(path, text_of(i, text)));
	}
	check(files_in("", "cur") == MAILS && files_in("", "tmp") == 0);
	check(try("1", true) == -1); /* copied: not an answer */
	check(try("2", true) == -1);
	check(files_in("", "cur") <= MAILS);
}

static void
lost_octets_come_back(void **state UNUSED)
{
	answers = 0;
	life(deliver_and_lose);
	life(mend_all);
}

/* The mailbox gets another name before power is lost. */
static void
deliver_rename_lose(void)
{
	struct message m = delivery(1, "box", false);
	char path[500], text[16];

	login();
	spool(1, text_of(1, text));
	check(create_box("box") == VERDICT_DONE);
	check(verdict(local, &m) == VERDICT_DONE);
	check(rename_box("box", "chest") == VERDICT_DONE);
	box_path(".chest", "cur", path, sizeof(path));
	snprintf(path + strlen(path), 100, "/%s",
	    "0000000000000001.R3.test.host,S=11,U=1:2,");
	check(unlink(path) == 0);
}

static void
mend_renamed(void)
{
	struct message m = delivery(1, "box", true);

	login();
	check(open_box("chest", 1).count == 1);
	check(files_in(".chest", "cur") == 0);
	check(verdict(local, &m) == VERDICT_DONE);
	check(files_in(".chest", "cur") == 1 && files_in("", "cur") == 0);
	check(open_box("chest", 1).count == 1);
}

static void
renamed_is_found(void **state UNUSED)
{
	life(deliver_rename_lose);
	life(mend_renamed);
}

/* Delivered to INBOX for want of a mailbox that is made later. */
static void
other_mailbox(void)
{
	struct message m = delivery(1, "box", false);
	char path[500], text[16];

	login();
	spool(1, text_of(1, text));
	check(verdict(local, &m) == VERDICT_DONE);
	check(create_box("box") == VERDICT_DONE);
	spool(2, text_of(2, text));
	m = delivery(2, "box", false);
	check(verdict(local, &m) == VERDICT_DONE);
	check(files_in(".box", "cur") == 1);
	m = delivery(1, "box", true);
	check(verdict(local, &m) == VERDICT_DONE);
	check(files_in(".box", "cur") == 1 && files_in("", "cur") == 1);
	path_of(1, path, sizeof(path));
	check(says(path, text_of(1, text)));
	check(has_file(".box", "0000000000000002.R3"));
	box_path(".box", "cur", path, sizeof(path));
	snprintf(path + strlen(path), 100, "/%s",
	    "0000000000000002.R3.test.host,S=11,U=1:2,");
	check(says(path, text_of(2, text)));
}

static void
strangers_stay(void **state UNUSED)
{
	life(other_mailbox);
}

/* What a crash left in tmp/ goes, what others have there stays. */
static void
leave_in_tmp(void)
{
	char path[500];

	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	box_path("", "tmp/0006600000000001", path, sizeof(path));
	write_text(path, "half");
	box_path("", "tmp/0006600000000001.R3", path, sizeof(path));
	write_text(path, "half");
	box_path("", "tmp/1700000000.1_1.mutt", path, sizeof(path));
	write_text(path, "another's");
}

static void
look_into(void)
{
	login();
	check(open_box("INBOX", 1).count == 1);
	check(files_in("", "tmp") == 1);
}

static void
leftovers_go(void **state UNUSED)
{
	life(leave_in_tmp);
	life(look_into);
}

/* Two sessions move the same message: one does; the other is told why not or,
 * where it comes when all is over, finds nothing to move. */
static int won, lost;

static void
move_fiber(void *arg)
{
	struct message m = { .type = MSG_copy,
		.copy = { .handle = (uint32_t)(uintptr_t)arg,
		    .uids = view_of("1"),
		    .mailbox = view_of("box"),
		    .move = 1 } };
	struct reply r = ask(reader, &m);

	if (r.m.type == MSG_copied)
		*(r.m.copied.source.n > 0 ? &won : &lost) += 1;
	else
		lost += r.m.type == MSG_answer &&
			r.m.answer.verdict == VERDICT_NEVER &&
			view_is(r.m.answer.status, "2.5");
	reply_free(&r);
	answers++;
}

static void
race(void)
{
	uint32_t handles[2];

	login();
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	check(create_box("box") == VERDICT_DONE);
	for (int i = 0; i < 2; i++)
		handles[i] = open_box("INBOX", 1).handle;
	for (int i = 0; i < 2; i++)
		fiber_start(move_fiber, (void *)(uintptr_t)handles[i]);
	while (answers < 2)
		fiber_sleep(5);
	check(won == 1 && lost == 1);
	check(files_in(".box", "cur") == 1);
}

static void
moves_race(void **state UNUSED)
{
	answers = 0;
	life(race);
}

static bool first_done;

static void
ask_fiber(void *again)
{
	check(deliver_one(2, again != NULL) == VERDICT_DONE);
	if (again == NULL)
		first_done = true;
	else
		check(first_done);
	answers++;
}

/* A local dies while a row is not safe yet, and queue asks for the delivery
 * again: that it is there is not said before it is safe. */
static void
ask_twice(void)
{
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	spool(2, "Subject: y\n");
	fiber_start(ask_fiber, NULL);
	fiber_start(ask_fiber, &answers);
	while (answers < 2)
		fiber_sleep(5);
}

static void
done_is_safe(void **state UNUSED)
{
	answers = 0;
	life(ask_twice);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { HOUSE_TEST(lost_octets_come_back),
		HOUSE_TEST(renamed_is_found),
		HOUSE_TEST(strangers_stay), HOUSE_TEST(leftovers_go),
		HOUSE_TEST(moves_race), HOUSE_TEST(done_is_safe) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
