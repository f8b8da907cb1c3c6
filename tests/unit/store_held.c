/* SPDX-License-Identifier: ISC */
/*
 * store_held - power was lost: what had been appended has lost its octets or its
 * name, and the journal has them (store/held.h)
 */
#include <sys/syscall.h>

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "lib/mail/journal.h"
#include "tests/unit/store_house.h"

#define MAILS	9

static unsigned journal_fails, failed;

/* In place of the system's: the journal's fails so often. */
int
fdatasync(int fd)
{
	char link[40], path[400];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (journal_fails == 0 || strstr(path, "/.appended-") == NULL)
		return (int)syscall(SYS_fdatasync, fd);
	journal_fails--;
	failed++;
	errno = EIO;
	return -1;
}

static const char *
text_of(unsigned i, char text[16])
{
	snprintf(text, 16, "Number: %02u\r\n", i);
	return text;
}

/* One APPEND of so many messages, the first of them the i-th. */
static void
append(const char *box, unsigned i, size_t n)
{
	struct str numbers = { 0 }, sizes = { 0 }, dates = { 0 };
	struct str flags = { 0 }, keywords = { 0 };
	struct message m = { .type = MSG_append_open,
		.append_open = { .session = SESSION,
		    .mailbox = view_of(box) } };
	char text[16];
	struct reply r;

	for (size_t k = 0; k < n; k++) {
		r = ask(reader, &m);
		check(r.m.type == MSG_append_opened);
		check(file_write_all(r.m.append_opened.content,
		    view_of(text_of(i + (unsigned)k, text))));
		list_put_u64(&numbers, r.m.append_opened.append);
		list_put_u64(&sizes, strlen(text));
		list_put_u64(&dates, 1000000000 + i);
		list_put_u32(&flags, FLAG_FLAGGED);
		list_put(&keywords, VIEW_NONE);
		close(r.m.append_opened.content);
		reply_free(&r);
	}
	m = (struct message){ .type = MSG_append_commit,
		.append_commit = { .session = SESSION,
		    .appends = str_view(&numbers), .sizes = str_view(&sizes),
		    .dates = str_view(&dates), .flags = str_view(&flags),
		    .keywords = str_view(&keywords) } };
	r = ask(reader, &m);
	check(r.m.type == MSG_appended);
	reply_free(&r);
	str_free(&numbers);
	str_free(&sizes);
	str_free(&dates);
	str_free(&flags);
	str_free(&keywords);
}

/* The path of the file with this UID, "" if none. */
static const char *
path_of(const char *folder, unsigned uid)
{
	static char path[700];
	char dir[300], part[24];
	struct dirent *e;
	DIR *d;

	box_path(folder, "cur", dir, sizeof(dir));
	snprintf(part, sizeof(part), ",U=%u:", uid);
	path[0] = '\0';
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (strstr(e->d_name, part) != NULL)
			snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
	if (d != NULL)
		closedir(d);
	return path;
}

/* Another file of the same name, with less in it or other octets, or none. */
static void
lose(const char *folder, unsigned uid)
{
	const char *path = path_of(folder, uid);
	const char *instead = uid % 3 == 1 ? "" : "Nonsense..\r\n";

	check(path[0] != '\0' && unlink(path) == 0);
	if (uid % 3 != 2)
		write_text(path, instead);
}

static void
append_and_lose(void)
{
	login();
	append("INBOX", 1, 1);
	append("INBOX", 2, MAILS - 1);
	for (unsigned i = 1; i <= MAILS; i++)
		lose("", i);
}

static bool
are_whole(const char *folder, unsigned from, unsigned to)
{
	char text[16];

	for (unsigned i = from; i <= to; i++)
		if (!says(path_of(folder, i), text_of(i, text)))
			return false;
	return true;
}

