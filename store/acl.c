/* SPDX-License-Identifier: ISC */
/*
 * acl - asking and changing
 */
#include "lib/mail/rights.h"
#include "store/access.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/attributes.h"
#include "store/event.h"
#include "store/load.h"
#include "store/watch.h"

static bool
add_row(void *arg, struct view name, struct view value)
{
	rights_add(arg, view_skip(name, sizeof(ACL_PREFIX) - 1), value);
	return true;
}

/* Most mailboxes have no list, which their header tells. */
static bool
has_list(struct view owner, struct view mailbox, bool *exists)
{
	struct header h = { 0 };

	*exists = index_header(owner, place_canonical(mailbox), &h) ==
	    KV_FOUND;
	str_free(&h.keywords);
	return *exists && (h.marks & MARK_ACL) != 0;
}

bool
acl_is_shared(struct view owner, struct view mailbox)
{
	bool exists;

	return has_list(owner, mailbox, &exists);
}

uint32_t
acl_rights(struct view owner, struct view mailbox, struct view user)
{
	struct rights_sum sum;
	bool exists;

	rights_begin(&sum, user, owner);
	if (has_list(owner, mailbox, &exists))
		attributes_each(owner, mailbox, VIEW_LIT(ACL_PREFIX), add_row,
		    &sum);
	return rights_end(&sum);
}

bool
acl_allows(struct request *r, uint32_t handle, uint32_t rights, struct why *w)
{
	struct handle *h = handle_find(r->link, handle);

	return h == NULL || (h->rights & rights) == rights ||
	    why_never(w, "7.0", "You have no right to do that");
}

/* ---- asking ---- */

struct listing {
	struct str list;	/* identifier, letters, ... */
	struct view owner;
	bool named;
};

static bool
take_row(void *arg, struct view name, struct view value)
{
	struct listing *l = arg;
	struct view identifier = view_skip(name, sizeof(ACL_PREFIX) - 1);

	l->named |= view_eq(identifier, l->owner);
	list_put(&l->list, identifier);
	list_put(&l->list, value);
	return true;
}

static void
put_entry(struct str *list, struct view identifier, uint32_t rights)
{
	struct str letters = { 0 };

	rights_write(&letters, rights, false);
	list_put(list, identifier);
	list_put(list, str_view(&letters));
	str_free(&letters);
}

/* The owner has his rights whether or not he is named. */
static void
list_rows(const struct access *a, struct str *out)
{
	struct listing l = { .owner = a->owner };

	attributes_each(a->owner, a->name, VIEW_LIT(ACL_PREFIX), take_row, &l);
	if (!l.named)
		put_entry(out, a->owner, RIGHTS_ALL);
	str_add(out, str_view(&l.list));
	str_free(&l.list);
}

static bool
may_ask(const struct access *a, bool mine, struct why *w)
{
	if (!mine)
		return access_needs(a, RIGHT_ADMIN, w);
	return (a->rights & RIGHTS_KNOW) != 0 || access_no_such(w);
}

bool
acl_get(struct request *r, struct why *w)
{
	const struct msg_acl_get *m = &r->m.acl_get;
	struct message reply = { .type = MSG_acl };
	struct str letters = { 0 }, list = { 0 };
	struct access a;

	if (!access_find(r, m->session, m->mailbox, &a, w) ||
	    !may_ask(&a, m->mine != 0, w))
		return false;
	if (!account_exists(a.owner, a.name) &&
	    !view_is(place_canonical(a.name), "INBOX"))
		return access_no_such(w);
	rights_write(&letters, a.rights, false);
	if (!m->mine)
		list_rows(&a, &list);
	reply.acl.owner = a.owner;
	reply.acl.rights = str_view(&letters);
	reply.acl.entries = str_view(&list);
	request_reply(r, &reply);
	str_free(&letters);
	str_free(&list);
	return true;
}

/* ---- what changes for those who have it open ---- */

static void
tell_rights(struct handle *h, uint32_t rights)
{
	struct message m = { .type = MSG_mailbox_event };
	struct str letters = { 0 };

	if (h->rights == rights)
		return;
	h->rights = rights;
	rights_write(&letters, rights, false);
	m.mailbox_event.handle = h->number;
	m.mailbox_event.kind = EVENT_RIGHTS;
	m.mailbox_event.modseq = h->mb->h.modseq;
	m.mailbox_event.records = str_view(&letters);
	if (h->link->channel != NULL)
		channel_send(h->link->channel, &m);
	str_free(&letters);
}

