/* SPDX-License-Identifier: ISC */
/*
 * usage - an answer with numbers of all mailboxes, each of them known
 *
 * Limits that are set here are an attribute of INBOX, so they last and go with
 * the user's files.
 */
#include "lib/base/log.h"
#include "lib/mail/shared.h"
#include "store/access.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/attributes.h"
#include "store/full.h"
#include "store/load.h"
#include "store/quota.h"
#include "store/shares.h"
#include "store/usage.h"

static struct words admins;

void
usage_begin(const struct words *quota_admins)
{
	admins = *quota_admins;
}

static void
reply(struct request *r, struct quota *q)
{
	const struct quota_limits *l = full_limits(q);
	struct message m = { .type = MSG_quota_state,
		.quota_state = { .user = view_of(q->user),
		    .octets = q->octets, .messages = q->messages,
		    .octets_most = l->octets, .messages_most = l->messages,
		    .set = quota_is_said(&q->own),
		    .full = (l->octets > 0 && q->octets >= l->octets) ||
			(l->messages > 0 && q->messages >= l->messages) } };

	request_reply(r, &m);
}

static bool
is_admin(const struct request *r, struct view user)
{
	const struct channel *c = r->link->channel;

	if (c != NULL && channel_peer(c)->role == ROLE_CTL)
		return true;
	for (size_t i = 0; i < admins.n; i++)
		if (view_eq(admins.word[i], user))
			return true;
	return false;
}

/* RFC 9208 4.1.1: who may read one of the mailboxes may know. */
static bool
reads_any(const struct access *a, struct why *w)
{
	struct str names = { 0 }, owner = { 0 };
	struct view rest, name, mailbox;
	bool yes = false;

	(void)shares_list(a->user, &names, w);
	rest = str_view(&names);
	while (!yes && list_next(&rest, &name)) {
		str_reset(&owner);
		yes = shared_parse(name, &owner, &mailbox) &&
		    view_eq(str_view(&owner), a->owner) &&
		    (acl_rights(a->owner, mailbox, a->user) & RIGHT_READ);
	}
	str_free(&names);
	str_free(&owner);
	return yes;
}

static bool
no_such_root(struct why *w)
{
	return why_never(w, "2.1", "There is no such quota root");
}

/* The user whom a root belongs to, with a reference. */
static struct quota *
owner_of_root(struct request *r, struct why *w)
{
	const struct msg_quota_get *m = &r->m.quota_get;
	struct access a;

	if (!access_find(r, m->session, m->mailbox, &a, w))
		return NULL;
	if (access_is_own(&a) || is_admin(r, a.user) || reads_any(&a, w))
		return quota_ref(a.owner);
	no_such_root(w);
	return NULL;
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
	if (m->root)
		return owner_of_root(r, w);
	mb = access_open(r, m->session, m->mailbox, RIGHT_READ, &a, w);
	if (mb == NULL)
		return NULL;
	q = quota_ref(a.owner);
	mailbox_unref(mb);
	return q;
}

/* Numbers that are right, or the reason. */
static bool
answer(struct request *r, struct quota *q, struct why *w)
{
	bool ok = quota_read_all(q, w);

	if (ok)
		reply(r, q);
	return ok;
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
	ok = answer(r, q, w);
	quota_unref(q);
	return ok;
}

/* ---- setting ---- */

static bool
set_own(struct view user, const struct quota_limits *l, struct why *w)
{
	struct attribute change = { .name = VIEW_LIT(QUOTA_ATTRIBUTE) };
	struct account_lock *lock = account_lock(user);
	struct str value = { 0 };
	bool ok;

	if (quota_is_said(l)) {
		quota_write(&value, l);
		change.value = str_view(&value);
	}
	ok = attributes_set(user, VIEW_LIT("INBOX"), &change, 1, w);
	account_unlock(lock);
	str_free(&value);
	return ok;
}

/* No limit is 0; one alone is not left to others to say. */
static bool
is_legal(const struct quota_limits *l)
{
	return (l->octets == QUOTA_UNSAID && l->messages == QUOTA_UNSAID) ||
	    (l->octets <= QUOTA_MOST && l->messages <= QUOTA_MOST);
}

bool
usage_set(struct request *r, struct why *w)
{
	const struct msg_quota_set *m = &r->m.quota_set;
	const struct quota_limits l = { m->octets, m->messages };
	const char *user = request_user(r, m->session, w);
	struct mailbox *inbox;
	struct access a;
	struct quota *q;
	bool ok;

	if (user == NULL)
		return false;
	/* first, as nobody else need know who has mail */
	if (!is_admin(r, view_of(user)))
		return why_never(w, "7.0",
		    "Limits are set by administrators of quotas");
	if (!access_find(r, m->session, m->mailbox, &a, w))
		return false;
	if (!is_legal(&l))
		return why_never(w, "5.1", "No such limit can be set");
	/* one that nobody has used yet is made by this */
	inbox = mailbox_get(a.owner, VIEW_LIT("INBOX"), w);
	if (inbox == NULL)
		return false;
	q = quota_ref(a.owner);
	ok = set_own(a.owner, &l, w) && answer(r, q, w);
	if (ok)
		log_info("quota", "user=%s set-by=%s octets=%llu messages=%llu",
		    log_quote(a.owner), log_quote(a.user),
		    (unsigned long long)full_limits(q)->octets,
		    (unsigned long long)full_limits(q)->messages);
	quota_unref(q);
	mailbox_unref(inbox);
	return ok;
}
