/* SPDX-License-Identifier: ISC */
/*
 * behind - a little at each tick, more when nothing else is to do
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/message.h"
#include "lib/proc/pool.h"
#include "store/behind.h"
#include "store/deliver.h"
#include "store/durable.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/seen.h"

#define TICK_MS	     50
#define LETTERS_BUSY 50 /* renames of one tick beside other work */
#define LETTERS_IDLE 500
#define IDLE_MS	     30000 /* records unused for so long are given back */
#define CHECKPOINT   (8u << 20)
#define REMEMBER     (8 * 86400) /* deliveries; longer than a queue's try */
#define FINISH_STEP_MS 5
#define REST_MS	     500 /* between ticks without work */
#define TIDY_MS	     5000
#define CHECK_MS     500
#define AGAIN_MS	 100 /* before a file that failed is tried again */
#define AGAIN_MOST_MS	 60000

TAILQ_HEAD(lagging, mailbox);
static struct lagging lagging = TAILQ_HEAD_INITIALIZER(lagging);

void
behind_letters(struct mailbox *mb)
{
	mb->lag_from = 0;
	if (mb->is_lagging)
		return;
	mb->is_lagging = true;
	mailbox_ref(mb);
	TAILQ_INSERT_TAIL(&lagging, mb, lagging);
}

static void
caught_up(struct mailbox *mb)
{
	TAILQ_REMOVE(&lagging, mb, lagging);
	mb->is_lagging = false;
	mailbox_unref(mb);
}

/* Give one file its letters. False when that has to be tried again; what has
 * another name by now keeps it, and the next scan finds it. */
static bool
rename_one(struct mailbox *mb, size_t i, struct entry *e, uint32_t letters)
{
	struct str from = { 0 }, to = { 0 };
	bool done;

	mailbox_file_name(e, &from);
	e->letters = letters;
	mailbox_file_name(e, &to);
	done = renameat(mb->cur, from.p, mb->cur, to.p) == 0;
	if (done) {
		records_set(&mb->records, i, e);
		mb->renamed = true;
	}
	done = done || errno == ENOENT;
	str_free(&from);
	str_free(&to);
	return done;
}

/* At most so many renames; true when all names are right. */
static bool
write_letters(struct mailbox *mb, size_t most)
{
	size_t i, first = mb->lag_from, last = 0, n = 0;
	bool failed = false;

	for (i = first; i < mb->records.n && n < most; i++) {
		struct entry e;
		uint32_t letters;

		records_at(&mb->records, i, &e);
		letters = place_letters(e.r.flags, e.r.keywords);
		if (letters == e.letters)
			continue;
		failed |= !rename_one(mb, i, &e, letters);
		if (n++ == 0)
			first = i;
		last = i;
	}
	mb->lag_from = failed ? first : i;
	if (n > 0)
		records_write(&mb->records, mb->h.mailbox, first, last);
	return !failed && i >= mb->records.n;
}

/* True when the mailbox needs no more. */
static bool
catch_up(struct mailbox *mb, size_t most)
{
	struct why w;

	if (mb->stale || mb->deleted)
		return true;
	if (!mb->ready || !mailbox_load(mb, &w))
		return false;
	if (!mailbox_working(mb)) /* safe by the next tick */
		return false;
	return write_letters(mb, most);
}

static void
letters_tick(void)
{
	size_t most = durable_idle() ? LETTERS_IDLE : LETTERS_BUSY;
	struct mailbox *mb = TAILQ_FIRST(&lagging);

	if (mb == NULL || index_broken())
		return;
	if (catch_up(mb, most))
		caught_up(mb);
	else {
		TAILQ_REMOVE(&lagging, mb, lagging);
		TAILQ_INSERT_TAIL(&lagging, mb, lagging);
	}
}

static struct fiber_queue trying;	/* who failed waits here */
static bool hurry;			/* a last try, then the program ends */

/* Wait, each time twice as long; false: it has been tried for two minutes, or for
 * the last time. */
static bool
try_again(int64_t *pause)
{
	if (*pause > AGAIN_MOST_MS || hurry)
		return false;
	fiber_queue_wait(&trying, deadline_in(*pause));
	*pause *= 2;
	return true;
}

/*
 * Keyword files
 */

static struct {
	struct fiber_queue ended;
	size_t n;
} writers;

