/* SPDX-License-Identifier: ISC */
/*
 * link - handles of a store process, and who waits for what
 *
 * Each channel to store has in its slot the mailboxes that are open over it. An
 * event changes its box at once (imapd/box.c) and wakes a session in IDLE; any
 * other session tells its client after the command it is in.
 */
#include <stdlib.h>

#include "imapd/link.h"
#include "imapd/notify.h"
#include "lib/base/tree.h"
#include "lib/mail/rights.h"
#include "lib/mail/sasl.h"
#include "lib/proc/service.h"

/* An event that came before its mailbox was known. */
struct early {
	struct early *next;
	uint32_t handle;
	uint8_t kind;
	uint64_t modseq;
	struct str records, keywords;
};

RB_HEAD(boxes, box);
RB_HEAD(watchers, notify);
struct link {
	struct boxes boxes;
	struct watchers watchers;
	unsigned opening;
	struct early *early, **early_tail;
};

static LIST_HEAD(, imap) sessions = LIST_HEAD_INITIALIZER(sessions);

static int
handle_cmp(const struct box *a, const struct box *b)
{
	return (a->handle > b->handle) - (a->handle < b->handle);
}
TREE_GENERATE(boxes, box, by_handle, handle_cmp)

static int
session_cmp(const struct notify *a, const struct notify *b)
{
	return (a->session > b->session) - (a->session < b->session);
}
TREE_GENERATE(watchers, notify, by_session, session_cmp)

static struct link *
link_of(struct channel *c)
{
	struct link *l = *channel_slot(c);

	if (l == NULL) {
		*channel_slot(c) = l = xcalloc(1, sizeof(*l));
		RB_INIT(&l->boxes);
		RB_INIT(&l->watchers);
		l->early_tail = &l->early;
	}
	return l;
}

static void
wake(struct imap *im)
{
	if (im == NULL || !im->idling)
		return;
	im->idling = false;
	fiber_wake(im->session->fiber);
}

/* ---- events ---- */

static void
added(struct box *b, const struct msg_mailbox_event *e)
{
	box_event_added(b, e->records);
}

static void
flagged(struct box *b, const struct msg_mailbox_event *e)
{
	box_event_flags(b, e->records);
}

static void
expunged(struct box *b, const struct msg_mailbox_event *e)
{
	box_event_expunged(b, e->records);
}

static void
deleted(struct box *b, const struct msg_mailbox_event *e)
{
	(void)e;
	b->deleted = true;
}

static void
keywords(struct box *b, const struct msg_mailbox_event *e)
{
	box_set_keywords(b, e->keywords);
}

/* Without r there is nothing to be seen of it any more, as if it were gone. */
static void
rights(struct box *b, const struct msg_mailbox_event *e)
{
	if (!rights_parse(e->records, &b->rights))
		return;
	if (b->rights & RIGHT_READ)
		b->new_keywords = true;
	else
		b->deleted = true;
}

static void (*const kinds[])(struct box *, const struct msg_mailbox_event *) =
    { NULL, added, flagged, expunged, deleted, keywords, rights };

static void
apply(struct box *b, const struct msg_mailbox_event *e)
{
	if (e->kind == 0 || e->kind >= nitems(kinds))
		return;
	kinds[e->kind](b, e);
	if (e->modseq > b->modseq)
		b->modseq = e->modseq;
}

static void
keep(struct link *l, const struct msg_mailbox_event *e)
{
	struct early *early = xcalloc(1, sizeof(*early));

	early->handle = e->handle;
	early->kind = e->kind;
	early->modseq = e->modseq;
	str_add(&early->records, e->records);
	str_add(&early->keywords, e->keywords);
	*l->early_tail = early;
	l->early_tail = &early->next;
}

static void
on_event(struct channel *c, uint32_t tag, struct msg_mailbox_event *e)
{
	struct link *l = link_of(c);
	struct box key = { .handle = e->handle };
	struct box *b = RB_FIND(boxes, &l->boxes, &key);

	(void)tag;
	if (b != NULL) {
		apply(b, e);
		if (box_has_news(b))
			wake(b->im);
	} else if (l->opening > 0) {
		keep(l, e);
	}
}