static void
all_are_back(void)
{
	struct stat st;
	struct open_box b;

	login();
	while (!are_whole("", 1, MAILS))
		fiber_sleep(5);
	b = open_box("INBOX", 1);
	check(b.count == MAILS && b.uidnext == MAILS + 1);
	check((b.last.flags & ~(unsigned)FLAG_RECENT) == FLAG_FLAGGED);
	check(files_in("", "cur") == MAILS && files_in("", "tmp") == 0);
	check(stat(path_of("", 1), &st) == 0 && st.st_mtime == 1000000001);
}

static void
lost_octets_come_back(void **state UNUSED)
{
	life(append_and_lose);
	life(all_are_back);
	/* killed right after it, nothing is mended twice */
	life(all_are_back);
}

static size_t
segments(void)
{
	int dir = open(house_path("mail/.appended-0"), O_RDONLY | O_DIRECTORY);
	uint32_t *numbers;
	size_t n;

	check(journal_list(dir, &numbers, &n));
	free(numbers);
	close(dir);
	return n;
}

static void
append_one(void)
{
	login();
	append("INBOX", 1, 1);
}

static void
segments_go(void)
{
	for (int i = 0; i < 2000 && segments() > 1; i++)
		fiber_sleep(5);
	check(segments() <= 1);
}

/* Though nothing is appended any more, as when they have filled the disk. */
static void
dead_segments_go(void **state UNUSED)
{
	char command[300];

	life(append_one);
	snprintf(command, sizeof(command), "cd %s && for i in 2 3 4 5 6; do "
	    "cp 00000001.log 0000000$i.log; done",
	    house_path("mail/.appended-0"));
	assert_int_equal(system(command), 0);
	assert_int_equal(segments(), 6);
	life(segments_go);
}

static void
remove_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -r %s", house_path("index"));
	check(system(command) == 0);
}

/* The index goes with it: UIDs stand in the names. */
static void
index_too(void **state UNUSED)
{
	life(append_and_lose);
	remove_index();
	life(all_are_back);
}

static bool
none(void *arg UNUSED, struct view key UNUSED, struct view value UNUSED)
{
	return false;
}

/* Until no journal is needed for them, and it says so. */
static void
settle(void)
{
	struct kv_key all = { .n = 0 };

	while (index_each(INDEX_HELD, &all, none, NULL) != KV_NONE)
		fiber_sleep(20);
	check(durable_names_wait());
}

static void
append_settle_expunge(void)
{
	struct open_box b;

	login();
	append("INBOX", 1, 3);
	b = open_box("INBOX", 1);
	(void)set_flags(b.handle, "2", FLAG_DELETED, NULL);
	settle();
	(void)expunge(b.handle, "2");
	while (files_in("", "cur") == 3)
		fiber_sleep(5);
}

static void
look_for_two(void)
{
	check(open_box("INBOX", 1).count == 2);
	fiber_sleep(100);
	check(files_in("", "cur") == 2 && path_of("", 2)[0] == '\0');
}

static void
two_are_left(void)
{
	login();
	look_for_two();
}

/* What is settled is not made again, whatever has become of it. */
static void
expunged_stays_away(void **state UNUSED)
{
	life(append_settle_expunge);
	life(two_are_left);
	remove_index();
	life(two_are_left);
}

static void
append_expunge(void)
{
	struct open_box b;

	login();
	append("INBOX", 1, 3);
	b = open_box("INBOX", 1);
	(void)set_flags(b.handle, "2", FLAG_DELETED, NULL);
	(void)expunge(b.handle, "2");
	while (files_in("", "cur") == 3)
		fiber_sleep(5);
	lose("", 3);
}

static void
one_is_mended(void)
{
	login();
	while (!are_whole("", 3, 3))
		fiber_sleep(5);
	look_for_two();
}

static void
expunged_at_once_stays_away(void **state UNUSED)
{
	life(append_expunge);
	life(one_is_mended);
}

