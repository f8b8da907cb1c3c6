/* SPDX-License-Identifier: ISC */
/*
 * store_recover - what a start of store makes of mailboxes and index
 *
 * Reads the paths of directories with mail/, index/ and spool/ from standard
 * input, one a line, and runs on each, in a child, just what store runs when it
 * starts, and what it does when a user's mailboxes are opened. Then the mails that
 * the file again names, "MAIL RCPT SIZE ARRIVAL" a line, are delivered into INBOX
 * as queue does after its start. Prints
 *
 *	mailbox NAME UIDVALIDITY UIDNEXT SUBSCRIBED
 *	attribute NAME WHAT VALUE
 *	message NAME UID FLAGS SIZE CRC KEYWORD...	size and CRC 0: no file
 *
 * then "end STATUS" (0, or how the child ended).
 *
 *	store_recover HOST USER
 */
#include <sys/socket.h>

#include <stdlib.h>

#include "lib/base/crc.h"
#include "lib/base/file.h"
#include "lib/mail/spool.h"
#include "lib/proc/channel.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/attributes.h"
#include "store/behind.h"
#include "store/broken.h"
#include "store/change.h"
#include "store/deliver.h"
#include "store/held.h"
#include "store/link.h"
#include "store/listing.h"
#include "store/load.h"
#include "store/maildir.h"
#include "tests/crash/recover.h"

static const char *host, *user;
static char again[4200];	/* what is to be delivered once more */

/* SIZE and CRC of a message's file; false: it is not there. */
static bool
measure(const struct mailbox *mb, const struct entry *e, size_t *size,
    uint32_t *crc)
{
	struct str name = { 0 }, text = { 0 };
	bool ok;

	mailbox_file_name(e, &name);
	ok = file_read(mb->cur, name.p, 1 << 20, &text);
	*size = text.n;
	*crc = crc32c(0, str_view(&text));
	str_free(&name);
	str_free(&text);
	return ok;
}

static void
print_keywords(const struct mailbox *mb, uint64_t bits)
{
	struct str words = { 0 };
	struct view rest, word;

	change_keyword_list(str_view(&mb->h.keywords), bits, &words);
	rest = str_view(&words);
	while (list_next(&rest, &word))
		printf(" %.*s", (int)word.n, word.p);
	str_free(&words);
}

static void
print_messages(struct mailbox *mb, struct view name)
{
	for (size_t i = 0; i < mb->records.n; i++) {
		struct entry e;
		uint32_t crc = 0;
		size_t size = 0;

		records_at(&mb->records, i, &e);
		if (!measure(mb, &e, &size, &crc))
			size = crc = 0;
		printf("message %.*s %u %u %zu %u", (int)name.n, name.p,
		    e.r.uid, e.r.flags & FLAG_STORABLE, size, crc);
		print_keywords(mb, e.r.keywords);
		putchar('\n');
	}
}

static bool
print_attribute(void *arg, struct view what, struct view value)
{
	const struct view *name = arg;

	printf("attribute %.*s %.*s %.*s\n", (int)name->n, name->p,
	    (int)what.n, what.p, (int)value.n, value.p);
	return true;
}

static bool
print_box(struct view name, struct why *w)
{
	struct mailbox *mb = mailbox_get(view_of(user), name, w);
	bool ok = mb != NULL && mailbox_load(mb, w);

	if (ok) {
		printf("mailbox %.*s %u %u %d\n", (int)name.n, name.p,
		    mb->h.uidvalidity, mb->h.uidnext,
		    listing_is_subscribed(view_of(user), name));
		attributes_each(view_of(user), name, VIEW_NONE,
		    print_attribute, &name);
		print_messages(mb, name);
	}
	if (mb != NULL)
		mailbox_unref(mb);
	return ok;
}

static bool
print_boxes(struct why *w)
{
	struct account_names all;
	struct view rest, name;
	bool ok = account_names(view_of(user), VIEW_NONE, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name))
		ok = print_box(name, w);
	str_free(&all.list);
	return ok;
}

/* One line of the file; what it says is the answer. */
static bool
deliver_one(struct channel *c, char *line, struct why *w)
{
	struct message m = { .type = MSG_deliver };
	struct msg_deliver *d = &m.deliver;
	struct reply reply;
	char *end;
	bool ok;

	*d = (struct msg_deliver){ .user = view_of(user), .again = 1 };
	end = line + strcspn(line, " ");
	if (!spool_id_parse(view_bytes(line, (size_t)(end - line)), &d->mail))
		return why_never(w, "5.0", "Not the id of a mail");
	d->rcpt = (uint32_t)strtoul(end, &end, 10);
	d->size = strtoull(end, &end, 10);
	d->arrival = strtoll(end, &end, 10);
	ok = channel_call(c, &m, &reply, deadline_in(60000), w);
	ok = ok && reply_is(&reply, MSG_answer, w);
	reply_free(&reply);
	return ok;
}

/* As local asks store. */
static bool
deliver_again(struct why *w)
{
	static const struct handlers ours = { .deliver = deliver }, none;
	struct peer_id local = { .role = ROLE_LOCAL }, store = {
		.role = ROLE_STORE };
	FILE *f = fopen(again, "r");
	struct channel *c;
	char line[256];
	bool ok = true;
	int fd[2];

	if (f == NULL)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fd) < 0)
		return false;
	channel_open(fd[0], ROLE_STORE, local, &ours);
	c = channel_open(fd[1], ROLE_LOCAL, store, &none);
	while (ok && fgets(line, sizeof(line), f) != NULL)
		ok = deliver_one(c, line, w);
	fclose(f);
	return ok;
}

static void
look(void *arg UNUSED)
{
	struct why w = { 0 };
	struct mailbox *inbox;
	bool ok;

	while (held_is_mending() || load_is_under_way())
		fiber_sleep(1);
	inbox = mailbox_get(view_of(user), VIEW_NONE, &w);
	ok = inbox != NULL && deliver_again(&w) && print_boxes(&w);
	if (!ok)
		printf("trouble %s\n", w.text);
	fflush(stdout);
	_exit(ok ? 0 : 1);
}

static int
recover(const char *path)
{
	char part[3][4200];
	struct why w;

	snprintf(part[0], sizeof(part[0]), "%s/mail", path);
	snprintf(part[1], sizeof(part[1]), "%s/index", path);
	snprintf(part[2], sizeof(part[2]), "%s/spool", path);
	snprintf(again, sizeof(again), "%s/again", path);
	trouble_begin(path, 0);
	mailbox_begin(100);
	if (!maildir_begin(part[0]) || !deliver_begin(part[2]) ||
	    !index_open(part[1], 1 << 20, host, &w))
		return 3;
	pool_start(2);
	broken_begin();
	if (!held_begin(part[0], 0))
		return 4;
	behind_begin();
	load_begin();
	fiber_start(look, NULL);
	loop_run();
	return 5;
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	host = argv[1];
	user = argv[2];
	return recover_each(recover);
}
