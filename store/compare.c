/* SPDX-License-Identifier: ISC */
/*
 * compare - sort the files by UID, walk, and take in what is left over
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/message.h"
#include "lib/proc/pool.h"
#include "store/attributes.h"
#include "store/behind.h"
#include "store/cache.h"
#include "store/change.h"
#include "store/compare.h"
#include "store/durable.h"
#include "store/fresh.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/quota.h"
#include "store/seen.h"
#include "store/uidls.h"

#define ADOPT_TURN 5000	/* files that are made safe together */
#define LOOK_TURN  256	/* files; then it is the others' turn */
#define AHEAD_MOST 315360000u	/* s: no clock goes wrong by more, ten years */
#define BEHIND_MOST 60000000u	/* us: changes come to the directory so late */

struct comparing {
	struct mailbox *mb;
	enum compare mode;
	struct maildir_scan scan;
	bool *seen; /* of each record: it has a file */
	struct maildir_file **take; /* to become messages, in order */
	struct entry *entries; /* of them */
	size_t takes;
	uint32_t uidnext; /* above all UIDs kept or given so far */
};

/* Behind the i-th file: nobody waits long for a mailbox of a million, which is not
 * ready for anybody meanwhile. False: it is not the truth any more. */
static bool
give_way(const struct comparing *c, size_t i, struct why *w)
{
	if (i % LOOK_TURN == LOOK_TURN - 1)
		fiber_sleep(0);
	return !c->mb->stale ||
	    why_later(w, "3.0", "The mailbox is being restored");
}

