/* SPDX-License-Identifier: ISC */
/*
 * states - from memory, or from the row
 */
#include "store/access.h"
#include "store/attributes.h"
#include "store/load.h"
#include "store/seen.h"
#include "store/states.h"

#define TURN 50 /* mailboxes before others have their turn */

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

static void
put_state(struct request *r, struct view user, struct view name,
    struct str *list)
{
	struct message one = { .type = MSG_mailbox_state };
	struct str id = { 0 }, frame = { 0 };
	struct fds none = { 0 };
	struct why w;

	if (state(r, user, name, &one, &id, &w))
		(void)message_encode(&one, &frame, &none);
	list_put(list, str_view(&frame));
	str_free(&id);
	str_free(&frame);
}

bool
states_many(struct request *r, struct why *w)
{
	struct view rest = r->m.mailbox_states_get.mailboxes, name;
	const char *user =
	    request_user(r, r->m.mailbox_states_get.session, w);
	struct message reply = { .type = MSG_mailbox_states };
	struct str list = { 0 };

	if (user == NULL)
		return false;
	for (unsigned n = 1; list_next(&rest, &name); n++) {
		put_state(r, view_of(user), name, &list);
		if (n % TURN == 0)
			fiber_sleep(0);
	}
	reply.mailbox_states.states = str_view(&list);
	request_reply(r, &reply);
	str_free(&list);
	return true;
}
