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
#include "lib/base/tree.h"
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
struct link {
	struct boxes boxes;
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

static struct link *
link_of(struct channel *c)
{
	struct link *l = *channel_slot(c);

	if (l == NULL) {
		*channel_slot(c) = l = xcalloc(1, sizeof(*l));
		RB_INIT(&l->boxes);
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

static void (*const kinds[])(struct box *, const struct msg_mailbox_event *) =
    { NULL, added, flagged, expunged, deleted, keywords };

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

/* A store that comes back knows none of our sessions: they must log in
 * again. */
static void
on_closed(struct channel *c)
{
	struct link *l = *channel_slot(c);
	struct imap *im;

	LIST_FOREACH(im, &sessions, next) {
		if (im->store != c)
			continue;
		im->store = NULL;
		im->lost = true;
		if (im->box != NULL)
			im->box->channel = NULL;
		wake(im);
	}
	if (l == NULL)
		return;
	drop_early(l);
	free(l);
	*channel_slot(c) = NULL;
}

const struct handlers link_handlers = {
	.mailbox_event = on_event,
	.mechanisms = sasl_mechanisms,
	.closed = on_closed,
};
