/* SPDX-License-Identifier: ISC */
/*
 * seen_file - posthouse-seen: "reader SP UID set" a line
 *
 * Written as a whole some seconds after a change, so that reading through a
 * mailbox costs one file and not one a message. The note, a row without a
 * reader, is put with the change and goes when the file is on disk: what a
 * crash interrupts is due again when the mailbox comes into memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/numset.h"
#include "lib/proc/pool.h"
#include "store/maildir.h"
#include "store/seen_set.h"

#define FILE_MS	 2000	/* from a change to the file; 1 more for each reader */
#define FILE_MAX (64u << 20)

TAILQ_HEAD(due, mailbox);
static struct due due = TAILQ_HEAD_INITIALIZER(due);
static bool writing;

static struct kv_key
note_key(const struct mailbox *mb)
{
	struct kv_key key = index_key_number(mb->h.mailbox);

	kv_key_text(&key, VIEW_NONE);
	return key;
}

/* ---- text ---- */

static void
put_set(const struct reader *r, struct str *out)
{
	struct numset_text t;

	numset_begin(&t, out);
	for (size_t i = 0; i < r->n; i++)
		for (uint32_t b = 0; b < SEEN_PART; b++)
			if (r->parts[i].bits[b / 8] >> b % 8 & 1)
				numset_put(&t,
				    r->parts[i].number * SEEN_PART + b);
	numset_end(&t);
}

static void
put_text(const struct mailbox *mb, struct str *out)
{
	const struct reader *r;

	LIST_FOREACH(r, &mb->readers, of_mailbox) {
		if (r->count == 0)
			continue;
		str_adds(out, r->user);
		str_addc(out, ' ');
		put_set(r, out);
		str_addc(out, '\n');
	}
}

/* Those of them that are there. */
static void
take_set(struct mailbox *mb, struct reader *r, const struct numset *set)
{
	for (size_t i = 0; i < mb->records.n; i++) {
		uint32_t uid = record_uid(mb->records.packed + i * RECORD_SIZE);

		if (numset_has(set, uid))
			seen_set(r, uid, true);
	}
}

/* Whoever may write in the Maildir may write this: what makes no sense is
 * passed over. */
static void
take_line(struct mailbox *mb, struct view line)
{
	struct view user = view_cut(&line, ' ');
	struct arena arena;
	struct numset set;
	struct reader *r;

	arena_init(&arena);
	if (user.n > 0 && view_find(user, '@') < user.n &&
	    numset_parse(line, 0, &arena, &set)) {
		r = seen_make(mb, user);
		take_set(mb, r, &set);
		seen_write(mb, r);
	}
	arena_reset(&arena);
}

/* ---- reading ---- */

struct reading {
	const char *path;
	struct str text;
};

static void
read_run(void *arg)
{
	struct reading *r = arg;
	int dir = maildir_open(r->path);
	int fd = dir >= 0 ? maildir_open_file(dir, MAILDIR_SEEN) : -1;

	if (fd >= 0 && !file_read_fd(fd, FILE_MAX, &r->text))
		str_reset(&r->text);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
}

void
seen_restore(struct mailbox *mb)
{
	struct str path = { 0 };
	struct reading r = { 0 };
	struct view text;

	seen_end(mb);
	mb->readers_known = true;
	mailbox_path(mb, &path);
	r.path = path.p;
	pool_call(read_run, &r);
	text = str_view(&r.text);
	while (text.n > 0)
		take_line(mb, view_cut(&text, '\n'));
	str_free(&r.text);
	str_free(&path);
}

/* ---- writing ---- */

/* Where there are many the file is long. */
static int64_t
readers(const struct mailbox *mb)
{
	const struct reader *r;
	int64_t n = 0;

	LIST_FOREACH(r, &mb->readers, of_mailbox)
		n++;
	return n;
}

static void
make_due(struct mailbox *mb)
{
	if (mb->seen_due != 0)
		return;
	mb->seen_due = clock_ms() + FILE_MS + readers(mb);
	mailbox_ref(mb);
	TAILQ_INSERT_TAIL(&due, mb, seen_files);
}

void
seen_file_due(struct mailbox *mb)
{
	struct kv_key key = note_key(mb);

	index_put(INDEX_SEEN, &key, VIEW_NONE);
	make_due(mb);
}

void
seen_begin(struct mailbox *mb)
{
	struct kv_key key = note_key(mb);
	struct view v;

	if (index_get(INDEX_SEEN, &key, &v) == KV_FOUND)
		make_due(mb);
}

/* A change that comes while the file is written makes it due again, after the
 * note was taken away here: the later write puts it back. */
static void
write_file(struct mailbox *mb)
{
	struct kv_key key = note_key(mb);
	struct str path = { 0 }, text = { 0 };
	struct maildir_write w = { .name = MAILDIR_SEEN };

	if (!mb->stale && !mb->deleted && seen_load(mb)) {
		put_text(mb, &text);
		mailbox_path(mb, &path);
		w.path = path.p;
		w.text = str_view(&text);
		pool_call(maildir_write_run, &w);
		if (w.error != 0)
			log_warning("store", "seen-file user=%s error=%d",
			    log_quote(view_of(mb->user)), w.error);
		else if (mb->seen_due == 0 && !mb->stale && !mb->deleted)
			index_delete(INDEX_SEEN, &key);
	}
	str_free(&path);
	str_free(&text);
	mailbox_unref(mb);
}

static struct mailbox *
find_due(int64_t now)
{
	struct mailbox *mb;

	TAILQ_FOREACH(mb, &due, seen_files)
		if (mb->seen_due <= now)
			return mb;
	return NULL;
}

static struct mailbox *
take_due(int64_t now)
{
	struct mailbox *mb = find_due(now);

	if (mb == NULL)
		return NULL;
	TAILQ_REMOVE(&due, mb, seen_files);
	mb->seen_due = 0;
	return mb;
}

static void
write_due(void *arg UNUSED)
{
	struct mailbox *mb;

	while ((mb = take_due(clock_ms())) != NULL)
		write_file(mb);
	writing = false;
}

void
seen_tick(void)
{
	if (writing || find_due(clock_ms()) == NULL)
		return;
	writing = true;
	fiber_start(write_due, NULL);
}

void
seen_finish(int64_t ms)
{
	int64_t end = deadline_in(ms);
	struct mailbox *mb;

	while (writing && clock_ms() < end)
		fiber_sleep(5);
	while (clock_ms() < end && (mb = take_due(INT64_MAX)) != NULL)
		write_file(mb);
}
