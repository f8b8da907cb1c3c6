/* SPDX-License-Identifier: ISC */
/*
 * store_house - a whole store in one process, for tests
 *
 * The test plays local, queue, auth and imapd over socket pairs in a fiber of
 * its own; the modules of store/ answer in the same loop. Its directory is a
 * new one for each test; house_kill() ends a child process in the middle.
 */
#ifndef TESTS_STORE_HOUSE_H
#define TESTS_STORE_HOUSE_H

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/mail/cache.h"
#include "lib/mail/record.h"
#include "lib/mail/spool.h"
#include "lib/proc/channel.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "store/append.h"
#include "store/behind.h"
#include "store/broken.h"
#include "store/cache.h"
#include "store/copy.h"
#include "store/deliver.h"
#include "store/durable.h"
#include "store/folder.h"
#include "store/handlers.h"
#include "store/held.h"
#include "store/listing.h"
#include "store/link.h"
#include "store/load.h"
#include "store/look.h"
#include "store/maildir.h"
#include "store/modify.h"
#include "store/vanished.h"

#define ALICE	"alice@example.test"
#define SESSION	7

static char house[64];
static struct channel *reader;	/* as imapd, process 5 */
static struct channel *local;	/* as local */

/* What the reader was told. */
static struct {
	unsigned added, flags, expunged, deleted, keywords;
	struct record last;
} told;

static void
on_event(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_mailbox_event *m)
{
	size_t n = record_count(m->records);

	told.added += m->kind == 1 ? (unsigned)n : 0;
	told.flags += m->kind == 2 ? (unsigned)n : 0;
	told.expunged += m->kind == 3 ? (unsigned)n : 0;
	told.deleted += m->kind == 4;
	told.keywords += m->kind == 5;
	if (n > 0)
		record_at(m->records, n - 1, &told.last);
}

static void
on_peer_closed(struct channel *c UNUSED)
{
}

static const struct handlers peer_handlers = { .mailbox_event = on_event,
	.closed = on_peer_closed };

static struct channel *
peer(unsigned role, uint32_t process)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd),
	    0);
	channel_open(fd[0], ROLE_STORE,
	    (struct peer_id){ .role = role, .process = process },
	    &store_handlers);
	return channel_open(fd[1], role,
	    (struct peer_id){ .role = ROLE_STORE, .process = 1 },
	    &peer_handlers);
}

static const char *
house_path(const char *below)
{
	static char path[4][400];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", house, below);
	return p;
}

static void
house_open(void)
{
	struct why w;

	memset(&told, 0, sizeof(told));
	trouble_begin(house, 0);
	mailbox_begin(100);
	assert_true(maildir_begin(house_path("mail")));
	assert_true(deliver_begin(house_path("spool")));
	if (!index_open(house_path("index"), 4 << 20, "test.host", &w))
		fail_msg("%s", w.text);
	pool_start(4);
	broken_begin();
	assert_true(held_begin(house_path("mail"), 0));
	behind_begin();
	load_begin();
	reader = peer(ROLE_IMAPD, 5);
	local = peer(ROLE_LOCAL, 6);
}

static void (*house_body)(void);

static void
house_fiber(void *arg UNUSED)
{
	house_body();
	fflush(NULL);
	_exit(0);
}

/* Run body in a process of its own, as one life of a store; its end is a kill:
 * nothing is closed. A failed assertion exits otherwise. */
static void
life(void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		house_open();
		house_body = body;
		fiber_start(house_fiber, NULL);
		loop_run();
		_exit(9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
house_new(void **state UNUSED)
{
	snprintf(house, sizeof(house), "/tmp/store_test.XXXXXX");
	if (mkdtemp(house) == NULL)
		return -1;
	return file_mkdirs(house_path("spool/content"), 0700) ? 0 : -1;
}

static int
house_gone(void **state UNUSED)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s", house);
	return system(command);
}

#define HOUSE_TEST(f)	cmocka_unit_test_setup_teardown(f, house_new, house_gone)

/* In a life cmocka's jumps would leave the fiber: say where and end. */
#define check(cond)                                                            \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
			    #cond);                                            \
			_exit(1);                                              \
		}                                                              \
	} while (0)

/*
 * Requests
 */

static struct reply
ask(struct channel *c, const struct message *m)
{
	struct reply r;
	struct why w;

	if (!channel_call(c, m, &r, deadline_in(20000), &w)) {
		fprintf(stderr, "call failed: %s\n", w.text);
		_exit(1);
	}
	return r;
}

/* The verdict of a request that is answered by answer. */
static int
verdict(struct channel *c, const struct message *m)
{
	struct reply r = ask(c, m);
	int v = r.m.type == MSG_answer	    ? r.m.answer.verdict :
		r.m.type == MSG_mailbox_created ? VERDICT_DONE :
						  -1;

	reply_free(&r);
	return v;
}

static UNUSED void
spool(uint64_t mail, const char *text)
{
	char name[SPOOL_NAME_MAX], path[100];
	FILE *f;

	snprintf(path, sizeof(path), "spool/content/%s", spool_name(mail, name));
	*strrchr(path, '/') = '\0';
	(void)mkdir(house_path(path), 0700);
	snprintf(path, sizeof(path), "spool/content/%s", name);
	f = fopen(house_path(path), "w");
	check(f != NULL);
	fputs(text, f);
	fclose(f);
}

