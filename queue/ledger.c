/* SPDX-License-Identifier: ISC */
/*
 * ledger - the table of mails and the counts of the segments
 *
 * The counts are an array that begins with the oldest segment; it is moved
 * down when that one goes, which happens once in many thousand mails.
 */
#include <stdlib.h>

#include "queue/ledger.h"
#include "queue/table.h"

static struct {
	struct table mails;
	uint64_t octets, bytes;
	uint32_t oldest, segments;
	uint32_t *keep;		/* mails per segment, oldest first */
} ledger = { .oldest = 1 };

static uint32_t *
keep(uint32_t segment)
{
	uint32_t i = segment - ledger.oldest;

	must(segment >= ledger.oldest);
	if (i >= ledger.segments) {
		ledger.keep = xrealloc(ledger.keep,
		    (i + 1) * sizeof(*ledger.keep));
		while (ledger.segments <= i)
			ledger.keep[ledger.segments++] = 0;
	}
	return &ledger.keep[i];
}

struct mail *
ledger_find(uint64_t id)
{
	return table_find(&ledger.mails, id);
}

void
ledger_add(struct mail *m)
{
	table_add(&ledger.mails, m);
	++*keep(m->segment);
	ledger.octets += m->size;
	ledger.bytes += m->bytes;
}

void
ledger_remove(struct mail **m)
{
	table_remove(&ledger.mails, (*m)->id);
	--*keep((*m)->segment);
	ledger.octets -= (*m)->size;
	ledger.bytes -= (*m)->bytes;
	mail_free(m);
}

void
ledger_moved(struct mail *m, uint32_t segment)
{
	--*keep(m->segment);
	m->segment = segment;
	++*keep(m->segment);
}

struct mail *
ledger_next(size_t *at)
{
	return table_next(&ledger.mails, at);
}

size_t
ledger_count(void)
{
	return ledger.mails.count;
}

uint64_t
ledger_octets(void)
{
	return ledger.octets;
}

uint64_t
ledger_bytes(void)
{
	return ledger.bytes;
}

void
ledger_segments(uint32_t oldest)
{
	must(ledger.segments == 0);
	ledger.oldest = oldest;
}

uint32_t
ledger_oldest(void)
{
	return ledger.oldest;
}

uint32_t
ledger_oldest_count(void)
{
	return *keep(ledger.oldest);
}

void
ledger_oldest_gone(void)
{
	must(*keep(ledger.oldest) == 0);
	ledger.segments--;
	memmove(ledger.keep, ledger.keep + 1,
	    ledger.segments * sizeof(*ledger.keep));
	ledger.oldest++;
}

void
ledger_clear(void)
{
	struct mail *m;

	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		mail_free(&m);
	table_free(&ledger.mails);
	free(ledger.keep);
	ledger.keep = NULL;
	ledger.segments = 0;
	ledger.octets = ledger.bytes = 0;
	ledger.oldest = 1;
}

static bool
is_busy(uint8_t state)
{
	return state == RCPT_READY || state == RCPT_TRYING;
}

void
ledger_move(struct mail *m, uint32_t rcpt, enum state to)
{
	struct rcpt *r = &m->rcpt[rcpt];
	bool was = is_busy(r->state);

	must(rcpt < m->nrcpt);
	state_move(&r->state, to);
	if (is_busy(r->state) && !was)
		m->busy++;
	if (!is_busy(r->state) && was)
		m->busy--;
	if (to == RCPT_SETTLED)
		m->unsettled--;
}
