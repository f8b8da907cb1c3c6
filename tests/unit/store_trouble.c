/* SPDX-License-Identifier: ISC */
/*
 * store_trouble - the disk refuses, files vanish, links are planted: the store
 * says LATER and goes on
 */
#include <sys/resource.h>
#include <sys/syscall.h>

#include <signal.h>

#include "tests/unit/store_house.h"

/* No file may grow: the log of the index cannot be written. */
static void
disk_refuses(bool on)
{
	struct rlimit r = { .rlim_cur = on ? 1 : RLIM_INFINITY,
		.rlim_max = RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	check(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

static void
index_cannot_be_written(void)
{
	/* ids are times, and of old mails store forgets that they came: the
	 * index may be found damaged here and be made again from the files */
	const uint64_t mail = (uint64_t)clock_wall_us();
	struct open_box b;

	login();
	spool(mail + 1, "Subject: x\n");
	spool(mail + 2, "Subject: x\n");
	spool(mail + 3, "Subject: x\n");
	check(deliver_one(mail + 1, false) == VERDICT_DONE);
	b = open_box("INBOX", 1);
	check(b.count == 1);
	disk_refuses(true);
	check(deliver_one(mail + 2, false) == VERDICT_LATER);
	check(deliver_one(mail + 3, false) == VERDICT_LATER);
	check(told.added == 0);
	disk_refuses(false);
	for (int i = 0; deliver_one(mail + 2, true) != VERDICT_DONE; i++) {
		check(i < 50);
		fiber_sleep(50);
	}
	check(deliver_one(mail + 3, true) == VERDICT_DONE);
	check(told.deleted > 0); /* the old handle is of no use */
	b = open_box("INBOX", 1);
	check(b.count == 3 && b.last.content == mail + 3);
	fiber_sleep(100);
	check(files_in("", "cur") == 3);
}

static void
three_are_there(void)
{
	login();
	check(open_box("INBOX", 0).count == 3);
}

static void
later_when_the_disk_refuses(void **state UNUSED)
{
	life(index_cannot_be_written);
	life(three_are_there);
}

/* The disk takes some of the log, or nothing, and then all. */
static void
disk_takes(void *arg UNUSED)
{
	disk_refuses(false);
}

static uint64_t log_room;	/* octets of its log that the disk takes */
static uint32_t *left;		/* what the life before has left */

/* Octets that are written in it; behind them it has a hole. */
static uint64_t
log_written(void)
{
	int fd = open(house_path("index/log.0000000001"), O_RDONLY | O_CLOEXEC);
	struct view log = file_map(fd);
	size_t n = log.n - 1;	/* the last makes it as long as it is */

	check(log.n > 0);
	while (n > 0 && log.p[n - 1] == '\0')
		n--;
	file_unmap(log);
	close(fd);
	return n;
}

/* Who hears that they are removed finds them gone, else all of them there. */
static void
answer_tells_what_happened(void)
{
	struct rlimit r = { .rlim_max = RLIM_INFINITY };
	struct loop_timer *t;
	struct open_box b;
	int v;

	login();
	for (uint64_t i = 1; i <= 4; i++) {
		spool(i, "Subject: x\n");
		check(deliver_one(i, false) == VERDICT_DONE);
	}
	b = open_box("INBOX", 1);
	disk_refuses(true);
	r.rlim_cur = log_written() + log_room;
	check(setrlimit(RLIMIT_FSIZE, &r) == 0);
	t = loop_timer_new(300, disk_takes, NULL);
	v = expunge(b.handle, "2:3");
	loop_timer_free(&t);
	disk_refuses(false);
	check(v == VERDICT_DONE || v == VERDICT_LATER);
	while ((b = open_box("INBOX", 0)).handle == 0)
		fiber_sleep(50);
	*left = v == VERDICT_DONE ? 2 : 4;
	check(b.count == *left);
}

static void
it_is_still_so(void)
{
	login();
	check(open_box("INBOX", 0).count == *left);
}

static void
log_takes_some(void **state)
{
	unsigned removed = 0, there = 0;

	left = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(left != MAP_FAILED);
	for (log_room = 0; log_room <= 2048; log_room += 128) {
		life(answer_tells_what_happened);
		life(it_is_still_so);
		removed += *left == 2;
		there += *left == 4;
		assert_int_equal(house_gone(state), 0);
		assert_int_equal(house_new(state), 0);
	}
	assert_true(removed > 0 && there > 0);
	munmap(left, sizeof(*left));
}

/* No space by the setting: reading and removing still work. */
static void
no_space(void)
{
	struct open_box b;

	login();
	spool(1, "Subject: x\n");
	spool(2, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	trouble_begin(house, UINT64_MAX);
	fiber_sleep(1100);
	check(deliver_one(2, false) == VERDICT_LATER);
	b = open_box("INBOX", 1);
	check(b.count == 1);
	check(expunge(b.handle, "1") == VERDICT_DONE);
	trouble_begin(house, 0);
	fiber_sleep(1100);
	check(deliver_one(2, true) == VERDICT_DONE);
}

static void
full_disk_can_be_emptied(void **state UNUSED)
{
	life(no_space);
}

static void
no_descriptors(void)
{
	struct rlimit r = { .rlim_cur = 20, .rlim_max = 1024 };
	struct message m = { .type = MSG_content_open,
		.content_open = { .uids = view_of("1:30") } };
	struct open_box b;

	login();
	for (uint64_t i = 1; i <= 30; i++) {
		spool(i, "Subject: x\n");
		check(deliver_one(i, false) == VERDICT_DONE);
	}
	b = open_box("INBOX", 1);
	m.content_open.handle = b.handle;
	check(setrlimit(RLIMIT_NOFILE, &r) == 0);
	check(verdict(reader, &m) == VERDICT_LATER);
	r.rlim_cur = 1024;
	check(setrlimit(RLIMIT_NOFILE, &r) == 0);
	check(verdict(reader, &m) == -1); /* contents */
}

static void
later_when_descriptors_run_out(void **state UNUSED)
{
	life(no_descriptors);
}

/* The spool lies on another file system: content is copied. */
static void
deliver_copies(void)
{
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	check(deliver_one(1, true) == VERDICT_DONE);
	check(files_in("", "cur") == 1 && files_in("", "tmp") == 0);
	check(has_file("", "0000000000000001.R3.test.host,S=11,U=1:2,"));
}

static void
other_file_system(void **state UNUSED)
{
	char shm[] = "/dev/shm/store_test.XXXXXX", command[100];
	struct stat a, b;

	if (mkdtemp(shm) == NULL)
		skip();
	if (stat(shm, &a) == 0 && stat(house, &b) == 0 &&
	    a.st_dev != b.st_dev) {
		assert_int_equal(rmdir(house_path("spool/content")), 0);
		assert_int_equal(symlink(shm, house_path("spool/content")), 0);
		life(deliver_copies);
	}
	snprintf(command, sizeof(command), "rm -rf %s", shm);
	assert_int_equal(system(command), 0);
}

/* Somebody put a link where a mailbox should be. */
static void
planted_link(void)
{
	check(file_mkdirs(house_path("mail/example.test"), 0700));
	check(file_mkdirs(house_path("outside/cur"), 0700));
	check(symlink(house_path("outside"),
		  house_path("mail/example.test/alice")) == 0);
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_LATER);
	check(access(house_path("outside/posthouse-uidvalidity"), F_OK) < 0);
}

static void
links_lead_nowhere(void **state UNUSED)
{
	life(planted_link);
}

static unsigned refused;	/* the next removals of messages */

/* In place of the system's. */
int
unlinkat(int dir, const char *name, int flags)
{
	if (refused == 0 || strstr(name, ".R3.") == NULL)
		return (int)syscall(SYS_unlinkat, dir, name, flags);
	refused--;
	errno = EIO;
	return -1;
}

/* Under its name, and when it was looked for, and once more. */
static void
expunge_and_refuse(void)
{
	login();
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	refused = 3;
	check(expunge(open_box("INBOX", 1).handle, "1") == VERDICT_DONE);
	for (int i = 0; files_in("", "cur") > 0; i++) {
		check(i < 50);
		fiber_sleep(50);
	}
	check(refused == 0);
}

static void
files_that_stay_are_tried_again(void **state UNUSED)
{
	life(expunge_and_refuse);
}

static void
files_vanish(void)
{
	struct message m = { .type = MSG_content_open,
		.content_open = { .uids = view_of("1:2") } };
	struct open_box b;
	char path[300], file[400];
	struct reply r;

	login();
	spool(1, "Subject: x\n");
	spool(2, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	check(deliver_one(2, false) == VERDICT_DONE);
	b = open_box("INBOX", 1);
	m.content_open.handle = b.handle;
	box_path("", "cur", path, sizeof(path));
	snprintf(file, sizeof(file),
	    "%s/0000000000000001.R3.test.host,S=11,U=1:2,", path);
	check(unlink(file) == 0);
	r = ask(reader, &m);
	check(r.m.type == MSG_contents && r.m.contents.files.n == 1);
	reply_free(&r);
	check(told.expunged == 1 && told.last.uid == 1);
}

static void
vanished_files_are_told(void **state UNUSED)
{
	life(files_vanish);
}

/* Every file of the index, one at a time, zeroed: mail stays. */
static void
deliver_some(void)
{
	for (uint64_t i = 1; i <= 3; i++) {
		spool(i, "Subject: x\n");
		check(deliver_one(i, i > 1) == VERDICT_DONE);
	}
}

static void
zero(const char *name)
{
	char path[600];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", house_path("index"), name);
	if (stat(path, &st) == 0) {
		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(truncate(path, st.st_size), 0);
	}
}

static void
zeroed_index_is_made_again(void **state UNUSED)
{
	life(deliver_some);
	life(three_are_there);
	zero("tables.db");
	life(three_are_there);
	zero("log.0000000001");
	life(three_are_there);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { HOUSE_TEST(
						later_when_the_disk_refuses),
		HOUSE_TEST(log_takes_some),
		HOUSE_TEST(full_disk_can_be_emptied),
		HOUSE_TEST(later_when_descriptors_run_out),
		HOUSE_TEST(other_file_system), HOUSE_TEST(links_lead_nowhere),
		HOUSE_TEST(files_that_stay_are_tried_again),
		HOUSE_TEST(vanished_files_are_told),
		HOUSE_TEST(zeroed_index_is_made_again) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
