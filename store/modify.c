/* SPDX-License-Identifier: ISC */
/*
 * modify - flags and expunge
 */
#include <stdlib.h>

#include "lib/mail/rights.h"
#include "store/access.h"
#include "store/acl.h"
#include "store/behind.h"
#include "store/change.h"
#include "store/modify.h"
#include "store/outcome.h"

bool
modify_allowed(struct request *r, uint32_t handle, struct why *w)
{
	struct handle *h = handle_find(r->link, handle);

	if (h != NULL && h->mode == 0)
		return why_never(
		    w, "7.0", "The mailbox is open for reading only");
	return true;
}

bool
modify_set(
    struct request *r, struct mailbox *mb, struct view text, struct numset *set)
{
	return numset_parse(text, mb->h.uidnext - 1, &r->arena, set);
}

/*
 * Flags
 */

/* RFC 4314 4: what the user may not change stays, and that is an error only
 * where he may change nothing of what he names. */
static bool
limit(struct request *r, const struct msg_mailbox_flags *m,
    struct change_flags *c, struct why *w)
{
	struct handle *h = handle_find(r->link, m->handle);
	uint32_t allowed = FLAG_STORABLE, named = m->flags;
	uint64_t keywords = 1;

	if (h == NULL)
		return why_never(w, "5.1", "No such mailbox is open");
	access_limit(h->rights, &allowed, &keywords);
	if (m->mode == 0)
		named = FLAG_STORABLE;
	c->reader = h->reader;
	c->allowed = allowed;
	c->keywords_allowed = keywords != 0;
	return (named & allowed) != 0 ||
	    (c->keywords_allowed && m->keywords.n > 0) ||
	    (named == 0 && m->keywords.n == 0) ||
	    why_never(w, "7.0", "You have no right to change these flags");
}

static bool
set_flags(struct request *r, struct mailbox *mb, struct why *w)
{
	const struct msg_mailbox_flags *m = &r->m.mailbox_flags;
	struct view keywords = m->keywords;
	struct str modified = { 0 };
	struct message reply = { .type = MSG_mailbox_flagged };
	struct numset set;
	struct change_flags c = { .uids = &set,
		.mode = m->mode,
		.flags = m->flags,
		.unchangedsince = m->unchangedsince,
		.modified = &modified };
	bool ok;

	if (m->mode > 2 || !modify_set(r, mb, m->uids, &set))
		return why_never(w, "5.1", "Not a set of messages");
	if (!limit(r, m, &c, w))
		return false;
	if (!c.keywords_allowed)
		keywords = VIEW_NONE;
	if (!change_keywords(mb, keywords, m->mode != 2, &c.keywords))
		return why_never(w, "5.3", "The mailbox has too many keywords");
	reply.mailbox_flagged.modseq = change_flags(mb, &c);
	ok = request_safe(w) || request_unfinished(w);
	reply.mailbox_flagged.modified = str_view(&modified);
	if (ok)
		request_reply(r, &reply);
	str_free(&modified);
	return ok;
}

bool
modify_flags(struct request *r, struct why *w)
{
	uint32_t handle = r->m.mailbox_flags.handle;
	struct mailbox *mb =
	    modify_allowed(r, handle, w) ? request_mailbox(r, handle, w) : NULL;
	bool ok = mb != NULL && set_flags(r, mb, w);

	if (mb != NULL)
		mailbox_unref(mb);
	return ok;
}

/*
 * Choosing messages
 */

void
modify_choose(void *arg, size_t i)
{
	struct chosen *c = arg;
	struct entry e;

	records_at(c->records, i, &e);
	if (c->deleted_only && !(e.r.flags & FLAG_DELETED))
		return;
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->entries = xrealloc(c->entries, c->cap * sizeof(*c->entries));
		c->uids = xrealloc(c->uids, c->cap * sizeof(*c->uids));
	}
	c->uids[c->n] = e.r.uid;
	c->entries[c->n++] = e;
}

void
modify_chosen_free(struct chosen *c)
{
	free(c->entries);
	free(c->uids);
}

/*
 * Expunge
 */

static bool
expunge(struct request *r, struct mailbox *mb, struct why *w)
{
	const struct msg_mailbox_expunge *m = &r->m.mailbox_expunge;
	struct chosen c = { .records = &mb->records, .deleted_only = !m->any };
	struct outcome o;
	struct numset set;
	bool ok;

	if (!modify_set(r, mb, m->uids, &set))
		return why_never(w, "5.1", "Not a set of messages");
	records_each(&mb->records, &set, modify_choose, &c);
	outcome_begin(&o, &r->arena, mb);
	change_expunge(mb, c.uids, c.n);
	ok = request_safe(w) || outcome_is_gone(&o, c.uids, c.n, w);
	if (ok && c.n > 0 && !mb->stale)
		behind_sweep(mb);
	modify_chosen_free(&c);
	if (ok)
		why_done(w, "0.0", "Removed");
	return ok;
}

/* Messages without \Deleted stand for those that would be given it first. */
static bool
may_expunge(struct request *r, struct why *w)
{
	const struct msg_mailbox_expunge *m = &r->m.mailbox_expunge;

	return acl_allows(r, m->handle,
	    RIGHT_EXPUNGE | (m->any ? RIGHT_DELETED : 0), w);
}

bool
modify_expunge(struct request *r, struct why *w)
{
	uint32_t handle = r->m.mailbox_expunge.handle;
	struct mailbox *mb = NULL;

	if (modify_allowed(r, handle, w) && may_expunge(r, w))
		mb = request_mailbox(r, handle, w);
	if (mb == NULL)
		return false;
	expunge(r, mb, w);
	mailbox_unref(mb);
	return false; /* w is the answer in any case */
}
