/* SPDX-License-Identifier: ISC */
/*
 * mail - a mail in memory
 *
 * Its texts stand behind the recipients as they do in its record: first those of
 * the mail (sender, envid, and the times that few mails have), then those of each
 * recipient.
 */
#include <stdlib.h>

#include "queue/mail.h"
#include "queue/mail_bytes.h"
#include "queue/transport.h"

/* What survives a restart: an attempt or a report under way does not. A report
 * of what is DONE stands in the journal as such: see mail_letter(). */
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

static char
state_letter(uint8_t state)
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

/* Told a second time that it is fine, but never that it failed. What is DONE
 * with content that may be lost is tried again after a loss of power. */
char
mail_letter(const struct rcpt *r)
{
	if (r->unsaid)
		return state_letter(RCPT_WAITING);
	return state_letter(r->state == RCPT_REPORTING && r->good ?
	    RCPT_DONE : r->state);
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

struct rcpt_texts
mail_bytes_texts(struct bytes *b)
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
	struct rcpt_texts t = mail_bytes_texts(&b);

	must(rcpt < m->nrcpt);
	if (m->rcpt[rcpt].to != NULL)
		t.destination = destination_hop(m->rcpt[rcpt].to);
	return t;
}

int64_t
mail_arrival(const struct mail *m)
{
	return (int64_t)(m->id / 1000000);
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

void
mail_bytes_drop(struct rcpt *r)
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
		mail_bytes_drop(&(*m)->rcpt[i]);
	free(*m);
	*m = NULL;
}

static bool
is_by(const struct mail_head *h)
{
	uint8_t mode = h->by_mode & BY_MODE;

	return h->by > 0 && (mode == BY_NOTIFY || mode == BY_RETURN);
}

struct mail *
mail_bytes_assemble(uint64_t id, const struct mail_head *h, const struct rcpt *rcpt,
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
		/* one that was released has a time */
		if (rcpt[i].tries == 0 && rcpt[i].due == 0)
			m->rcpt[i].due = h->hold;
	}
	return m;
}