static int
write_keywords(const struct mailbox *mb)
{
	struct str path = { 0 }, text = { 0 };
	struct view list = str_view(&mb->h.keywords), item;
	struct maildir_write w = { .name = MAILDIR_KEYWORDS };

	while (list_next(&list, &item)) {
		str_add(&text, item);
		str_addc(&text, '\n');
	}
	mailbox_path(mb, &path);
	w.path = path.p;
	w.text = str_view(&text);
	pool_call(maildir_write_run, &w);
	if (w.error != 0)
		log_warning("store", "keyword-file user=%s error=\"%s\"",
		    log_quote(view_of(mb->user)), strerror(w.error));
	str_free(&path);
	str_free(&text);
	return w.error;
}

/* Until it stands there, or for two minutes; a restart sees what is missing
 * (finish in compare.c). */
static void
keywords_run(void *arg)
{
	struct mailbox *mb = arg;
	int64_t pause = AGAIN_MS;
	bool failed;

	do {
		mb->keywords_again = false;
		failed = write_keywords(mb) != 0;
		if (failed && !try_again(&pause))
			break;
	} while ((failed || mb->keywords_again) && !mb->stale && !mb->deleted);
	mb->keywords_behind = false;
	mailbox_unref(mb);
	writers.n--;
	fiber_queue_wake_all(&writers.ended);
}

void
behind_keywords(struct mailbox *mb)
{
	mb->keywords_again = true;
	if (mb->keywords_behind)
		return;
	mb->keywords_behind = true;
	writers.n++;
	mailbox_ref(mb);
	fiber_start(keywords_run, mb);
}

/*
 * Files of expunged messages
 */

#define SWEEP_MOST 1000 /* files in one go */

struct sweep {
	struct mailbox *mb;
	struct {
		uint32_t uid;
		char *name;
	} gone[SWEEP_MOST];
	size_t n;
	bool missing; /* one was not found under its name */
};

static bool
sweep_take(void *arg, struct view key, struct view value)
{
	struct sweep *s = arg;
	struct str name = { 0 };

	if (key.n != 8 || s->n == SWEEP_MOST)
		return false;
	str_add(&name, value);
	s->gone[s->n].uid = kv_read_u32(key.p + 4);
	s->gone[s->n++].name = xstrdup(str_c(&name));
	str_free(&name);
	return true;
}

/* Before a UID can only be known from this file, it has to be written there:
 * the greatest one must never be given twice. */
static bool
write_uidnext(struct mailbox *mb)
{
	struct str path = { 0 }, text = { 0 };
	struct maildir_write w = { .name = MAILDIR_UIDVALIDITY };
	uint32_t uidnext = mb->h.uidnext;

	if (mb->uidnext_file >= uidnext)
		return true;
	mailbox_path(mb, &path);
	maildir_uidvalidity_text(&text, mb->h.uidvalidity, uidnext);
	w.path = path.p;
	w.text = str_view(&text);
	pool_call(maildir_write_run, &w);
	if (w.error == 0)
		mb->uidnext_file = uidnext;
	str_free(&path);
	str_free(&text);
	return w.error == 0;
}

/* A file that is not there has gone. */
static bool
unlinked(int dir, const char *name)
{
	return unlinkat(dir, name, 0) == 0 || errno == ENOENT;
}

/* Somebody else renamed files: look for them by UID and base. */
static bool
sweep_search(struct sweep *s)
{
	struct str path = { 0 };
	struct maildir_scan scan = { .host = index_host() };
	bool done;

	mailbox_path(s->mb, &path);
	scan.path = path.p;
	pool_call(maildir_scan_run, &scan);
	done = scan.error == 0 || scan.error == ENOENT;
	for (size_t i = 0; done && i < scan.count; i++)
		for (size_t k = 0; done && k < s->n; k++) {
			struct maildir_file *f = &scan.files[i];
			struct place_message m;

			if (!f->fresh && f->m.uid == s->gone[k].uid &&
			    place_parse(
				view_of(s->gone[k].name), index_host(), &m) &&
			    view_eq(m.base, f->m.base))
				done = unlinked(s->mb->cur, f->name);
		}
	maildir_scan_free(&scan);
	str_free(&path);
	return done;
}

/* The files go, their directory is synced, then the notes go. */
static bool
sweep_files(struct sweep *s)
{
	struct mailbox *mb = s->mb;

	for (size_t i = 0; i < s->n; i++)
		if (unlinkat(mb->cur, s->gone[i].name, 0) < 0)
			s->missing = true;
	if (s->missing && !sweep_search(s))
		return false;
	durable_dir(mb->cur, &mb->cur_mark);
	if (!durable_names_wait() || mb->stale || mb->deleted)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		struct kv_key key =
		    index_key_uid(mb->h.mailbox, s->gone[i].uid);

		index_delete(INDEX_GONE, &key);
	}
	return true;
}

