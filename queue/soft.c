/* SPDX-License-Identifier: ISC */
/*
 * soft - one sync for all, and what was waiting for it
 *
 * A sync that failed cannot be repeated: the kernel tells of a lost page once.
 * The program ends then, and its next start writes the contents again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "queue/content.h"
#include "queue/durable.h"
#include "queue/judge.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/soft.h"

#define HARDEN_MS	1000	/* contents wait so long for each other */

struct ids {
	uint64_t *id;
	size_t n, cap;
};

static struct {
	struct ids next, syncing;
	uint8_t turn;		/* of next: 1 or 2; the other one is syncing */
	struct place place;	/* of the journal when the sync began */
	struct loop_timer *timer;
	bool running, hurry;
	bool done;		/* by the thread */
	int error;
} soft = { .turn = 1 };

static uint8_t
other(uint8_t turn)
{
	return 3 - turn;
}

bool
soft_is_empty(void)
{
	return !soft.running && soft.next.n == 0;
}

static void
harden(struct mail *m)
{
	m->soft = 0;
	for (uint32_t i = 0; m->unsaid && i < m->nrcpt; i++) {
		if (!m->rcpt[i].unsaid)
			continue;
		m->rcpt[i].unsaid = false;
		note_verdict(durable_notes(), m, i);
	}
	m->unsaid = false;
	durable_hardened(m);
	judge_progress(m);
}

static void
sync_in_thread(void *unused)
{
	(void)unused;
	kept_write_collected();
	soft.done = content_sync_all();
	soft.error = errno;
}

/* Its octets could not be written. */
static bool
is_without_file(const struct mail *m)
{
	return m->state == MAIL_QUEUED && kept_octets(m->id).n > 0;
}

/* With the next sync; at the end the journal has it for the next start. */
static void
try_again(struct mail *m)
{
	m->soft = 0;
	if (!soft.hurry)
		soft_add(m);
}

static void begin(void *unused);

static void
synced(void *unused)
{
	bool whole = true;

	(void)unused;
	soft.running = false;
	kept_written();
	if (!soft.done)
		fatal("the spool cannot be written to the disk: %s",
		    strerror(soft.error));
	for (size_t i = 0; i < soft.syncing.n; i++) {
		struct mail *m = ledger_find(soft.syncing.id[i]);
		bool without = m != NULL && is_without_file(m);

		whole = whole && !without;
		/* else it has become soft again meanwhile */
		if (m == NULL || m->soft != other(soft.turn))
			continue;
		if (without)
			try_again(m);
		else
			harden(m);
	}
	soft.syncing.n = 0;
	/* a start believes the size of every file that stands before this */
	if (whole)
		record_synced(durable_notes(), soft.place);
	if (soft.next.n > 0)
		soft.timer = loop_timer_new(soft.hurry ? 0 : HARDEN_MS, begin,
		    NULL);
}

/* What waits to be delivered gets a file. */
static void
collect(void)
{
	for (size_t i = 0; i < soft.syncing.n; i++) {
		const struct mail *m = ledger_find(soft.syncing.id[i]);

		if (m != NULL && m->state == MAIL_QUEUED)
			kept_collect(m->id);
	}
}

static void
begin(void *unused)
{
	struct ids empty = soft.syncing;

	(void)unused;
	loop_timer_free(&soft.timer);
	soft.syncing = soft.next;
	soft.next = empty;
	soft.turn = other(soft.turn);
	soft.place = durable_place();
	soft.running = true;
	collect();
	pool_submit(sync_in_thread, synced, NULL);
}

void
soft_add(struct mail *m)
{
	struct ids *l = &soft.next;

	if (m->soft == soft.turn)
		return;
	m->soft = soft.turn;
	l->id = xgrow(l->id, l->n, &l->cap, sizeof(*l->id));
	l->id[l->n++] = m->id;
	if (!soft.running && soft.timer == NULL)
		soft.timer = loop_timer_new(soft.hurry ? 0 : HARDEN_MS, begin,
		    NULL);
}

void
soft_hurry(void)
{
	soft.hurry = true;
	if (!soft.running && soft.next.n > 0)
		begin(NULL);
}
