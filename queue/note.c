/* SPDX-License-Identifier: ISC */
/*
 * note - verdict, settled and deleted records
 *
 * While the queue runs, states change by moves of queue/state.def; at a start
 * they are set to what the record says, as the moves in between were not kept.
 */
#include "lib/base/bytes.h"
#include "queue/ledger.h"
#include "queue/note.h"

void
note_verdict(struct str *batch, const struct mail *m, uint32_t rcpt)
{
	const struct rcpt *r = &m->rcpt[rcpt];
	size_t begin = record_begin(batch, RECORD_VERDICT);

	put_u64(batch, m->id);
	put_u32(batch, rcpt);
	put_u8(batch, (unsigned char)mail_letter(r));
	put_u16(batch, r->tries);
	put_u32(batch, r->due);
	put_text(batch, reason_status(r->why));
	put_text(batch, reason_sentence(r->why));
	put_text(batch, reason_relay(r->why));
	put_text(batch, reason_reply(r->why));
	record_end(batch, begin);
}

void
note_settled(struct str *batch, const struct settles *s)
{
	size_t begin = record_begin(batch, RECORD_SETTLED);

	put_u64(batch, s->mail);
	put_u8(batch, s->kind);
	for (uint16_t i = 0; i < s->n; i++)
		put_u32(batch, s->rcpt[i]);
	record_end(batch, begin);
}

void
note_deleted(struct str *batch, uint64_t id)
{
	size_t begin = record_begin(batch, RECORD_DELETED);

	put_u64(batch, id);
	record_end(batch, begin);
}

/* A report that settles nobody: the sender knows. */
static bool
tell(struct mail *m, uint8_t kind)
{
	m->warned |= kind == REPORT_DELAYED || kind == REPORT_LATE;
	m->late_told |= kind == REPORT_LATE;
	return kind == REPORT_DELAYED || kind == REPORT_LATE;
}

/* What has gone to a list's members is a success. */
static enum state
end_of(const struct mail *m, uint32_t rcpt, uint8_t kind)
{
	return kind == REPORT_PASSED && mail_wants(m, rcpt, NOTIFY_SUCCESS) ?
	    RCPT_DONE : RCPT_SETTLED;
}

void
note_settle(struct mail *m, const struct settles *s)
{
	if (tell(m, s->kind))
		return;
	for (uint16_t i = 0; i < s->n; i++) {
		uint32_t rcpt = s->rcpt[i];
		enum state end;

		if (rcpt >= m->nrcpt)
			continue;
		end = end_of(m, rcpt, s->kind);
		if (state_may(m->rcpt[rcpt].state, end))
			ledger_move(m, rcpt, end);
	}
}

static void
set_state(struct mail *m, struct rcpt *r, uint8_t state)
{
	m->unsettled -= r->state != RCPT_SETTLED;
	r->state = state;
	m->unsettled += r->state != RCPT_SETTLED;
}

static void
apply_verdict(struct bytes *b)
{
	struct mail *m = ledger_find(get_u64(b));
	uint32_t n = get_u32(b);
	char letter = (char)get_u8(b);
	uint16_t tries = get_u16(b);
	uint32_t due = get_u32(b);
	struct view status = get_text(b), sentence = get_text(b);
	struct view relay = get_text(b);
	/* older records end here */
	struct view reply = get_more(b) ? get_text(b) : VIEW_NONE;
	struct rcpt *r;
	uint8_t state;

	if (b->bad || m == NULL || n >= m->nrcpt ||
	    !mail_state_of(letter, &state))
		return;
	r = &m->rcpt[n];
	set_state(m, r, state);
	r->tries = tries;
	r->due = due;
	reason_drop(&r->why);
	if (status.n > 0)
		r->why = reason_take(status, sentence, relay, reply);
}

static void
apply_settled(struct bytes *b)
{
	struct mail *m = ledger_find(get_u64(b));
	uint8_t kind = get_u8(b);

	if (m == NULL || b->bad)
		return;
	if (tell(m, kind))
		return;
	while (get_more(b)) {
		uint32_t n = get_u32(b);

		if (!b->bad && n < m->nrcpt)
			set_state(m, &m->rcpt[n], RCPT_SETTLED);
	}
}

static void
apply_deleted(struct bytes *b)
{
	struct mail *m = ledger_find(get_u64(b));

	for (uint32_t i = 0; m != NULL && !b->bad && i < m->nrcpt; i++)
		set_state(m, &m->rcpt[i], RCPT_SETTLED);
}

void
note_apply(enum record_type type, struct view payload)
{
	static void (*const apply[RECORD_LIMIT])(struct bytes *) = {
		[RECORD_VERDICT] = apply_verdict,
		[RECORD_SETTLED] = apply_settled,
		[RECORD_DELETED] = apply_deleted,
	};
	struct bytes b = { .rest = payload };

	if (apply[type] != NULL)
		apply[type](&b);
}