static void
tell_all(struct view owner, struct view mailbox)
{
	struct mailbox *mb = mailbox_find(owner, mailbox);
	struct handle *h;

	if (mb == NULL)
		return;
	LIST_FOREACH(h, &mb->handles, of_mailbox) {
		const char *user = grant_user(h->link, h->session);

		tell_rights(h, user == NULL ? 0 :
		    acl_rights(owner, mailbox, view_of(user)));
	}
}

/* ---- changing ---- */

/* What stands there now, for "+" and "-". */
static uint32_t
rights_now(const struct access *a, struct view identifier)
{
	struct str name = { 0 }, value = { 0 };
	uint32_t rights = 0;

	str_adds(&name, ACL_PREFIX);
	str_add(&name, identifier);
	if (attributes_get(a->owner, a->name, str_view(&name), &value) !=
	    KV_FOUND)
		rights = view_eq(identifier, a->owner) ? RIGHTS_ALL : 0;
	else if (!rights_parse(str_view(&value), &rights))
		rights = 0;
	str_free(&name);
	str_free(&value);
	return rights;
}

/* A row that gives nothing says something about the owner only. */
static bool
set_row(const struct access *a, struct view identifier, uint32_t rights,
    bool remove, struct why *w)
{
	struct str name = { 0 }, value = { 0 };
	struct attribute change = { .name = VIEW_NONE };
	bool ok;

	str_adds(&name, ACL_PREFIX);
	str_add(&name, identifier);
	change.name = str_view(&name);
	if (!remove && (rights != 0 || view_eq(identifier, a->owner))) {
		rights_write(&value, rights, false);
		change.value = str_view(&value);
	} else {
		change.value.p = NULL;
	}
	ok = attributes_set(a->owner, a->name, &change, 1, w);
	str_free(&name);
	str_free(&value);
	return ok;
}

static bool
set_locked(struct request *r, const struct access *a, struct view identifier,
    struct why *w)
{
	const struct msg_acl_set *m = &r->m.acl_set;
	uint32_t rights = rights_now(a, identifier);
	struct str onlookers = { 0 };

	if (!m->remove && !rights_change(m->rights, &rights))
		return why_never(w, "5.1", "There is no such right");
	watch_onlookers(a->owner, a->name, &onlookers);
	if (set_row(a, identifier, rights, m->remove != 0, w)) {
		tell_all(a->owner, a->name);
		watch_onlookers_tell(r, a->owner, &(struct watch_change){
		    .name = a->name, .session = m->session },
		    str_view(&onlookers));
		why_done(w, "0.0", "Rights changed");
	}
	str_free(&onlookers);
	return false;
}

/* Asked again under the lock, as they may have gone meanwhile. */
bool
acl_set(struct request *r, struct why *w)
{
	const struct msg_acl_set *m = &r->m.acl_set;
	struct str identifier = { 0 };
	struct account_lock *l;
	struct access a;
	/* an INBOX that nobody has used yet is made by this */
	struct mailbox *mb = access_open(r, m->session, m->mailbox,
	    RIGHT_ADMIN, &a, w);

	if (mb == NULL)
		return false;
	l = account_lock(a.owner);
	if (!access_still(&a, RIGHT_ADMIN, w))
		;
	else if (rights_identifier(m->identifier, a.owner, &identifier))
		set_locked(r, &a, str_view(&identifier), w);
	else
		why_never(w, "5.1", "Not an identifier that rights are given to");
	account_unlock(l);
	mailbox_unref(mb);
	str_free(&identifier);
	return false;
}

/* ---- a new mailbox ---- */

bool
acl_inherit(struct view owner, struct view mailbox, struct why *w)
{
	struct view parent = mailbox;

	parent.n = view_rfind(parent, '/');
	return parent.n >= mailbox.n || !account_exists(owner, parent) ||
	    attributes_copy(owner, parent, mailbox, VIEW_LIT(ACL_PREFIX), w);
}
