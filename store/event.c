/* SPDX-License-Identifier: ISC */
/*
 * event - gathering by round, sending when the round has ended
 *
 * Deliveries of one round into one mailbox are one event.
 */
#include <stdlib.h>

#include "lib/mail/rights.h"
#include "lib/proc/channel.h"
#include "store/durable.h"
#include "store/event.h"
#include "store/link.h"
#include "store/seen.h"
#include "store/watch.h"

#define RECORDS_EACH 4000 /* in one message */

enum { KIND_ADDED = 1, KIND_FLAGS, KIND_EXPUNGED, KIND_DELETED, KIND_KEYWORDS };

struct event {
	struct mailbox *mb;
	uint8_t kind;
	uint64_t seq, modseq, mark;
	struct str records, keywords;
};

static void
send_records(struct handle *h, const struct event *ev, struct view rest)
{
	struct message m = { .type = MSG_mailbox_event };

	do {
		size_t n = RECORDS_EACH * RECORD_SIZE;

		if (n > rest.n)
			n = rest.n;
		m.mailbox_event =
		    (struct msg_mailbox_event){ .handle = h->number,
			    .kind = ev->kind,
			    .modseq = ev->modseq,
			    .records = { rest.p, n },
			    .keywords = str_view(&ev->keywords) };
		channel_send(h->link->channel, &m);
		rest = view_skip(rest, n);
	} while (rest.n > 0);
}

/* Readers see their own \Seen. */
static void
send_to(struct handle *h, const struct event *ev)
{
	struct str own = { 0 };

	if (h->link->channel == NULL || !(h->rights & RIGHT_READ))
		return;
	if (h->reader == NULL || ev->kind == KIND_EXPUNGED) {
		send_records(h, ev, str_view(&ev->records));
		return;
	}
	str_add(&own, str_view(&ev->records));
	seen_overlay(h->reader, own.p, own.n);
	send_records(h, ev, str_view(&own));
	str_free(&own);
}

/* Is it one that takes \Recent away? Only the owner's are. */
static bool
takes_recent(const struct handle *h)
{
	return h->mode != 0 && h->reader == NULL;
}

/* The first who may claim them gets \Recent; then nobody does. */
static void
mark_recent(struct event *ev, bool recent)
{
	for (size_t i = 0; i < ev->records.n; i += RECORD_SIZE) {
		uint8_t *p = (uint8_t *)ev->records.p + i;
		struct record r;

		record_get(p, &r);
		r.flags = recent ? r.flags | FLAG_RECENT :
				   r.flags & ~(uint32_t)FLAG_RECENT;
		record_put(p, &r);
	}
}

static bool
claims_recent(const struct event *ev)
{
	struct handle *h;

	if (ev->kind != KIND_ADDED)
		return false;
	LIST_FOREACH (h, &ev->mb->handles, of_mailbox)
		if (takes_recent(h))
			return true;
	return false;
}

static void
tell_all(struct event *ev)
{
	bool recent = claims_recent(ev);
	struct handle *h;

	if (recent) {
		struct record last;

		record_at(str_view(&ev->records),
		    ev->records.n / RECORD_SIZE - 1, &last);
		ev->mb->h.first_recent = last.uid + 1;
		ev->mb->h.recent = 0;
		mailbox_touch(ev->mb);
	}
	LIST_FOREACH (h, &ev->mb->handles, of_mailbox) {
		if (h->since >= ev->seq)
			continue;
		if (ev->kind == KIND_ADDED)
			mark_recent(ev, recent && takes_recent(h));
		if (takes_recent(h))
			recent = false;
		send_to(h, ev);
	}
}

static void
publish(void *arg, bool ok)
{
	struct event *ev = arg;

	if (ev->mb->adding == ev)
		ev->mb->adding = NULL;
	if (ok && !ev->mb->stale)
		tell_all(ev);
	mailbox_unref(ev->mb);
	str_free(&ev->records);
	str_free(&ev->keywords);
	free(ev);
}

static struct event *
post(struct mailbox *mb, uint8_t kind)
{
	struct event *ev = xcalloc(1, sizeof(*ev));

	ev->mb = mb;
	ev->kind = kind;
	ev->seq = ++mb->event_seq;
	ev->mark = durable_mark();
	mb->adding = NULL;
	mailbox_ref(mb);
	durable_index(publish, ev);
	return ev;
}

static bool
nobody(const struct mailbox *mb)
{
	return LIST_EMPTY(&mb->handles);
}

void
event_added(struct mailbox *mb, const struct record *r)
{
	struct event *ev = mb->adding;
	char *to;

	watch_messages(mb, WATCH_ADDED);
	if (nobody(mb))
		return;
	if (ev == NULL || ev->mark != durable_mark()) {
		ev = post(mb, KIND_ADDED);
		mb->adding = ev;
	}
	to = str_room(&ev->records, RECORD_SIZE);
	record_put((uint8_t *)to, r);
	ev->records.n += RECORD_SIZE;
	ev->modseq = mb->h.modseq;
}

static void
post_records(struct mailbox *mb, uint8_t kind, struct view records)
{
	struct event *ev;

	if (nobody(mb) || records.n == 0)
		return;
	ev = post(mb, kind);
	str_add(&ev->records, records);
	ev->modseq = mb->h.modseq;
}

void
event_flags(struct mailbox *mb, struct view records)
{
	watch_messages(mb, WATCH_FLAGS);
	post_records(mb, KIND_FLAGS, records);
}

void
event_expunged(struct mailbox *mb, struct view records)
{
	watch_messages(mb, WATCH_EXPUNGED);
	post_records(mb, KIND_EXPUNGED, records);
}

void
event_keywords(struct mailbox *mb)
{
	struct event *ev;

	if (nobody(mb))
		return;
	ev = post(mb, KIND_KEYWORDS);
	ev->modseq = mb->h.modseq;
	str_add(&ev->keywords, str_view(&mb->h.keywords));
}

void
event_deleted(struct mailbox *mb)
{
	struct event ev = {
		.mb = mb, .kind = KIND_DELETED, .modseq = mb->h.modseq
	};
	struct handle *h;

	LIST_FOREACH (h, &mb->handles, of_mailbox)
		send_to(h, &ev);
}
