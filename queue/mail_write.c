/* SPDX-License-Identifier: ISC */
/*
 * mail_write - envelopes as bytes
 *
 * A recipient: length u16, letter of its state u8, notify u8, tries u16, due u32,
 * status, sentence and relay of the last failure; then its texts: 1 if the
 * address is the original one u8, transport, original, destination, address
 * (empty if the same), orcpt; last, and not in older records, the other server's
 * words of the last failure. Of the mail: sender, envid, and the times that few
 * have (hold u32, by u32, or nothing).
 */
#include "lib/base/bytes.h"
#include "lib/mail/journal.h"
#include "queue/mail.h"
#include "queue/mail_bytes.h"

#define RCPTS_RECORD	(64u * 1024)	/* begin another record beyond it */

void
mail_write_rcpt(struct str *out, const struct rcpt *r,
    const struct rcpt_texts *t, uint8_t notify)
{
	static const struct rcpt fresh = { .state = RCPT_WAITING };
	bool same = view_eq(t->original, t->address);
	size_t begin = out->n, n;

	if (r == NULL)
		r = &fresh;
	put_u16(out, 0);
	put_u8(out, (unsigned char)mail_letter(r));
	put_u8(out, notify);
	put_u16(out, r->tries);
	put_u32(out, r->due);
	put_text(out, reason_status(r->why));
	put_text(out, reason_sentence(r->why));
	put_text(out, reason_relay(r->why));
	put_u8(out, same);
	put_text(out, t->transport);
	put_text(out, t->original);
	put_text(out, t->destination);
	put_text(out, same ? VIEW_NONE : t->address);
	put_text(out, t->orcpt);
	put_text(out, reason_reply(r->why));
	n = out->n - begin - 2;
	must(n <= UINT16_MAX);
	out->p[begin] = (char)(n >> 8);
	out->p[begin + 1] = (char)(n & 255);
}

void
mail_set_notify(struct str *rcpts, size_t at, uint8_t notify)
{
	must(at + 3 < rcpts->n);
	rcpts->p[at + 3] = (char)notify;
}

/* Whole recipients of rcpts that go into one record; *n counts them. */
static struct view
one_record(struct view *rcpts, uint32_t *n)
{
	struct bytes b = { .rest = *rcpts };
	const char *begin = rcpts->p;

	while (get_more(&b) && b.rest.p < begin + RCPTS_RECORD) {
		get_text(&b);
		++*n;
	}
	must(!b.bad);
	*rcpts = b.rest;
	return view_bytes(begin, (size_t)(b.rest.p - begin));
}

static uint32_t
write_rcpts(struct str *batch, uint64_t id, struct view rcpts)
{
	uint32_t n = 0;

	while (rcpts.n > 0) {
		size_t begin = record_begin(batch, RECORD_RCPTS);

		put_u64(batch, id);
		put_u32(batch, n);
		str_add(batch, one_record(&rcpts, &n));
		record_end(batch, begin);
	}
	return n;
}

/* As they stand in the record and in memory. */
void
mail_bytes_put_head(struct str *out, const struct mail_head *h)
{
	put_text(out, h->sender);
	put_text(out, h->envid);
	put_u16(out, h->hold > 0 || h->by > 0 ? 8 : 0);
	if (h->hold > 0 || h->by > 0) {
		put_u32(out, h->hold);
		put_u32(out, h->by);
	}
}

void
mail_write_new(struct str *batch, uint64_t id, const struct mail_head *h,
    struct view rcpts, const struct settles *s)
{
	uint32_t n = write_rcpts(batch, id, rcpts);
	size_t begin = record_begin(batch, RECORD_ENVELOPE);

	put_u64(batch, id);
	put_u32(batch, n);
	put_u64(batch, h->size);
	put_u32(batch, h->skip);
	put_u8(batch, h->body);
	put_u8(batch, h->ret);
	put_u8(batch, h->warned);
	put_u8(batch, h->by_mode);
	put_u8(batch, h->priority);
	put_u8(batch, h->tls);
	put_u8(batch, h->late_told);
	mail_bytes_put_head(batch, h);
	put_u64(batch, s->mail);
	put_u8(batch, s->kind);
	put_u16(batch, s->n);
	for (uint16_t i = 0; i < s->n; i++)
		put_u32(batch, s->rcpt[i]);
	str_add(batch, h->content);
	record_end(batch, begin);
}

void
mail_head(const struct mail *m, struct mail_head *h)
{
	*h = (struct mail_head){ .size = m->size, .skip = m->skip,
		.body = m->body, .ret = m->ret, .warned = m->warned,
		.by_mode = m->by_mode, .priority = m->priority, .tls = m->tls,
		.late_told = m->late_told, .hold = mail_hold(m),
		.by = mail_by(m), .sender = mail_sender(m),
		.envid = mail_envid(m) };
}

void
mail_write(struct str *batch, const struct mail *m)
{
	static const struct settles nothing;
	struct mail_head h;
	struct str rcpts = { 0 };

	mail_head(m, &h);
	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt_texts t = mail_texts(m, i);

		mail_write_rcpt(&rcpts, &m->rcpt[i], &t, m->rcpt[i].notify);
	}
	mail_write_new(batch, m->id, &h, str_view(&rcpts), &nothing);
	str_free(&rcpts);
}
