/* SPDX-License-Identifier: ISC */
/*
 * segments - migration of live mails, removal of dead segments, the spare
 *
 * A mail counts for the segment in which the batch with its envelope began;
 * part of the batch may stand in a later one, which is always removed later.
 * A dead segment becomes the next spare, if there is none.
 * Removal is one at a time and synced, so that the disk never has an older
 * segment without a newer one that settles its mails.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/proc/pool.h"
#include "queue/content.h"
#include "queue/extent.h"
#include "queue/ledger.h"
#include "queue/segments.h"

#define MIGRATE_SLOTS	4096		/* looked at with one batch */
#define MIGRATE_BYTES	(128u * 1024)	/* written with one batch */
#define SPARE_AT	(SEGMENT_SIZE / 2)
#define GARBAGE		4		/* times what lives, and as many segments */

static struct {
	int journal;
	uint32_t newest;		/* segment begun by the last batch */
	size_t cursor;			/* of the walk through the ledger */
	uint64_t *moving;		/* mails written again by this batch */
	size_t moving_n;
	int spare;			/* ready, or -1 */
	bool making;
	bool removing, stuck;
	bool recycling;			/* what is removed becomes the spare */
	uint32_t remove;
	bool removed;
	int error;
	uint32_t *damaged;
	size_t damages, missing;
} s = { .spare = -1 };

void
segments_start(int journal, uint32_t first, const uint32_t *damaged, size_t n)
{
	s.journal = journal;
	s.newest = first;
	s.damages = n;
	s.damaged = xcalloc(n, sizeof(*damaged));
	if (n > 0)
		memcpy(s.damaged, damaged, n * sizeof(*damaged));
}

void
segments_missing(size_t n)
{
	s.missing = n;
}

uint32_t
segments_hurt(void)
{
	return (uint32_t)(s.damages + s.missing);
}

static bool
is_wasteful(void)
{
	uint64_t size = (uint64_t)(s.newest - ledger_oldest()) * SEGMENT_SIZE;

	return size > GARBAGE * (ledger_bytes() + SEGMENT_SIZE) &&
	    ledger_oldest_count() > 0;
}

void
segments_migrate(struct str *batch)
{
	size_t slots = 0, limit = batch->n + MIGRATE_BYTES;
	struct mail *m;

	if (!is_wasteful())
		return;
	while (slots++ < MIGRATE_SLOTS && batch->n < limit) {
		m = ledger_next(&s.cursor);
		if (m == NULL) {
			s.cursor = 0;
			return;
		}
		/* a soft one will soon be hard; one that is finished, perhaps
		 * by a DELETED in front of this, must not come back */
		if (m->segment != ledger_oldest() || m->soft ||
		    m->state != MAIL_QUEUED)
			continue;
		mail_write(batch, m);
		s.moving = xrealloc(s.moving,
		    (s.moving_n + 1) * sizeof(*s.moving));
		s.moving[s.moving_n++] = m->id;
	}
}

void
segments_written(uint32_t segment)
{
	s.newest = segment;
	for (size_t i = 0; i < s.moving_n; i++) {
		struct mail *m = ledger_find(s.moving[i]);

		if (m != NULL)
			ledger_moved(m, segment);
	}
	segments_unwritten();
}

void
segments_unwritten(void)
{
	free(s.moving);
	s.moving = NULL;
	s.moving_n = 0;
}

/* ---- removal ---- */

static bool
is_damaged(uint32_t segment)
{
	for (size_t i = 0; i < s.damages; i++)
		if (s.damaged[i] == segment)
			return true;
	return false;
}

static void
remove_in_thread(void *unused)
{
	(void)unused;
	s.removed = extent_raise(s.remove + 1);
	s.error = errno;
	if (!s.removed)
		return;
	if (s.recycling) {
		s.spare = journal_recycle(s.journal, s.remove);
		s.removed = s.spare >= 0 || errno == ENOENT;
		s.error = errno;
		return;
	}
	s.removed = journal_remove(s.journal, s.remove,
	    is_damaged(s.remove) ? content_lost_dir() : -1);
	s.error = errno;
}

static bool
is_oldest_dead(void)
{
	return !s.removing && !s.stuck && ledger_oldest() < s.newest &&
	       ledger_oldest_count() == 0;
}

static void remove_done(void *unused);

static void
begin_removal(bool recycling)
{
	s.removing = true;
	s.remove = ledger_oldest();
	s.recycling = recycling && !is_damaged(s.remove);
	s.making = s.making || s.recycling;
	pool_submit(remove_in_thread, remove_done, NULL);
}

/* The next one goes at once: several crashes leave several, which nobody writes
 * behind when they have filled the disk. */
static void
remove_done(void *unused)
{
	(void)unused;
	s.removing = false;
	if (s.removed) {
		ledger_oldest_gone();
	} else {
		s.stuck = true;
		log_error("journal", "cannot remove segment %u: %s", s.remove,
		    strerror(s.error));
	}
	if (s.recycling) {
		s.recycling = s.making = false;
		durable_unblock();
	}
	if (is_oldest_dead())
		begin_removal(false);
}

/* ---- the spare ---- */

static void
make_in_thread(void *unused)
{
	(void)unused;
	s.spare = journal_make_spare(s.journal);
	s.error = errno;
}

static void
make_done(void *unused)
{
	(void)unused;
	s.making = false;
	if (s.spare < 0)
		log_error("journal", "cannot make a segment: %s",
		    strerror(s.error));
	durable_unblock();
}

bool
segments_is_busy(void)
{
	return s.making;
}

void
segments_give_spare(struct journal *j)
{
	if (s.making || s.spare < 0)
		return;
	must(j->spare < 0);
	j->spare = s.spare;
	s.spare = -1;
}

void
segments_care(const struct journal *j)
{
	if (is_oldest_dead())
		begin_removal(!s.making && s.spare < 0 && j->spare < 0);
	if (!s.making && s.spare < 0 && j->spare < 0 && j->fd >= 0 &&
	    j->at > SPARE_AT) {
		s.making = true;
		pool_submit(make_in_thread, make_done, NULL);
	}
}
