/* SPDX-License-Identifier: ISC */
/*
 * held - a journal, the sync that makes it superfluous, and a start after a crash
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/journal.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "store/durable.h"
#include "store/fresh.h"
#include "store/held.h"
#include "store/link.h"
#include "store/maildir.h"

#define MESSAGES_MOST	(64u << 10)	/* of one request: a record holds it */
#define HELD_MOST	(64u << 20)	/* in memory of nobody, but on disk */
#define SETTLE_MS	1000		/* they wait so long for each other */
#define REST_MS		10000		/* after the journal has failed */
#define END_REST_MS	500		/* the same at an orderly end */
#define RETRY_FIRST_MS	20		/* of what could not be mended, then twice */
#define RETRY_MOST_MS	2000		/* that, and so on up to this */
#define FINISH_MS	5000		/* for each of both at an orderly end */
#define OCTETS_NAME	24

struct ids {
	uint64_t *id;
	size_t n, cap;
	uint64_t octets;
};

static struct {
	int dir;
	dev_t device;
	struct journal journal;
	int64_t rest_until;	/* clock_ms */
	uint32_t oldest;	/* segments from here on may exist */
	uint32_t live;		/* and those before this one are dead */
	uint32_t dead_to;	/* live when the round began: its thread's */
	struct ids next, syncing;
	struct place decided;	/* what is before it has its row, or never will */
	struct place synced;	/* the same, when the sync began */
	struct loop_timer *timer;
	bool due;		/* though there may be nothing in next */
	bool mending;		/* what an earlier life left: settled after it */
	bool running, finishing;
	bool done;		/* by the thread */
	int error;
} held = { .dir = -1, .journal = { .fd = -1, .spare = -1 } };

/* ---- taking ---- */

bool
held_takes(uint64_t octets)
{
	return held.dir >= 0 && octets <= MESSAGES_MOST &&
	       held.next.octets + held.syncing.octets + octets <= HELD_MOST &&
	       clock_ms() >= held.rest_until;
}

bool
held_covers(dev_t device)
{
	return device == held.device;
}

void
held_put(const struct mailbox *mb, const struct entry *e, struct view octets)
{
	struct str *to = durable_octets(), name = { 0 };
	size_t begin = record_begin(to, RECORD_HELD);

	mailbox_file_name(e, &name);
	put_u64(to, e->r.content);
	put_u64(to, index_born());
	put_u64(to, (uint64_t)e->r.date);
	put_text(to, view_of(mb->user));
	put_text(to, view_of(mb->cur_path));
	put_text(to, str_view(&name));
	str_add(to, octets);
	record_end(to, begin);
	str_free(&name);
}

bool
held_read(struct view payload, struct held_record *r)
{
	struct bytes b = { .rest = payload };

	r->content = get_u64(&b);
	r->born = get_u64(&b);
	r->date = (int64_t)get_u64(&b);
	r->user = get_text(&b);
	r->path = get_text(&b);
	r->name = get_text(&b);
	r->octets = b.rest;
	return !b.bad && r->user.n > 0 && r->path.n > 0 && r->name.n > 0 &&
	       memchr(r->path.p, '\0', r->path.n) == NULL &&
	       memchr(r->name.p, '\0', r->name.n) == NULL &&
	       memchr(r->name.p, '/', r->name.n) == NULL;
}

/* A dead segment is the next one's file, or goes. All of them at once: each start
 * after a crash has left one, and when they have filled the disk, no append comes
 * that would write again. */
static void
drop_dead(void)
{
	for (; held.oldest < held.dead_to; held.oldest++)
		if (held.journal.spare < 0)
			held.journal.spare =
			    journal_recycle(held.dir, held.oldest);
		else
			(void)journal_remove(held.dir, held.oldest, -1);
}

void
held_round_begins(void)
{
	held.dead_to = held.live;
}

bool
held_write(struct str *batch)
{
	drop_dead();
	return journal_write(&held.journal, batch);
}

void
held_rest(void)
{
	held.rest_until = clock_ms() + REST_MS;
}

/* ---- settling ---- */

static void
sync_in_thread(void *unused UNUSED)
{
	held.done = maildir_sync();
	held.error = errno;
}

static void begin_settling(void *unused);

/* A journal that has failed is not asked again at once. */
static int64_t
settle_wait(void)
{
	int64_t rest = held.rest_until - clock_ms();

	if (rest > 0)
		return held.finishing ? END_REST_MS : rest;
	return held.finishing || held.due ? 0 : SETTLE_MS;
}

static void
settle_later(void)
{
	if (!held.running && !held.mending && held.timer == NULL &&
	    (held.due || held.next.n > 0))
		held.timer = loop_timer_new(settle_wait(), begin_settling,
		    NULL);
}

static void
told(void *unused UNUSED, bool ok UNUSED)
{
	held.running = false;
	settle_later();
}

/* A sync that failed cannot be repeated: the kernel tells of a lost page once.
 * The next start makes the files again. */