/* The journal has the octets, and no row is written. */
static void
put_in_journal(unsigned fails)
{
	struct entry e = { .kind = PLACE_APPENDED, .r = { .uid = 2,
		.content = 77, .size = 12, .date = 1 } };
	struct mailbox *mb;
	struct why w;

	login();
	append("INBOX", 1, 1);
	mb = mailbox_get(view_of(ALICE), VIEW_LIT("INBOX"), &w);
	check(mb != NULL);
	held_put(mb, &e, VIEW_LIT("Number: 02\r\n"));
	journal_fails = fails;
	check(durable_names_wait() == (fails == 0));
}

static void
journal_only(void)
{
	put_in_journal(0);
}

static void
stop_orderly(void)
{
	login();
	check(open_box("INBOX", 1).count == 1);
	held_finish();
	index_commit();
	check(index_flush());
}

static void
one_is_there(void)
{
	login();
	check(open_box("INBOX", 1).count == 1);
	check(files_in("", "cur") == 1);
}

static void
never_answered_stays_away(void **state UNUSED)
{
	/* killed there; the next life knows that it was never answered */
	life(journal_only);
	life(stop_orderly);
	remove_index();
	life(one_is_there);
}

static void
journal_only_and_stop(void)
{
	journal_only();
	held_finish();
	index_commit();
	check(index_flush());
}

/* Refused in a life that knows it: the row could not be put. */
static void
refused_stays_away(void **state UNUSED)
{
	life(journal_only_and_stop);
	remove_index();
	life(one_is_there);
}

static void
unsynced_and_stop(void)
{
	put_in_journal(1);
	check(failed == 1);
	held_finish();
	index_commit();
	check(index_flush());
}

/* Refused as the journal could not be synced, though all of it stands there. */
static void
refused_unsynced_stays_away(void **state UNUSED)
{
	life(unsynced_and_stop);
	remove_index();
	life(one_is_there);
}

static void
fails_for_long(void)
{
	put_in_journal(1000000);
	fiber_sleep(2500);
	check(failed < 10);
}

static void
failing_journal_has_a_rest(void **state UNUSED)
{
	life(fails_for_long);
}

static void
append_move_rename(void)
{
	struct message move = { .type = MSG_copy,
		.copy = { .uids = view_of("1"), .mailbox = view_of("box"),
		    .move = 1 } };
	struct reply r;

	login();
	check(create_box("box") == VERDICT_DONE);
	append("box", 1, 2);
	append("INBOX", 3, 1);
	move.copy.handle = open_box("INBOX", 1).handle;
	r = ask(reader, &move);
	check(r.m.type == MSG_copied && r.m.copied.source.n > 0);
	reply_free(&r);
	check(rename_box("box", "chest") == VERDICT_DONE);
	lose(".chest", 2);
}

static void
moved_and_renamed(void)
{
	login();
	check(open_box("INBOX", 1).count == 0);
	check(open_box("chest", 1).count == 3);
	while (!are_whole(".chest", 1, 3))
		fiber_sleep(5);
	while (files_in("", "cur") > 0)		/* swept behind the answer */
		fiber_sleep(5);
	check(files_in(".chest", "cur") == 3);
}

static void
found_where_it_went(void **state UNUSED)
{
	life(append_move_rename);
	life(moved_and_renamed);
}

/* Of two renames only the second came to the disk. */
static void
link_name(void)
{
	const char *path = path_of("", 1);
	char other[720];

	snprintf(other, sizeof(other), "%s%s", path,
	    path[strlen(path) - 1] == 'S' ? "T" : "S");
	check(link(path, other) == 0 && files_in("", "cur") == 2);
}

static void
name_twice(void)
{
	login();
	append("INBOX", 1, 1);
	settle();
	link_name();
}

static void
link_again(void)
{
	login();
	check(open_box("INBOX", 1).count == 1);
	link_name();
}

static void
second_name_goes(void **state UNUSED)
{
	life(name_twice);
	life(one_is_there);
	life(link_again);
	remove_index();
	life(one_is_there);
}