static unsigned sweeps;		/* under way */

enum swept { ALL, SOME, FAILED };

static enum swept
sweep_some(struct mailbox *mb)
{
	struct sweep *s = xcalloc(1, sizeof(*s));
	struct kv_key key = index_key_number(mb->h.mailbox);
	bool more;
	enum swept swept;

	s->mb = mb;
	index_each(INDEX_GONE, &key, sweep_take, s);
	/* others may have removed messages since the last round: what was taken
	 * here is safe after this one */
	more = s->n > 0 && durable_index_wait() && !mb->stale &&
	       !mb->deleted && write_uidnext(mb) && sweep_files(s);
	swept = more ? SOME : s->n > 0 ? FAILED : ALL;
	for (size_t i = 0; i < s->n; i++)
		free(s->gone[i].name);
	free(s);
	return swept;
}

static bool
is_sweepable(const struct mailbox *mb)
{
	return !mb->stale && !mb->deleted && !index_broken();
}

/* What cannot be removed for two minutes the next expunge, or start, removes. */
static void
sweep_run(void *arg)
{
	struct mailbox *mb = arg;
	int64_t pause = AGAIN_MS;
	enum swept swept = SOME;

	while (is_sweepable(mb) && (swept != ALL || mb->sweep_again)) {
		mb->sweep_again = false;
		swept = sweep_some(mb);
		if (swept == FAILED && is_sweepable(mb) && !try_again(&pause))
			break;
	}
	mb->sweeping = false;
	sweeps--;
	mailbox_unref(mb);
}

void
behind_sweep(struct mailbox *mb)
{
	mb->sweep_again = true;
	if (mb->sweeping)
		return;
	mb->sweeping = true;
	sweeps++;
	mailbox_ref(mb);
	fiber_start(sweep_run, mb);
}

/*
 * An orderly end
 */

void
behind_finish(int64_t ms)
{
	int64_t end = deadline_in(ms);
	struct mailbox *mb;

	/* what they find is to be caught up with */
	while (load_is_under_way() && clock_ms() < end)
		fiber_sleep(FINISH_STEP_MS);
	while ((mb = TAILQ_FIRST(&lagging)) != NULL && clock_ms() < end) {
		if (catch_up(mb, LETTERS_IDLE))
			caught_up(mb);
		else if (!durable_index_wait())
			return;
	}
	hurry = true;
	fiber_queue_wake_all(&trying);
	/* else what was expunged is back when the index gets lost meanwhile */
	while (sweeps > 0 && clock_ms() < end)
		fiber_sleep(FINISH_STEP_MS);
	durable_index_wait();
	while (writers.n > 0 && clock_ms() < end &&
	       fiber_queue_wait(&writers.ended, end) == WAIT_READY)
		;
}

/*
 * The tick
 */

static bool checkpoint_runs;
static int64_t tidied, checked; /* when last */

static void
checkpoint_run(void *arg UNUSED)
{
	index_checkpoint();
}

static void
checkpoint_done(void *arg UNUSED)
{
	checkpoint_runs = false;
}

static void
nothing(void *arg UNUSED, bool ok UNUSED)
{
}

/* Has so much time passed since *last? Then it is now. */
static bool
is_time(int64_t *last, int64_t ms)
{
	int64_t now = clock_ms();

	if (now - *last < ms)
		return false;
	*last = now;
	return true;
}

static void
index_tick(void)
{
	if (index_broken()) {
		durable_index(nothing, NULL); /* its round finds out */
		return;
	}
	if (is_time(&tidied, TIDY_MS)) {
		mailbox_tidy(clock_ms() - IDLE_MS);
		deliver_forget(REMEMBER);
	}
	if (checkpoint_runs || !is_time(&checked, CHECK_MS))
		return;
	durable_commit();
	if (index_log_grown() >= CHECKPOINT) {
		checkpoint_runs = true;
		pool_submit(checkpoint_run, checkpoint_done, NULL);
	}
}

bool
behind_checkpoint_runs(void)
{
	return checkpoint_runs;
}

static struct loop_timer *timer;

static void
tick(void *arg UNUSED)
{
	letters_tick();
	index_tick();
	if (!index_broken())
		seen_tick();
	loop_timer_free(&timer);
	timer = loop_timer_new(
	    TAILQ_EMPTY(&lagging) ? REST_MS : TICK_MS, tick, NULL);
}

void
behind_begin(void)
{
	tidied = checked = clock_ms();
	timer = loop_timer_new(TICK_MS, tick, NULL);
}