/* Those with UIDs ascending, then the others as their names sort: by time. */
static int
by_uid(const void *a, const void *b)
{
	const struct maildir_file *x = a, *y = b;

	if (x->m.uid != y->m.uid)
		return x->m.uid - 1 < y->m.uid - 1 ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* For a thread of the pool. */
static void
sort_run(void *arg)
{
	struct maildir_scan *s = arg;

	if (s->count > 0)
		qsort(s->files, s->count, sizeof(*s->files), by_uid);
}

/* The row of this file, or n. */
static size_t
row_of(const struct comparing *c, const struct maildir_file *f)
{
	const struct records *r = &c->mb->records;
	size_t i = f->fresh || f->m.uid == 0 ? r->n : records_find(r, f->m.uid);
	struct entry e;

	if (i == r->n || c->seen[i] || !f->m.ours)
		return r->n;
	records_at(r, i, &e);
	if (e.kind != f->m.kind || e.r.content != f->m.content ||
	    e.number != f->m.number || e.r.size != f->m.size)
		return r->n;
	return i;
}

/* The file has other letters than the row thinks. */
static void
other_letters(struct comparing *c, size_t i, uint32_t letters)
{
	struct mailbox *mb = c->mb;
	uint64_t unnamed = UINT64_MAX << PLACE_KEYWORDS;
	struct entry e;

	records_at(&mb->records, i, &e);
	if (e.letters == letters)
		return;
	e.letters = letters;
	records_set(&mb->records, i, &e);
	if (c->mode == COMPARE_CRASH) {
		records_write(&mb->records, mb->h.mailbox, i, i);
		behind_letters(mb);
		return;
	}
	change_flags_at(mb, i, place_letter_flags(letters),
	    place_letter_keywords(letters) | (e.r.keywords & unnamed));
	records_write(&mb->records, mb->h.mailbox, i, i);
}

static bool
is_gone(const struct comparing *c, const struct maildir_file *f)
{
	struct kv_key key = index_key_uid(c->mb->h.mailbox, f->m.uid);
	struct place_message m;
	struct view v;

	if (f->m.uid == 0 || index_get(INDEX_GONE, &key, &v) != KV_FOUND)
		return false;
	return place_parse(v, index_host(), &m) && view_eq(m.base, f->m.base);
}

static bool
was_never_answered(const struct comparing *c, const struct maildir_file *f)
{
	return c->mode == COMPARE_CRASH && f->m.ours && !f->fresh &&
	       f->m.uid >= c->mb->h.uidnext;
}

/* Its own UID if that is free, else 0: it gets one later. */
static void
take(struct comparing *c, struct maildir_file *f)
{
	if (f->m.uid < c->uidnext || f->m.uid == UINT32_MAX)
		f->m.uid = 0;
	else
		c->uidnext = f->m.uid + 1;
	c->take[c->takes++] = f;
}

static bool
is_same_file(int dir, const char *a, const char *b)
{
	struct stat x, y;

	return fstatat(dir, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(dir, b, &y, AT_SYMLINK_NOFOLLOW) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Of a copy in its own mailbox only the UID is another. */
static bool
but_for_letters(const char *a, const char *b)
{
	size_t n = strcspn(a, ":");

	return n == strcspn(b, ":") && memcmp(a, b, n) == 0;
}

/* Of two renames that were not synced some file systems may keep the second
 * alone. */
static bool
is_second_name(const struct comparing *c, const struct maildir_file *f)
{
	const struct maildir_file *before = f - 1;

	return f > c->scan.files && !f->fresh && !before->fresh &&
	       but_for_letters(f->name, before->name) &&
	       is_same_file(c->mb->cur, before->name, f->name);
}

static void
sort_out(struct comparing *c, struct maildir_file *f)
{
	size_t i = row_of(c, f);

	if (is_second_name(c, f))
		unlinkat(c->mb->cur, f->name, 0);
	else if (i < c->mb->records.n) {
		c->seen[i] = true;
		other_letters(c, i, f->m.letters);
	} else if (is_gone(c, f))
		behind_sweep(c->mb);
	else if (was_never_answered(c, f))
		unlinkat(c->mb->cur, f->name, 0);
	else
		take(c, f);
}

/* Power was lost with its name, and queue will deliver it again. */
static bool
is_fresh_row(const struct records *r, size_t i)
{
	struct entry e;

	records_at(r, i, &e);
	return fresh_is_awaited(&e);
}

static void
drop_lost(struct comparing *c)
{
	struct records *r = &c->mb->records;
	uint32_t *lost = xcalloc(r->n, sizeof(*lost));
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (!c->seen[i] && !is_fresh_row(r, i))
			lost[n++] = record_uid(r->packed + i * RECORD_SIZE);
	if (n > 0)
		log_warning("store", "files-missing user=%s mailbox=%s n=%zu",
		    log_quote(view_of(c->mb->user)),
		    log_quote(view_of(c->mb->name)), n);
	change_expunge(c->mb, lost, n);
	free(lost);
}

static void
make_entry(struct comparing *c, struct maildir_file *f, struct entry *e)
{
	struct stat st;

	if (f->date == 0 &&
	    fstatat(c->mb->cur, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		f->date = st.st_mtime;
	if (f->m.uid == 0)
		f->m.uid = c->uidnext++;
	*e = (struct entry){ .letters = f->m.letters,
		.number = f->m.number,
		.kind = (uint8_t)(f->m.kind ? f->m.kind : PLACE_APPENDED) };
	e->r.uid = f->m.uid;
	e->r.flags = place_letter_flags(f->m.letters);
	e->r.keywords = place_letter_keywords(f->m.letters);
	e->r.size = f->size;
	e->r.date = e->r.saved = f->date;
	e->r.content = f->m.content;
}

static bool
needs_name(const struct comparing *c, size_t i, struct str *to)
{
	const struct maildir_file *f = c->take[i];

	mailbox_file_name(&c->entries[i], to);
	return f->fresh || !view_is(str_view(to), f->name);
}

/* New names tell neither where a message came from nor which identifier it had
 * there. So the UIDs are used up before, for after a crash in the middle what has
 * its name already must not look like a delivery that was never answered, which
 * goes; and identifiers are noted. */
static bool
before_names(struct comparing *c, struct why *w)
{
	struct uidls_new *new = xcalloc(c->takes, sizeof(*new));
	struct mailbox *mb = c->mb;
	bool ok = true;

	for (size_t i = 0; i < c->takes; i++)
		new[i] = (struct uidls_new){ c->entries[i].r.uid,
			c->entries[i].r.content, c->take[i]->m.uidl };
	if (c->mode != COMPARE_FILES) {
		mb->h.uidnext = mb->next_uid = c->uidnext;
		mailbox_touch(mb);
		ok = request_safe(w);
	}
	ok = ok && uidls_note(mb, new, c->takes, w);
	free(new);
	return ok;
}

/* Rename in a thread, so many at once; a large mailbox takes minutes. */
static int
adopt(struct comparing *c, struct maildir_rename *renames, size_t count)
{
	struct maildir_adopt a = { .host = index_host(), .renames = renames };
	struct str path = { 0 };

	mailbox_path(c->mb, &path);
	a.path = path.p;
	for (size_t done = 0; done < count && a.error == 0; done += a.count) {
		a.renames = renames + done;
		a.count = count - done < ADOPT_TURN ? count - done : ADOPT_TURN;
		pool_call(maildir_adopt_run, &a);
		if (count > ADOPT_TURN)
			log_info("store",
			    "taking-in user=%s mailbox=%s n=%zu of=%zu",
			    log_quote(view_of(c->mb->user)),
			    log_quote(view_of(c->mb->name)), done + a.count,
			    count);
	}
	str_free(&path);
	return a.error;
}

/* Then see which sizes came out of it. */
static bool
give_names(struct comparing *c, struct why *w)
{
	struct maildir_rename *renames =
	    xcalloc(c->takes, sizeof(*renames));
	size_t *which = xcalloc(c->takes, sizeof(*which));
	size_t count = 0;
	int error;

	for (size_t i = 0; i < c->takes; i++) {
		struct str to = { 0 };

		if (i % LOOK_TURN == LOOK_TURN - 1)
			fiber_sleep(0);
		if (!needs_name(c, i, &to)) {
			str_free(&to);
			continue;
		}
		which[count] = i;
		renames[count++] =
		    (struct maildir_rename){ .from = c->take[i],
			    .to = to,
			    .convert = c->take[i]->m.kind == PLACE_FOREIGN };
	}
	error = adopt(c, renames, count);
	for (size_t k = 0; k < count; k++) {
		if (renames[k].size != 0)
			c->entries[which[k]].r.size = renames[k].size;
		str_free(&renames[k].to);
	}
	free(renames);
	free(which);
	return error == 0 || trouble_errno(w, "Taking in messages", error);
}

/* So that queue's repetition of a delivery finds it. */
static void
remember(const struct mailbox *mb, const struct entry *e)
{
	if (e->kind == PLACE_DELIVERED &&
	    (int64_t)(e->r.content / 1000000) >= clock_wall() - 8 * 86400)
		fresh_note(mb, e);
}

/* Those that keep their UID come before those that get a new one, which is
 * above all. */
static bool
make_entries(struct comparing *c, struct why *w)
{
	struct maildir_file **in_order = xcalloc(c->takes, sizeof(*in_order));
	size_t n = 0;

	for (int without = 0; without < 2; without++)
		for (size_t i = 0; i < c->takes; i++)
			if ((c->take[i]->m.uid == 0) == without)
				in_order[n++] = c->take[i];
	free(c->take);
	c->take = in_order;
	c->entries = xcalloc(c->takes, sizeof(*c->entries));
	for (size_t i = 0; i < c->takes; i++) {
		make_entry(c, c->take[i], &c->entries[i]);
		if (!give_way(c, i, w))
			return false;
	}
	return true;
}

static bool
take_in(struct comparing *c, struct why *w)
{
	struct mailbox *mb = c->mb;

	if (!make_entries(c, w))
		return false;
	if (c->takes > 0 && !(before_names(c, w) && give_names(c, w)))
		return false;
	for (size_t i = 0; i < c->takes; i++) {
		change_add(mb, &c->entries[i]);
		remember(mb, &c->entries[i]);
		if (!give_way(c, i, w))
			return false;
	}
	if (c->takes > 0)
		log_info("store", "taken-in user=%s mailbox=%s n=%zu",
		    log_quote(view_of(mb->user)), log_quote(view_of(mb->name)),
		    c->takes);
	return true;
}

/* Clients keep the number of the last change, and a lower one would hide what comes
 * from them. So they go on where they stood, or above the time at which the
 * directory changed last, should the clock have been ahead then; a time that no
 * clock can have had does not count. */
static uint64_t
next_modseq(const struct mailbox *mb)
{
	const uint64_t now = (uint64_t)clock_wall_us();
	uint64_t modseq = mb->h.modseq >= now ? mb->h.modseq + 1 : now;
	struct stat st;

	if (fstat(mb->cur, &st) == 0 && st.st_mtime > 0 &&
	    (uint64_t)st.st_mtime < now / 1000000 + AHEAD_MOST) {
		uint64_t then = (uint64_t)st.st_mtime * 1000000;

		if (then > modseq)
			modseq = then + BEHIND_MOST;
	}
	return modseq;
}

/* Nothing is known but what stands in the directory. */
static bool
begin_anew(struct comparing *c, struct why *w)
{
	struct header *h = &c->mb->h;
	struct maildir_create again = { 0 };
	struct str path = { 0 };

	index_forget(h->mailbox);
	cache_drop(h->mailbox);
	records_free(&c->mb->records);
	c->mb->loaded = true;
	if (c->scan.uidvalidity != 0)
		h->uidvalidity = c->scan.uidvalidity;
	else if (h->uidvalidity == 0)
		h->uidvalidity = mailbox_uidvalidity(view_of(c->mb->user));
	h->uidnext = h->first_recent = 1;
	h->count = h->unseen = h->deleted = h->recent = 0;
	h->octets = h->deleted_octets = 0;
	h->modseq = next_modseq(c->mb);
	h->vanished_from = h->modseq;
	h->vanished_rows = 0;
	str_reset(&h->keywords);
	str_add(&h->keywords, str_view(&c->scan.keywords));
	c->mb->next_uid = 1;
	mailbox_path(c->mb, &path);
	again.path = path.p;
	again.uidvalidity = h->uidvalidity;
	pool_call(maildir_create_run, &again);
	str_free(&path);
	return again.error == 0 ||
	       trouble_errno(w, "Restoring a mailbox", again.error);
}

static void
finish(struct comparing *c)
{
	struct mailbox *mb = c->mb;
	struct header *h = &mb->h;

	if (h->uidnext < c->scan.uidnext)
		h->uidnext = c->scan.uidnext;
	mb->next_uid = h->uidnext;
	mb->uidnext_file = c->scan.uidnext;
	if (c->mode == COMPARE_FILES) {
		h->first_recent = h->uidnext;
		h->recent = 0;
	}
	h->known = true;
	uidls_forget(mb);
	quota_forget(mb->quota);
	mailbox_touch(mb);
	if (!view_eq(str_view(&c->scan.keywords), str_view(&h->keywords)))
		behind_keywords(mb);
	if (c->mode != COMPARE_CRASH)
		attributes_adopt(view_of(mb->user), view_of(mb->name));
}

static bool
compare_all(struct comparing *c, struct why *w)
{
	struct mailbox *mb = c->mb;
	struct maildir_scan *s = &c->scan;

	pool_call(maildir_scan_run, s);
	if (s->error != 0)
		return trouble_errno(w, "Reading a mailbox", s->error);
	if (c->mode == COMPARE_FILES && !begin_anew(c, w))
		return false;
	if (!mailbox_load(mb, w))
		return false;
	pool_call(sort_run, s);
	c->seen = xcalloc(mb->records.n, sizeof(*c->seen));
	c->take = xcalloc(s->count, sizeof(*c->take));
	c->uidnext = mb->h.uidnext;
	for (size_t i = 0; i < s->count; i++) {
		sort_out(c, &s->files[i]);
		if (!give_way(c, i, w))
			return false;
	}
	if (c->uidnext < s->uidnext)
		c->uidnext = s->uidnext;
	drop_lost(c);
	if (!take_in(c, w))
		return false;
	finish(c);
	if (c->mode == COMPARE_FILES)
		seen_restore(mb);
	return request_safe(w);
}

static void
note_file(struct comparing *c, const struct maildir_file *f,
    struct differences *found)
{
	size_t i = row_of(c, f);
	struct entry e;

	if (i == c->mb->records.n) {
		if (!is_gone(c, f))
			found->no_row++;
		return;
	}
	c->seen[i] = true;
	records_at(&c->mb->records, i, &e);
	if (e.r.size != f->size)
		found->damaged++;
	else if (e.letters != f->m.letters)
		found->letters++;
	else
		found->messages++;
}

bool
compare_look(struct mailbox *mb, struct differences *found, struct why *w)
{
	struct comparing c = { .mb = mb, .scan.stat_all = true };
	struct str path = { 0 };
	bool ok;

	mailbox_path(mb, &path);
	c.scan.path = path.p;
	c.scan.host = index_host();
	pool_call(maildir_scan_run, &c.scan);
	ok = c.scan.error == 0 ? mailbox_load(mb, w) :
	    trouble_errno(w, "Reading a mailbox", c.scan.error);
	c.seen = xcalloc(mb->records.n, sizeof(*c.seen));
	for (size_t i = 0; ok && i < c.scan.count; i++) {
		note_file(&c, &c.scan.files[i], found);
		ok = give_way(&c, i, w);
	}
	for (size_t i = 0; ok && i < mb->records.n; i++)
		found->no_file += !c.seen[i];
	maildir_scan_free(&c.scan);
	free(c.seen);
	str_free(&path);
	return ok;
}

bool
compare(struct mailbox *mb, enum compare mode, struct why *w)
{
	struct comparing c = { .mb = mb, .mode = mode };
	struct str path = { 0 };
	bool ok;

	mailbox_path(mb, &path);
	c.scan.path = path.p;
	c.scan.host = index_host();
	c.scan.stat_all = mode == COMPARE_FILES;
	c.scan.clear_tmp = mode != COMPARE_REBUILD;
	ok = compare_all(&c, w);
	maildir_scan_free(&c.scan);
	free(c.seen);
	free(c.take);
	free(c.entries);
	str_free(&path);
	return ok;
}