static void
settled_all(void *unused UNUSED)
{
	if (!held.done)
		fatal("the mail directory cannot be written to the disk: %s",
		    strerror(held.error));
	for (size_t i = 0; i < held.syncing.n; i++)
		fresh_forget(PLACE_APPENDED, held.syncing.id[i], 0);
	held.syncing.n = 0;
	held.syncing.octets = 0;
	held.live = held.synced.segment;
	record_synced(durable_octets(), held.synced);
	durable_names(told, NULL);
}

static void
begin_settling(void *unused UNUSED)
{
	struct ids empty = held.syncing;

	loop_timer_free(&held.timer);
	held.syncing = held.next;
	held.next = empty;
	held.synced = held.decided;
	held.due = false;
	held.running = true;
	pool_submit(sync_in_thread, settled_all, NULL);
}

static void
ids_add(struct ids *l, uint64_t id, uint64_t octets)
{
	l->id = xgrow(l->id, l->n, &l->cap, sizeof(*l->id));
	l->id[l->n++] = id;
	l->octets += octets;
}

void
held_note(const struct mailbox *mb, const struct entry *e)
{
	fresh_note(mb, e);
	ids_add(&held.next, e->r.content, e->r.size);
	settle_later();
}

/* Where the next record goes: a segment whose write failed is left, with what may
 * stand there. */
static struct place
next_place(void)
{
	const struct journal *j = &held.journal;

	return j->fd < 0 ? (struct place){ j->number + 1, 0 } :
			   (struct place){ j->number, (uint32_t)j->at };
}

void
held_round_over(bool ok)
{
	held.decided = next_place();
	held.due |= !ok;
	settle_later();
}

void
held_finish(void)
{
	int64_t late = clock_ms() + FINISH_MS;

	/* what cannot be mended now stays in the journal */
	while (held.mending && clock_ms() < late)
		fiber_sleep(5);
	held.finishing = true;
	loop_timer_free(&held.timer);
	settle_later();
	late = clock_ms() + FINISH_MS;
	while ((held.running || held.timer != NULL) && clock_ms() < late)
		fiber_sleep(5);
}

/* ---- after a crash ---- */

struct left {
	struct held_record r;
	struct place place;
	bool mended;
};

static struct {
	struct view *segments;	/* mapped until all is mended */
	size_t nsegments;
	struct left *left;
	size_t n, cap;
	struct place synced;
	uint32_t number;	/* of the segment that is being read */
	const char *begin;
} start;

static void
on_record(void *arg UNUSED, enum record_type type, struct view payload)
{
	struct left l = { .place = { start.number,
		(uint32_t)(payload.p - start.begin) } };

	if (type == RECORD_SYNCED)
		(void)record_read_place(payload, &start.synced);
	if (type != RECORD_HELD || !held_read(payload, &l.r))
		return;
	start.left = xgrow(start.left, start.n, &start.cap,
	    sizeof(*start.left));
	start.left[start.n++] = l;
}

static void
on_damage(void *arg UNUSED, size_t at, size_t n)
{
	log_error("append", "journal-damaged segment=%u offset=%zu octets=%zu",
	    start.number, at, n);
}

/* The views into it are used later. */
static bool
read_segment(uint32_t number)
{
	struct journal_reader reader = { .record = on_record,
		.damage = on_damage };
	char name[16];
	int fd = maildir_open_file(held.dir, journal_name(number, name));
	struct view v = fd >= 0 ? file_map(fd) : VIEW_NONE;

	if (fd >= 0)
		close(fd);
	if (v.p == NULL)
		return false;
	start.segments = xrealloc(start.segments,
	    (start.nsegments + 1) * sizeof(*start.segments));
	start.segments[start.nsegments++] = v;
	start.number = number;
	start.begin = v.p;
	journal_scan(v, number, &reader);
	return true;
}

static bool
read_journal(void)
{
	uint32_t *numbers, last = 0;
	size_t n;
	bool ok = journal_list(held.dir, &numbers, &n);

	for (size_t i = 0; ok && i < n; i++)
		ok = read_segment(last = numbers[i]);
	held.oldest = held.live = n > 0 ? numbers[0] : 1;
	held.due = n > 1;	/* the old ones go, though nothing may be in them */
	journal_open(&held.journal, held.dir, last + 1);
	held.decided = next_place();
	free(numbers);
	return ok;
}