static void
copy_to_inbox(uint32_t handle, const char *uids)
{
	struct message copy = { .type = MSG_copy,
		.copy = { .handle = handle, .uids = view_of(uids),
		    .mailbox = view_of("INBOX") } };
	struct reply r = ask(reader, &copy);

	check(r.m.type == MSG_copied && r.m.copied.source.n > 0);
	reply_free(&r);
}

static void
copy_beside(void)
{
	uint32_t handle;

	login();
	append("INBOX", 1, 1);
	handle = open_box("INBOX", 1).handle;
	copy_to_inbox(handle, "1");
	copy_to_inbox(handle, "1");
	settle();
}

static void
three_are_there(void)
{
	login();
	check(open_box("INBOX", 1).count == 3);
	check(files_in("", "cur") == 3);
}

/* Three files with one content each have a UID. */
static void
copies_stay(void **state UNUSED)
{
	life(copy_beside);
	life(three_are_there);
	remove_index();
	life(three_are_there);
}

#define MANY (50u << 5)	/* more than are renamed at a time */

static void
flag_all(void)
{
	struct open_box b;

	login();
	append("INBOX", 1, 50);
	b = open_box("INBOX", 1);
	for (int i = 0; i < 5; i++)
		copy_to_inbox(b.handle, "1:*");
	settle();
	check(set_flags(b.handle, "1:*", FLAG_SEEN, NULL) ==
	    MSG_mailbox_flagged);
	check(strstr(path_of("", MANY), ":2,FS") == NULL);
}

/* Nobody opens the mailbox in this life. */
static void
orderly_end(void)
{
	behind_finish(5000);
	check(strstr(path_of("", MANY), ":2,FS") != NULL);
}

/* Letters that the life before has not written are there when the next one ends
 * in order, however soon. */
static void
end_catches_up(void **state UNUSED)
{
	life(flag_all);
	life(orderly_end);
}

#define TOMORROW_US ((uint64_t)(time(NULL) + 86400) * 1000000)

/* The clock was a day ahead when the mailbox was changed. */
static void
change_tomorrow(time_t seconds)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_sec = time(NULL) + seconds } };
	char dir[300];

	login();
	append("INBOX", 1, 1);
	settle();
	box_path("", "cur", dir, sizeof(dir));
	check(utimensat(AT_FDCWD, dir, times, 0) == 0);
}

static void
a_day_ahead(void)
{
	change_tomorrow(86400);
}

static void
a_century_ahead(void)
{
	change_tomorrow(INT64_C(100) * 366 * 86400);
}

static void
goes_on(void)
{
	login();
	check(open_box("INBOX", 1).modseq >= TOMORROW_US - 5000000);
}

static void
begins_now(void)
{
	login();
	check(open_box("INBOX", 1).modseq < TOMORROW_US);
}

static void
changes_go_on(void **state UNUSED)
{
	life(a_day_ahead);
	remove_index();
	life(goes_on);
}

static void
no_clock_shows_that(void **state UNUSED)
{
	life(a_century_ahead);
	remove_index();
	life(begins_now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { HOUSE_TEST(lost_octets_come_back),
		HOUSE_TEST(dead_segments_go),
		HOUSE_TEST(index_too), HOUSE_TEST(expunged_stays_away),
		HOUSE_TEST(expunged_at_once_stays_away),
		HOUSE_TEST(never_answered_stays_away),
		HOUSE_TEST(refused_stays_away),
		HOUSE_TEST(refused_unsynced_stays_away),
		HOUSE_TEST(failing_journal_has_a_rest),
		HOUSE_TEST(found_where_it_went),
		HOUSE_TEST(second_name_goes),
		HOUSE_TEST(copies_stay), HOUSE_TEST(end_catches_up),
		HOUSE_TEST(changes_go_on),
		HOUSE_TEST(no_clock_shows_that) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
