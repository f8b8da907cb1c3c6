/* SPDX-License-Identifier: ISC */
/*
 * mail - envelopes as structs and as bytes
 *
 * A recipient as bytes: length u16, letter of its state u8, notify u8, tries
 * u16, due u32, status, sentence and relay of the last failure; then its texts:
 * 1 if the address is the original one u8, transport, original, destination,
 * address (empty if the same), orcpt; last, and not in older records, the other
 * server's words of the last failure. The texts are kept in memory as they
 * stand in the record. So are those of the mail: sender, envid, and the times
 * that few mails have (hold u32, by u32, or nothing).
 */
#include <stdlib.h>

#include "lib/base/bytes.h"
#include "queue/journal.h"
#include "queue/mail.h"
#include "queue/transport.h"

#define RCPTS_RECORD	(64u * 1024)	/* begin another record beyond it */

/* What survives a restart: an attempt or a report under way does not. A report
 * of what is DONE stands in the journal as such: see letter_of(). */
static const struct {
	char letter;
	uint8_t state, restart;
} letters[] = {
	{ 'w', RCPT_WAITING, RCPT_WAITING },
	{ 'w', RCPT_READY, RCPT_WAITING },
	{ 'w', RCPT_TRYING, RCPT_WAITING },
	{ 'd', RCPT_DONE, RCPT_DONE },
	{ 'f', RCPT_FAILED, RCPT_FAILED },
	{ 'f', RCPT_REPORTING, RCPT_FAILED },
	{ 's', RCPT_SETTLED, RCPT_SETTLED },
};

char
mail_state_letter(uint8_t state)
{
	size_t i = 0;

	while (letters[i].state != state)
		must(++i < nitems(letters));
	return letters[i].letter;
}

bool
mail_state_of(char letter, uint8_t *state)
{
	for (size_t i = 0; i < nitems(letters); i++)
		if (letters[i].letter == letter) {
			*state = letters[i].restart;
			return true;
		}
	return false;
}

static char *
texts_begin(const struct mail *m)
{
	return (char *)(uintptr_t)&m->rcpt[m->nrcpt];
}

static struct bytes
texts_at(const struct mail *m, uint32_t at)
{
	char *p = texts_begin(m) + at;

	return (struct bytes){ .rest = { p,
	    (size_t)((const char *)m + m->bytes - p) } };
}

struct view
mail_sender(const struct mail *m)
{
	struct bytes b = texts_at(m, 0);

	return get_text(&b);
}

struct view
mail_envid(const struct mail *m)
{
	struct bytes b = texts_at(m, 0);

	get_text(&b);
	return get_text(&b);
}

static struct bytes
times_of(const struct mail *m)
{
	struct bytes b = texts_at(m, 0);

	get_text(&b);
	get_text(&b);
	return (struct bytes){ .rest = get_text(&b) };
}

uint32_t
mail_hold(const struct mail *m)
{
	struct bytes b = times_of(m);

	return get_u32(&b);
}

uint32_t
mail_by(const struct mail *m)
{
	struct bytes b = times_of(m);

	get_u32(&b);
	return get_u32(&b);
}

static struct rcpt_texts
read_texts(struct bytes *b)
{
	struct rcpt_texts t;
	bool same = get_u8(b) != 0;

	t.transport = get_text(b);
	t.original = get_text(b);
	t.destination = get_text(b);
	t.address = get_text(b);
	t.orcpt = get_text(b);
	if (same)
		t.address = t.original;
	return t;
}

struct rcpt_texts
mail_texts(const struct mail *m, uint32_t rcpt)
{
	struct bytes b = texts_at(m, m->rcpt[rcpt].texts);

	must(rcpt < m->nrcpt);
	return read_texts(&b);
}

int64_t
mail_arrival(const struct mail *m)
{
	return (int64_t)(m->id / 1000000);
}

int64_t
mail_begin(const struct mail *m)
{
	int64_t hold = mail_hold(m), arrival = mail_arrival(m);

	return hold > arrival ? hold : arrival;
}

bool
mail_is_frozen(const struct mail *m, uint32_t rcpt)
{
	const struct rcpt *r = &m->rcpt[rcpt];

	return r->state == RCPT_WAITING && r->due == FROZEN;
}

bool
mail_is_held(const struct mail *m, uint32_t rcpt, uint32_t now)
{
	const struct rcpt *r = &m->rcpt[rcpt];

	return mail_is_frozen(m, rcpt) ||
	    (r->state == RCPT_WAITING && r->tries == 0 && r->due > now &&
		mail_hold(m) > now);
}

