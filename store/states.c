/* SPDX-License-Identifier: ISC */
/*
 * states - from memory, or from the row
 */
#include "store/access.h"
#include "store/attributes.h"
#include "store/load.h"
#include "store/seen.h"
#include "store/states.h"

#define BATCH 50 /* mailboxes before others have their turn */

static void
fill(struct view user, struct view name, const struct header *h,
    struct msg_mailbox_state *s, struct str *id)
{
	attributes_id(user, name, h, id);
	*s = (struct msg_mailbox_state){ .messages = h->count,
		.recent = h->recent,
		.unseen = h->unseen,
		.deleted = h->deleted,
		.uidnext = h->uidnext,
		.uidvalidity = h->uidvalidity,
		.size = h->octets,
		.deleted_size = h->deleted_octets,
		.modseq = h->modseq,
		.id = str_view(id) };
}

/* What is in no memory has been written, and is on disk. */
static bool
from_row(struct view user, struct view name, struct msg_mailbox_state *s,
    struct str *id)
{
	struct header h = { 0 };
	bool ok = mailbox_find(user, name) == NULL &&
		  index_header(user, place_canonical(name), &h) == KV_FOUND &&
		  h.known && h.deleted_octets != INDEX_UNKNOWN;

	if (ok)
		fill(user, name, &h, s, id);
	str_free(&h.keywords);
	return ok;
}

/* A reader of somebody else's mailbox has a \Seen of his own. */
static bool
from_memory(const struct access *a, struct msg_mailbox_state *s, struct str *id,
    struct why *w)
{
	struct mailbox *mb = mailbox_get(a->owner, a->name, w);
	struct reader *reader = NULL;
	bool ok;

	if (mb == NULL)
		return false;
	ok = mailbox_settle(mb, w) && access_reader(a, mb, &reader, w);
	if (ok)
		fill(a->owner, a->name, &mb->h, s, id);
	if (ok && reader != NULL) {
		s->recent = 0;
		s->unseen = seen_unseen(mb, reader);
	}
	mailbox_unref(mb);
	return ok;
}

static bool
state(struct request *r, struct view user, struct view name,
    struct message *one, struct str *id, struct why *w)
{
	struct access a;

	if (!access_of(r, user, name, &a, w) ||
	    !access_needs(&a, RIGHT_READ, w))
		return false;
	return (access_is_own(&a) &&
		   from_row(a.owner, a.name, &one->mailbox_state, id)) ||
	       from_memory(&a, &one->mailbox_state, id, w);
}

bool
states_one(struct request *r, struct why *w)
{
	const struct msg_mailbox_status *m = &r->m.mailbox_status;
	const char *user = request_user(r, m->session, w);
	struct message reply = { .type = MSG_mailbox_state };
	struct str id = { 0 };
	bool ok = user != NULL &&
		  state(r, view_of(user), m->mailbox, &reply, &id, w);

	if (ok)
		request_reply(r, &reply);
	str_free(&id);
	return ok;
}

/* ---- many ---- */

struct batch;
struct one {
	struct batch *batch;
	struct view name;
	struct str frame;	/* empty: there is nothing to be told */
};

/* Those that are not known yet are read beside each other, as each waits for
 * the disk. */
struct batch {
	struct request *r;
	struct view user;
	struct one one[BATCH];
	size_t n, running;
	struct fiber_queue done;
};

static void
put_state(struct one *o)
{
	struct message m = { .type = MSG_mailbox_state };
	struct fds none = { 0 };
	struct str id = { 0 };
	struct why w;

	if (state(o->batch->r, o->batch->user, o->name, &m, &id, &w))
		(void)message_encode(&m, &o->frame, &none);
	str_free(&id);
}

static void
state_run(void *arg)
{
	struct one *o = arg;

	put_state(o);
	if (--o->batch->running == 0)
		fiber_queue_wake(&o->batch->done);
}

static bool
is_known(struct view user, struct view name)
{
	struct header h = { 0 };
	bool known = mailbox_find(user, name) != NULL ||
	    (index_header(user, place_canonical(name), &h) == KV_FOUND &&
		h.known);

	str_free(&h.keywords);
	return known;
}

static void
batch_run(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct one *o = &b->one[i];

		o->batch = b;
		if (is_known(b->user, o->name)) {
			put_state(o);
		} else {
			b->running++;
			fiber_start(state_run, o);
		}
	}
	while (b->running > 0)
		fiber_queue_hold(&b->done, DEADLINE_NEVER);
}

static void
batch_put(struct batch *b, struct str *list)
{
	for (size_t i = 0; i < b->n; i++) {
		list_put(list, str_view(&b->one[i].frame));
		str_free(&b->one[i].frame);
	}
	b->n = 0;
}

bool
states_many(struct request *r, struct why *w)
{
	const struct msg_mailbox_states_get *m = &r->m.mailbox_states_get;
	const char *user = request_user(r, m->session, w);
	struct message reply = { .type = MSG_mailbox_states };
	struct view rest = m->mailboxes;
	struct str list = { 0 };
	struct batch *b;

	if (user == NULL)
		return false;
	b = arena_zalloc(&r->arena, sizeof(*b));
	b->r = r;
	b->user = arena_view(&r->arena, view_of(user));
	while (rest.n > 0) {
		while (b->n < BATCH && list_next(&rest, &b->one[b->n].name))
			b->n++;
		if (b->n == 0)
			break;
		batch_run(b);
		batch_put(b, &list);
		fiber_sleep(0);
	}
	reply.mailbox_states.states = str_view(&list);
	request_reply(r, &reply);
	str_free(&list);
	return true;
}
