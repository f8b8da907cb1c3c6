/* SPDX-License-Identifier: ISC */
/*
 * mail_read - envelopes out of bytes, of the journal or of a commit
 */
#include <stdlib.h>

#include "lib/base/bytes.h"
#include "lib/proc/role.h"
#include "queue/mail_bytes.h"
#include "queue/mail_read.h"
#include "queue/transport.h"

static void
read_times(struct mail_head *h, struct view times)
{
	struct bytes b = { .rest = times };

	h->hold = get_u32(&b);
	h->by = get_u32(&b);
}

/* Of the former version, or of the one that is written. */
static bool
read_head(struct bytes *b, struct mail_head *h, struct settles *s,
    bool former)
{
	*h = (struct mail_head){ 0 };
	h->size = get_u64(b);
	h->skip = get_u32(b);
	h->body = get_u8(b);
	h->ret = get_u8(b);
	h->warned = get_u8(b) != 0;
	if (!former) {
		h->by_mode = get_u8(b);
		h->priority = get_u8(b);
		h->tls = get_u8(b);
		h->late_told = get_u8(b) != 0;
	}
	h->sender = get_text(b);
	h->envid = get_text(b);
	if (!former)
		read_times(h, get_text(b));
	s->mail = get_u64(b);
	s->kind = get_u8(b);
	s->n = get_u16(b);
	if (s->n > SETTLES_MOST)
		return false;
	for (uint16_t i = 0; i < s->n; i++)
		s->rcpt[i] = get_u32(b);
	h->content = b->rest;
	return !b->bad;
}

/* One recipient out of its bytes; its texts go behind those before it. */
static bool
read_rcpt(struct view entry, struct rcpt *r, struct str *texts)
{
	struct bytes b = { .rest = entry };
	struct view status, sentence, relay, reply, kept;
	struct rcpt_texts t;

	*r = (struct rcpt){ .texts = (uint32_t)texts->n };
	if (!mail_state_of((char)get_u8(&b), &r->state))
		return false;
	r->notify = get_u8(&b);
	r->tries = get_u16(&b);
	r->due = get_u32(&b);
	status = get_text(&b);
	sentence = get_text(&b);
	relay = get_text(&b);
	kept = b.rest;
	t = mail_bytes_texts(&b);
	kept.n -= b.rest.n;
	reply = get_more(&b) ? get_text(&b) : VIEW_NONE;
	if (b.bad || b.rest.n > 0)
		return false;
	if (status.n > 0)
		r->why = reason_take(status, sentence, relay, reply);
	r->transport = transport_named(t.transport);
	if (transports[r->transport].role == ROLE_SMTP)
		r->to = destination_take(t.destination);
	str_add(texts, kept);
	return true;
}

void
mail_read_rcpts(struct mail_reader *r, struct view payload)
{
	struct bytes b = { .rest = payload };
	uint64_t id = get_u64(&b);
	uint32_t first = get_u32(&b), n = 0;
	struct view entries = b.rest;

	while (get_more(&b)) {
		get_text(&b);
		n++;
	}
	if (first == 0) {
		r->id = id;
		r->n = 0;
		r->begun = r->segment;
		str_reset(&r->rcpts);
	}
	if (b.bad || id != r->id || first != r->n) {
		r->id = 0;
		return;
	}
	str_add(&r->rcpts, entries);
	r->n += n;
}

struct mail *
mail_make(uint64_t id, const struct mail_head *h, struct view rcpts,
    uint32_t n)
{
	struct rcpt *rcpt = xcalloc(n, sizeof(*rcpt));
	struct bytes b = { .rest = rcpts };
	struct str texts = { 0 };
	struct mail *m = NULL;
	uint32_t got = 0;

	mail_bytes_put_head(&texts, h);
	while (got < n && read_rcpt(get_text(&b), &rcpt[got], &texts))
		got++;
	if (got == n)
		m = mail_bytes_assemble(id, h, rcpt, n, &texts);
	for (uint32_t i = 0; m == NULL && i < n; i++)
		mail_bytes_drop(&rcpt[i]);
	str_free(&texts);
	free(rcpt);
	return m;
}

struct mail *
mail_read_mail(struct mail_reader *r, struct view payload, struct settles *s,
    bool former)
{
	struct bytes b = { .rest = payload };
	uint64_t id = get_u64(&b);
	uint32_t n = get_u32(&b);
	struct mail_head h;
	struct mail *m = NULL;

	r->content = VIEW_NONE;
	if (read_head(&b, &h, s, former) && id != 0 && id == r->id &&
	    n == r->n && n > 0)
		m = mail_make(id, &h, str_view(&r->rcpts), n);
	if (m != NULL)
		r->content = h.content;
	r->id = 0;
	if (r->rcpts.cap > 1u << 20)
		str_free(&r->rcpts);
	return m;
}