bool
mail_wants(const struct mail *m, uint32_t rcpt, uint8_t notify)
{
	uint8_t said = m->rcpt[rcpt].notify;

	if (said == 0)
		said = NOTIFY_FAILURE | NOTIFY_DELAY;
	return mail_sender(m).n > 0 && !(said & NOTIFY_NEVER) &&
	    (said & notify) != 0;
}

static void
drop(struct rcpt *r)
{
	reason_drop(&r->why);
	destination_drop(&r->to);
}

void
mail_free(struct mail **m)
{
	if (*m == NULL)
		return;
	for (uint32_t i = 0; i < (*m)->nrcpt; i++)
		drop(&(*m)->rcpt[i]);
	free(*m);
	*m = NULL;
}

/* Told a second time that it is fine, but never that it failed. */
static char
letter_of(const struct rcpt *r)
{
	return mail_state_letter(r->state == RCPT_REPORTING && r->good ?
	    RCPT_DONE : r->state);
}

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
	put_u8(out, (unsigned char)letter_of(r));
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
static void
put_head_texts(struct str *out, const struct mail_head *h)
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
	put_head_texts(batch, h);
	put_u64(batch, s->mail);
	put_u8(batch, s->kind);
	put_u16(batch, s->n);
	for (uint16_t i = 0; i < s->n; i++)
		put_u32(batch, s->rcpt[i]);
	str_add(batch, h->content);
	record_end(batch, begin);
}

void
mail_write(struct str *batch, const struct mail *m)
{
	static const struct settles nothing;
	struct mail_head h = { .size = m->size, .skip = m->skip,
		.body = m->body, .ret = m->ret, .warned = m->warned,
		.by_mode = m->by_mode, .priority = m->priority, .tls = m->tls,
		.late_told = m->late_told, .hold = mail_hold(m),
		.by = mail_by(m), .sender = mail_sender(m),
		.envid = mail_envid(m) };
	struct str rcpts = { 0 };

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt_texts t = mail_texts(m, i);

		mail_write_rcpt(&rcpts, &m->rcpt[i], &t, m->rcpt[i].notify);
	}
	mail_write_new(batch, m->id, &h, str_view(&rcpts), &nothing);
	str_free(&rcpts);
}

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
	t = read_texts(&b);
	kept.n -= b.rest.n;
	reply = get_more(&b) ? get_text(&b) : VIEW_NONE;
	if (b.bad || b.rest.n > 0)
		return false;
	if (status.n > 0)
		r->why = reason_take(status, sentence, relay, reply);
	r->transport = transport_named(t.transport);
	if (r->transport == TRANSPORT_SMTP)
		r->to = destination_take(t.destination);
	str_add(texts, kept);
	return true;
}

static bool
is_by(const struct mail_head *h)
{
	uint8_t mode = h->by_mode & BY_MODE;

	return h->by > 0 && (mode == BY_NOTIFY || mode == BY_RETURN);
}

static struct mail *
assemble(uint64_t id, const struct mail_head *h, const struct rcpt *rcpt,
    uint32_t n, const struct str *texts)
{
	size_t bytes = sizeof(struct mail) + n * sizeof(*rcpt) + texts->n;
	struct mail *m = xmalloc(bytes);

	must(bytes <= UINT32_MAX);
	*m = (struct mail){ .id = id, .size = h->size, .skip = h->skip,
		.nrcpt = n, .bytes = (uint32_t)bytes, .state = MAIL_QUEUED,
		.body = h->body, .ret = h->ret, .warned = h->warned,
		.by_mode = is_by(h) ? h->by_mode : 0,
		.priority = h->priority <= PRIORITY_MOST ? h->priority : 0,
		.tls = h->tls, .late_told = h->late_told };
	memcpy(m->rcpt, rcpt, n * sizeof(*rcpt));
	memcpy(texts_begin(m), texts->p, texts->n);
	for (uint32_t i = 0; i < n; i++) {
		/* nobody can be told of an alias that was expanded */
		if (rcpt[i].state == RCPT_DONE && h->sender.n == 0)
			m->rcpt[i].state = RCPT_SETTLED;
		m->unsettled += m->rcpt[i].state != RCPT_SETTLED;
		if (rcpt[i].tries == 0 && rcpt[i].due < h->hold)
			m->rcpt[i].due = h->hold;
	}
	return m;
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

	put_head_texts(&texts, h);
	while (got < n && read_rcpt(get_text(&b), &rcpt[got], &texts))
		got++;
	if (got == n)
		m = assemble(id, h, rcpt, n, &texts);
	for (uint32_t i = 0; m == NULL && i < n; i++)
		drop(&rcpt[i]);
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
