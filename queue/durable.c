/* SPDX-License-Identifier: ISC */
/*
 * durable - the one place that syncs
 *
 * A group goes through three steps, each begun when the one before has ended
 * in all threads: sync_content() for what is too large for the journal,
 * write_journal(), conclude(). One group is under way at a time. A content file
 * or directory whose sync failed refuses its mails; a journal that could not be
 * written refuses all mails of the group and keeps the notes for the next, with
 * a note that those mails never were, as their records may have reached the
 * disk.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/pool.h"
#include "queue/content.h"
#include "queue/durable.h"
#include "queue/extent.h"
#include "queue/kept.h"
#include "lib/mail/journal.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/segments.h"
#include "queue/settle.h"
#include "queue/soft.h"

#define NOTES_MS	20	/* notes wait so long for a mail to ride with */
#define RETRY_MS	1000	/* after a failure of the journal */
#define JOBS_MOST	4	/* content syncs in parallel */

/* Mails that are finished once the group is durable. */
struct finished {
	struct mail **mail;
	size_t n, cap;
};

/* Syncs the files i, i + jobs, i + 2 * jobs... of the group. */
struct sync_job {
	unsigned first;
	int dir;		/* or this directory, when it is not -1 */
	bool failed;
};

static struct {
	struct journal journal;
	/* the next group */
	struct intakes next;
	size_t next_n;
	struct str notes;
	struct finished finished;
	struct loop_timer *timer;
	bool deferred;
	/* the group under way */
	bool running, failing, blocked;
	struct intake **mail;
	size_t n, cap;
	struct sync_job job[JOBS_MOST + SPOOL_DIRS];
	unsigned jobs, file_jobs, left;
	struct str batch;
	size_t batch_notes;	/* notes stand in front */
	struct finished concluding;
	uint32_t segment;	/* no record of the batch stands before it */
	struct place place;	/* behind the last batch that is durable */
	bool written;
	int error;
	/* batches begun, and made durable */
	uint64_t begun, done;
	struct fiber_queue waiting;
} d = { .next = STAILQ_HEAD_INITIALIZER(d.next) };

static void begin(void *unused);

static bool
is_work(void)
{
	return !STAILQ_EMPTY(&d.next) || d.notes.n > 0 || d.finished.n > 0;
}

static void
arm(int64_t ms)
{
	if (!d.running && !d.deferred && d.timer == NULL)
		d.timer = loop_timer_new(ms, begin, NULL);
}

/* ---- the last step ---- */

static void
finished_add(struct finished *f, struct mail *m)
{
	f->mail = xgrow(f->mail, f->n, &f->cap, sizeof(struct mail *));
	f->mail[f->n++] = m;
}

/* Nothing of the batch counts. Notes go into the next one. */
static void
conclude_failure(void)
{
	struct str notes = { 0 };
	struct why w;

	if (d.error == ENOSPC || d.error == EDQUOT)
		why_later(&w, "3.1", "Insufficient system storage");
	else
		why_later(&w, "3.0", "The queue cannot write its journal");
	log_error("journal", "cannot write: %s", strerror(d.error));
	str_add(&notes, view_bytes(str_c(&d.batch), d.batch_notes));
	for (size_t i = 0; i < d.n; i++) {
		note_deleted(&notes, d.mail[i]->id);
		intake_refuse(&d.mail[i], &w);
	}
	str_add(&notes, str_view(&d.notes));
	str_free(&d.notes);
	d.notes = notes;
	for (size_t i = 0; i < d.concluding.n; i++)
		finished_add(&d.finished, d.concluding.mail[i]);
}

static void
conclude(void *unused)
{
	(void)unused;
	d.running = false;
	d.failing = !d.written;
	if (d.written) {
		d.done = d.begun;
		d.place = (struct place){ d.journal.number,
			(uint32_t)d.journal.at };
		for (size_t i = 0; i < d.n; i++)
			intake_queued(&d.mail[i], d.segment);
		segments_written(d.segment);
		settle(d.concluding.mail, d.concluding.n);
		fiber_queue_wake_all(&d.waiting);
	} else {
		segments_unwritten();
		conclude_failure();
	}
	d.concluding.n = 0;
	segments_care(&d.journal);
	if (!STAILQ_EMPTY(&d.next))
		begin(NULL);
	else if (is_work())
		arm(d.failing ? RETRY_MS : NOTES_MS);
}

/* ---- the journal ---- */

static void
write_in_thread(void *unused)
{
	(void)unused;
	d.written = journal_write(&d.journal, &d.batch);
	d.error = errno;
	if (d.written)
		extent_reached((struct place){ d.journal.number,
		    (uint32_t)d.journal.at });
}

static void
write_journal(void)
{
	/* a spare segment in the making must not be made twice */
	d.blocked = segments_is_busy() && (d.journal.fd < 0 ||
	    d.journal.at + d.batch.n > SEGMENT_SIZE);
	if (d.blocked)
		return;
	segments_give_spare(&d.journal);
	d.segment = d.journal.number + (d.journal.fd < 0);
	pool_submit(write_in_thread, conclude, NULL);
}

void
durable_unblock(void)
{
	if (d.blocked)
		write_journal();
}

/* ---- content ---- */