static struct message
delivery(uint64_t mail, const char *mailbox, bool again)
{
	return (struct message){ .type = MSG_deliver,
		.deliver = { .mail = mail, .rcpt = 3, .user = view_of(ALICE),
		    .mailbox = view_of(mailbox), .size = 11,
		    .arrival = 1000000000, .again = again } };
}

static UNUSED int
deliver_one(uint64_t mail, bool again)
{
	struct message m = delivery(mail, "", again);

	return verdict(local, &m);
}

static void
login(void)
{
	struct message m = { .type = MSG_grant,
		.grant = { .process = 5, .session = SESSION,
		    .user = view_of(ALICE) } };
	struct channel *auth = peer(ROLE_AUTH, 8);

	check(verdict(auth, &m) == VERDICT_DONE);
}

struct open_box {
	uint32_t handle, uidvalidity, uidnext, count, recent, unseen;
	uint64_t modseq;
	struct record first, last;
	char keywords[200];
};

/* As a session sees it. */
static void
show_recent(struct record *r, uint32_t first_recent)
{
	if (r->uid >= first_recent)
		r->flags |= FLAG_RECENT;
}

static UNUSED struct open_box
open_box(const char *name, uint8_t mode)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = SESSION,
		    .mailbox = view_of(name), .mode = mode } };
	struct reply r = ask(reader, &m);
	struct open_box b = { 0 };
	struct view index;

	if (r.m.type != MSG_mailbox_opened)
		return b;
	b.handle = r.m.mailbox_opened.handle;
	b.uidvalidity = r.m.mailbox_opened.uidvalidity;
	b.uidnext = r.m.mailbox_opened.uidnext;
	b.modseq = r.m.mailbox_opened.modseq;
	b.count = r.m.mailbox_opened.count;
	index = file_map(r.m.mailbox_opened.index);
	check(record_count(index) == b.count);
	if (b.count > 0) {
		record_at(index, 0, &b.first);
		record_at(index, b.count - 1, &b.last);
		show_recent(&b.first, r.m.mailbox_opened.first_recent);
		show_recent(&b.last, r.m.mailbox_opened.first_recent);
	}
	b.recent = r.m.mailbox_opened.recent;
	b.unseen = r.m.mailbox_opened.unseen;
	file_unmap(index);
	reply_free(&r);
	return b;
}

static UNUSED int
create_box(const char *name)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create = {
		    .session = SESSION, .mailbox = view_of(name) } };

	return verdict(reader, &m);
}

static UNUSED int
rename_box(const char *from, const char *to)
{
	struct message m = { .type = MSG_mailbox_rename,
		.mailbox_rename = { .session = SESSION,
		    .from = view_of(from), .to = view_of(to) } };

	return verdict(reader, &m);
}

static UNUSED void
close_box(uint32_t handle)
{
	struct message m = { .type = MSG_mailbox_close,
		.mailbox_close = { .handle = handle } };

	channel_send(reader, &m);
}

static UNUSED int
set_flags(uint32_t handle, const char *uids, uint32_t flags,
    const char *keyword)
{
	struct str list = { 0 };
	struct message m = { .type = MSG_mailbox_flags,
		.mailbox_flags = { .handle = handle, .mode = 1,
		    .flags = flags, .uids = view_of(uids) } };
	struct reply r;
	int type;

	if (keyword != NULL)
		list_put(&list, view_of(keyword));
	m.mailbox_flags.keywords = str_view(&list);
	r = ask(reader, &m);
	type = r.m.type;
	reply_free(&r);
	str_free(&list);
	return type;
}

static UNUSED int
expunge(uint32_t handle, const char *uids)
{
	struct message m = { .type = MSG_mailbox_expunge,
		.mailbox_expunge = { .handle = handle, .uids = view_of(uids),
		    .any = 1 } };

	return verdict(reader, &m);
}

static void
box_path(const char *folder, const char *part, char *out, size_t n)
{
	snprintf(out, n, "%s/mail/example.test/alice%s%s/%s", house,
	    folder[0] ? "/" : "", folder, part);
}

/* How many files lie in a part of a mailbox directory. */
static UNUSED size_t
files_in(const char *folder, const char *part)
{
	char path[300];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	box_path(folder, part, path, sizeof(path));
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

/* One file whose name contains this text. */
static UNUSED bool
has_file(const char *folder, const char *text)
{
	char path[300];
	struct dirent *e;
	bool found = false;
	DIR *d;

	box_path(folder, "cur", path, sizeof(path));
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		found |= strstr(e->d_name, text) != NULL;
	if (d != NULL)
		closedir(d);
	return found;
}

/* A file with this text, and whether one has it. */
static UNUSED void
write_text(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	check(fd >= 0 && file_write_all(fd, view_of(text)));
	close(fd);
}

static UNUSED bool
says(const char *path, const char *text)
{
	struct str s = { 0 };
	bool same = file_read(AT_FDCWD, path, 100, &s) &&
		    view_is(str_view(&s), text);

	str_free(&s);
	return same;
}

#endif