/* Its octets as a file, to be linked from a mailbox. */
static bool
write_octets(const struct held_record *r, char name[OCTETS_NAME])
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = r->date } };
	bool ok;
	int fd;

	snprintf(name, OCTETS_NAME, "%016llX", (unsigned long long)r->content);
	unlinkat(held.dir, name, 0);
	fd = openat(held.dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ok = fd >= 0 && file_write_all(fd, r->octets) &&
	     futimens(fd, times) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static struct spool_source
source_of(const struct held_record *r, const char *name)
{
	return (struct spool_source){ .kind = PLACE_APPENDED,
		.dir = held.dir, .name = name, .mail = r->content };
}

/* Where the index knows nothing of it, as it is another one. When its directory
 * is not there either, the administrator finds it in the journal's. */
static bool
put_back(const struct held_record *r)
{
	char octets[OCTETS_NAME], lost[OCTETS_NAME + 8];
	struct spool_source s = source_of(r, octets);
	struct str path = { 0 }, name = { 0 };
	bool ok = write_octets(r, octets);

	str_add(&path, r->path);
	str_add(&name, r->name);
	if (ok && !fresh_put_back(&s, str_c(&path), str_c(&name))) {
		log_error("append", "lost user=%s directory=%s error=\"%s\"",
		    log_quote(r->user), log_quote(r->path), strerror(errno));
		snprintf(lost, sizeof(lost), "lost-%s", octets);
		ok = renameat(held.dir, octets, held.dir, lost) == 0;
	} else if (ok)
		unlinkat(held.dir, octets, 0);
	str_free(&path);
	str_free(&name);
	return ok;
}

/* Nothing more to be done for it? Else its row has to be looked at. */
static bool
is_settled(struct left *l, bool *ok)
{
	struct spool_source s = source_of(&l->r, "");

	if (place_is_before(l->place, start.synced))
		return true;
	held.due = true;
	if (l->r.born == index_born())
		return !fresh_find(&s);
	*ok = *ok && put_back(&l->r);
	return true;
}

static int
by_content(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	return x->r.content < y->r.content ? -1 :
					     x->r.content > y->r.content;
}

struct stale {
	uint64_t *id;
	size_t n;
};

static bool
add_stale(void *arg, struct view key, struct view value UNUSED)
{
	struct stale *s = arg;
	struct left l = { 0 };

	if (key.n < 8)
		return true;
	l.r.content = kv_read_u64(key.p);
	/* no array may be searched where there is none */
	if (start.n == 0 || bsearch(&l, start.left, start.n, sizeof(l),
	    by_content) == NULL) {
		s->id = xrealloc(s->id, (s->n + 1) * sizeof(*s->id));
		s->id[s->n++] = l.r.content;
	}
	return true;
}

/* Notes of what was settled, where the index did not keep their removal: a row
 * without a file must not wait for ever. */
static void
forget_stale(void)
{
	struct kv_key all = { .n = 0 };
	struct stale s = { 0 };

	index_each(INDEX_HELD, &all, add_stale, &s);
	for (size_t i = 0; i < s.n; i++)
		fresh_forget(PLACE_APPENDED, s.id[i], 0);
	free(s.id);
}

static bool
mend(struct left *l, struct why *w)
{
	char octets[OCTETS_NAME];
	struct spool_source s = source_of(&l->r, octets);

	/* removed since it was found: nothing to do */
	if (!fresh_find(&s))
		return l->mended = true;
	l->mended = write_octets(&l->r, octets) ?
	    fresh_mend_of(l->r.user, &s, w) :
	    trouble_errno(w, "Writing it to a file", errno);
	unlinkat(held.dir, octets, 0);
	return l->mended;
}

/* How many could not be mended; w says why. */
static size_t
mend_all(struct why *w)
{
	size_t left = 0;

	for (size_t i = 0; i < start.n; i++) {
		struct left *l = &start.left[i];

		if (l->mended)
			continue;
		if (mend(l, w))
			ids_add(&held.next, l->r.content, 0);
		else
			left++;
	}
	return left;
}

/* Early on a mailbox may be on its way to another name, which is nothing to tell
 * of. */
static void
mend_run(void *arg UNUSED)
{
	int64_t wait = RETRY_FIRST_MS;
	struct why w;
	size_t left;

	while ((left = mend_all(&w)) > 0) {
		if (wait == RETRY_MOST_MS)
			log_warning("append", "not-mended-yet n=%zu error=\"%s\"",
			    left, w.text);
		fiber_sleep(wait);
		wait = wait * 2 < RETRY_MOST_MS ? wait * 2 : RETRY_MOST_MS;
	}
	for (size_t i = 0; i < start.nsegments; i++)
		file_unmap(start.segments[i]);
	free(start.segments);
	free(start.left);
	held.mending = false;
	settle_later();
}

bool
held_is_mending(void)
{
	return held.mending;
}

/* Sort out what is settled. */
static bool
look_at_left(void)
{
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < start.n; i++)
		if (!is_settled(&start.left[i], &ok))
			start.left[n++] = start.left[i];
	start.n = n;
	if (n > 0)
		qsort(start.left, n, sizeof(*start.left), by_content);
	forget_stale();
	return ok;
}

bool
held_begin(const char *mail_dir, unsigned instance)
{
	struct str path = { 0 };
	struct stat st;
	bool ok;

	str_addf(&path, "%s/.appended-%u", mail_dir, instance);
	ok = file_mkdirs(path.p, 0700);
	held.dir = open(path.p,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	str_free(&path);
	if (!ok || held.dir < 0 || fstat(held.dir, &st) < 0 || !read_journal())
		return false;
	held.device = st.st_dev;
	ok = look_at_left();
	held.mending = true;
	fiber_start(mend_run, NULL);
	return ok;
}
