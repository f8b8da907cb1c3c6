/* SPDX-License-Identifier: ISC */
/*
 * usage - an answer with numbers of all mailboxes, each of them known
 */
#include "store/access.h"
#include "store/full.h"
#include "store/load.h"
#include "store/quota.h"
#include "store/usage.h"

static void
reply(struct request *r, struct quota *q)
{
	const struct quota_limits *l = full_limits(q);
	struct message m = { .type = MSG_quota_state,
		.quota_state = { .user = view_of(q->user),
		    .octets = q->octets, .messages = q->messages,
		    .octets_most = l->octets, .messages_most = l->messages,
		    .full = (l->octets > 0 && q->octets >= l->octets) ||
			(l->messages > 0 && q->messages >= l->messages) } };

	request_reply(r, &m);
}

/* The user whom a mailbox of the session belongs to, with a reference. */
static struct quota *
owner(struct request *r, struct why *w)
{
	const struct msg_quota_get *m = &r->m.quota_get;
	const char *user = request_user(r, m->session, w);
	struct mailbox *mb;
	struct access a;
	struct quota *q;

	if (user == NULL || m->mailbox.n == 0)
		return user ? quota_ref(view_of(user)) : NULL;
	mb = access_open(r, m->session, m->mailbox, RIGHT_READ, &a, w);
	if (mb == NULL)
		return NULL;
	q = quota_ref(a.owner);
	mailbox_unref(mb);
	return q;
}

bool
usage_get(struct request *r, struct why *w)
{
	struct quota *q = owner(r, w);
	bool ok;

	if (q == NULL)
		return false;
	if (r->m.quota_get.recount)
		quota_forget(q);
	ok = quota_read_all(q, w);
	if (ok)
		reply(r, q);
	quota_unref(q);
	return ok;
}
