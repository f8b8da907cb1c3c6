/* SPDX-License-Identifier: ISC */
/*
 * store_recover - what a start of store makes of mailboxes and index
 *
 * Reads the paths of directories with mail/ and index/ from standard input, one a
 * line, and runs on each, in a child, just what store runs when it starts, and what
 * it does when a user's mailboxes are opened. Prints "message MAILBOX UID FLAGS
 * SIZE CRC" for each message of the named mailboxes, then "end STATUS" (0, or how
 * the child ended).
 *
 *	store_recover HOST USER MAILBOX...
 */
#include "lib/base/crc.h"
#include "lib/base/file.h"
#include "lib/proc/pool.h"
#include "store/behind.h"
#include "store/broken.h"
#include "store/deliver.h"
#include "store/held.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"
#include "tests/crash/recover.h"

static const char *host, *user, *const *boxes;

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

static int
print_box(const char *box)
{
	struct why w;
	struct mailbox *mb = mailbox_get(view_of(user), view_of(box), &w);

	if (mb == NULL || !mailbox_load(mb, &w)) {
		fprintf(stderr, "%s: %s\n", box, w.text);
		return 1;
	}
	for (size_t i = 0; i < mb->records.n; i++) {
		struct entry e;
		uint32_t crc;
		size_t size;

		records_at(&mb->records, i, &e);
		if (!measure(mb, &e, &size, &crc))
			return 2;
		printf("message %s %u %u %zu %u\n", box, e.r.uid,
		    e.r.flags & FLAG_STORABLE, size, crc);
	}
	mailbox_unref(mb);
	return 0;
}

static void
look(void *arg)
{
	int status = 0;

	(void)arg;
	while (held_is_mending())
		fiber_sleep(1);
	for (size_t i = 0; status == 0 && boxes[i] != NULL; i++)
		status = print_box(boxes[i]);
	fflush(stdout);
	_exit(status);
}

static int
recover(const char *path)
{
	char part[3][4200];
	struct why w;

	snprintf(part[0], sizeof(part[0]), "%s/mail", path);
	snprintf(part[1], sizeof(part[1]), "%s/index", path);
	snprintf(part[2], sizeof(part[2]), "%s/spool", path);
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
	if (argc < 4)
		return 64;
	host = argv[1];
	user = argv[2];
	boxes = (const char *const *)argv + 3;
	return recover_each(recover);
}