static void
sync_in_thread(void *arg)
{
	struct sync_job *job = arg;

	if (job->dir >= 0) {
		job->failed = !content_sync_dir((unsigned)job->dir);
		return;
	}
	for (size_t i = job->first; i < d.n; i += d.file_jobs)
		if (d.mail[i]->large)
			content_push(d.mail[i]->fd);
	for (size_t i = job->first; i < d.n; i += d.file_jobs)
		if (d.mail[i]->large)
			d.mail[i]->synced = content_sync(d.mail[i]->fd,
			    d.mail[i]->size);
}

static bool
dir_failed(uint64_t id)
{
	for (unsigned i = 0; i < d.jobs; i++)
		if (d.job[i].dir == (int)spool_dir(id))
			return d.job[i].failed;
	return false;
}

/* Content on disk, or in its record. */
static bool
has_content(const struct intake *in)
{
	return !in->large || (in->synced && !dir_failed(in->id));
}

/* The mails whose content is safe go on into the journal. */
static void
fill_batch(void)
{
	struct why w;
	size_t kept = 0;

	for (size_t i = 0; i < d.n; i++) {
		struct intake *in = d.mail[i];

		if (has_content(in)) {
			str_add(&d.batch, str_view(&in->records));
			d.mail[kept++] = in;
			continue;
		}
		why_later(&w, "3.0", "The content could not be written to "
		    "the disk");
		intake_refuse(&in, &w);
	}
	d.n = kept;
	write_journal();
}

static void
content_synced(void *unused)
{
	(void)unused;
	if (--d.left == 0)
		fill_batch();
}

static void
add_job(unsigned first, int dir)
{
	d.job[d.jobs++] = (struct sync_job){ .first = first, .dir = dir };
}

static void
sync_content(void)
{
	bool seen[SPOOL_DIRS] = { false };
	size_t large = 0;

	d.jobs = 0;
	for (size_t i = 0; i < d.n; i++) {
		unsigned dir = spool_dir(d.mail[i]->id);

		if (!d.mail[i]->large)
			continue;
		if (!seen[dir])
			add_job(0, (int)dir);
		seen[dir] = true;
		large++;
	}
	if (large == 0) {
		fill_batch();
		return;
	}
	d.file_jobs = large < JOBS_MOST ? (unsigned)large : JOBS_MOST;
	for (unsigned i = 0; i < d.file_jobs; i++)
		add_job(i, -1);
	d.left = d.jobs;
	for (unsigned i = 0; i < d.jobs; i++)
		pool_submit(sync_in_thread, content_synced, &d.job[i]);
}

/* ---- the beginning ---- */

static void
take_mails(void)
{
	if (d.next_n > d.cap) {
		d.cap = d.next_n * 2;
		d.mail = xrealloc(d.mail, d.cap * sizeof(struct intake *));
	}
	for (d.n = 0; !STAILQ_EMPTY(&d.next); d.n++) {
		d.mail[d.n] = STAILQ_FIRST(&d.next);
		STAILQ_REMOVE_HEAD(&d.next, member);
	}
	d.next_n = 0;
}

static void
begin(void *unused)
{
	struct finished f = d.concluding;

	(void)unused;
	d.deferred = false;
	loop_timer_free(&d.timer);
	if (d.running || !is_work())
		return;
	d.running = true;
	d.begun++;
	take_mails();
	str_reset(&d.batch);
	str_add(&d.batch, str_view(&d.notes));
	str_reset(&d.notes);
	d.batch_notes = d.batch.n;
	d.concluding = d.finished;
	d.finished = f;
	segments_migrate(&d.batch);
	if (d.n > 0)
		sync_content();
	else
		write_journal();
}

void
durable_commit(struct intake *i)
{
	STAILQ_INSERT_TAIL(&d.next, i, member);
	d.next_n++;
	if (d.running || d.deferred)
		return;
	d.deferred = true;
	loop_defer(begin, NULL);
}

struct str *
durable_notes(void)
{
	arm(NOTES_MS);
	return &d.notes;
}

void
durable_finish(struct mail *m)
{
	state_move(&m->state, MAIL_FINISHED);
	kept_done(m->id);
	if (!m->soft)
		durable_hardened(m);
}

void
durable_hardened(struct mail *m)
{
	if (m->state != MAIL_FINISHED)
		return;
	finished_add(&d.finished, m);
	durable_notes();
}

struct place
durable_place(void)
{
	return d.place;
}

enum wait
durable_wait(int64_t deadline)
{
	uint64_t batch = d.notes.n > 0 ? d.begun + 1 : d.begun;
	enum wait w = WAIT_READY;

	durable_notes();
	while (d.done < batch && w == WAIT_READY)
		w = fiber_queue_wait(&d.waiting, deadline);
	return w;
}

bool
durable_is_failing(void)
{
	return d.failing;
}

bool
durable_is_idle(void)
{
	return !d.running && !is_work() && soft_is_empty();
}

void
durable_start(int journal, struct place end, const uint32_t *damaged, size_t n)
{
	uint32_t first = end.segment + 1;

	journal_open(&d.journal, journal, first);
	d.journal.at = end.at;
	d.place = (struct place){ first, 0 };
	segments_start(journal, first, damaged, n);
	d.journal.spare = journal_make_spare(journal);
	if (d.journal.spare < 0)
		log_error("journal", "cannot make a segment: %s",
		    strerror(errno));
	/* on a full disk no mail comes before the dead ones have gone */
	segments_care(&d.journal);
}