static void
on_watched(struct channel *c, uint32_t tag, struct msg_watched *m)
{
	struct notify key = { .session = m->session };
	struct notify *n = RB_FIND(watchers, &link_of(c)->watchers, &key);

	(void)tag;
	if (n == NULL)
		return;
	notify_hear(n, m);
	if (notify_has_news(n->im))
		wake(n->im);
}

void
link_watch(struct notify *n)
{
	n->watching = true;
	n->channel = n->im->store;
	if (n->channel != NULL)
		must(RB_INSERT(watchers, &link_of(n->channel)->watchers, n) ==
		    NULL);
}

void
link_unwatch(struct notify *n)
{
	if (n->channel != NULL)
		RB_REMOVE(watchers, &link_of(n->channel)->watchers, n);
	n->channel = NULL;
	n->watching = false;
}

/* ---- opening ---- */

static void
drop_early(struct link *l)
{
	while (l->early != NULL) {
		struct early *e = l->early;

		l->early = e->next;
		str_free(&e->records);
		str_free(&e->keywords);
		free(e);
	}
	l->early_tail = &l->early;
}

void
link_open_begin(struct channel *c)
{
	link_of(c)->opening++;
}

void
link_open_end(struct channel *c)
{
	struct link *l = link_of(c);

	if (--l->opening == 0)
		drop_early(l);
}

void
link_attach(struct box *b)
{
	struct link *l = link_of(b->channel);

	must(RB_INSERT(boxes, &l->boxes, b) == NULL);
	for (struct early *e = l->early; e != NULL; e = e->next) {
		struct msg_mailbox_event event = { .handle = e->handle,
			.kind = e->kind, .modseq = e->modseq,
			.records = str_view(&e->records),
			.keywords = str_view(&e->keywords) };

		if (e->handle == b->handle)
			apply(b, &event);
	}
}

void
link_detach(struct box *b)
{
	if (b->channel == NULL)
		return;
	RB_REMOVE(boxes, &link_of(b->channel)->boxes, b);
	b->channel = NULL;
}

/* ---- sessions ---- */

void
link_enter(struct imap *im)
{
	LIST_INSERT_HEAD(&sessions, im, next);
}

void
link_leave(struct imap *im)
{
	LIST_REMOVE(im, next);
}

/* The user's own, or one that has others' mailboxes: who has selected one of
 * those is told that it is away, the rest is asked for anew. */
static void
forget_store(struct imap *im, struct channel *c)
{
	im->admitted &= ~((uint64_t)1 << channel_peer(c)->instance);
	if (im->appends_at == c)
		im->appends_at = NULL;
	if (im->opens_at == c)
		im->opens_at = NULL;
	if (im->store == c)
		im->store = NULL;
	else if (im->box == NULL || im->box->channel != c)
		return;
	im->lost = true;
	wake(im);
}

/* Their handles end with the link. */
static void
let_go(struct link *l)
{
	struct notify *n;
	struct box *b;

	RB_FOREACH(b, boxes, &l->boxes)
		b->channel = NULL;
	RB_FOREACH(n, watchers, &l->watchers) {
		n->channel = NULL;
		n->watching = false;
	}
}

/* A store that comes back knows none of our sessions: they must log in
 * again. */
static void
on_closed(struct channel *c)
{
	struct link *l = *channel_slot(c);
	struct imap *im;

	LIST_FOREACH(im, &sessions, next)
		forget_store(im, c);
	if (l == NULL)
		return;
	let_go(l);
	drop_early(l);
	free(l);
	*channel_slot(c) = NULL;
}

const struct handlers link_handlers = {
	.mailbox_event = on_event,
	.watched = on_watched,
	.mechanisms = sasl_mechanisms,
	.closed = on_closed,
};
