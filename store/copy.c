/* SPDX-License-Identifier: ISC */
/*
 * copy - copy and move
 *
 * A copy is a hard link. A move is a copy whose rows are written in one
 * transaction with the removal of the source's, so a message is never in both
 * mailboxes and never in none. Where another store has the target it is
 * store/copy_out.h.
 */
#include <errno.h>

#include "store/access.h"
#include "store/acl.h"
#include "store/behind.h"
#include "store/change.h"
#include "store/copy.h"
#include "store/copy_out.h"
#include "store/copying.h"
#include "store/fresh.h"
#include "store/load.h"
#include "store/modify.h"
#include "store/seen.h"

/* A request, and what it has come to. */
struct copy {
	struct request *r;
	const struct msg_copy *m;
	struct mailbox *from;
	struct view user;		/* who copies */
	struct reader *reader;		/* in the source; NULL: its owner */
	struct chosen source;
	uint32_t uidvalidity;
	struct str uids;		/* of the copies */
};

static bool
is_gone(const struct mailbox *from, const struct chosen *source)
{
	const struct records *r = &from->records;

	for (size_t i = 0; from->loaded && i < source->n; i++)
		if (records_find(r, source->uids[i]) == r->n)
			return true;
	return false;
}

static bool
no_longer_there(struct why *w)
{
	return why_never(w, "2.5", "Messages are not there any more");
}

/* In the transaction of the target's rows. */
static bool
remove_source(struct copying *c)
{
	const struct chosen *source = c->arg;

	if (c->from->stale || c->from->deleted || !c->from->loaded ||
	    is_gone(c->from, source))
		return false;
	change_expunge(c->from, source->uids, source->n);
	return true;
}

/* Between mailboxes of this store. */
static bool
copy_all(struct copying *c, struct chosen *source, bool move, struct why *w)
{
	bool ok;

	c->from_dir = c->from->cur;
	c->keywords = str_view(&c->from->h.keywords);
	c->source = source->entries;
	c->n = source->n;
	c->arg = source;
	c->rows = move ? remove_source : NULL;
	ok = copying_run(c, w);
	if (!ok && (c->refused || c->error == ENOENT) &&
	    is_gone(c->from, source))
		no_longer_there(w);
	if (ok && move && source->n > 0)
		behind_sweep(c->from);
	return ok;
}

/* The messages, as who copies sees them. */
static bool
choose(struct copy *cp, struct why *w)
{
	struct mailbox *from = cp->from;
	struct numset set;

	if (!modify_set(cp->r, from, cp->m->uids, &set))
		return why_never(w, "5.1", "Not a set of messages");
	if (!fresh_sync(from, &set, w) || !mailbox_usable(from, w) ||
	    !mailbox_load(from, w))
		return false;
	cp->source.records = &from->records;
	records_each(&from->records, &set, modify_choose, &cp->source);
	for (size_t i = 0; cp->reader != NULL && i < cp->source.n; i++)
		seen_overlay_one(cp->reader, &cp->source.entries[i].r);
	return true;
}

static bool
copy_here(struct copy *cp, struct access *to, struct why *w)
{
	struct copying c = { .from = cp->from };
	bool ok;

	c.to = mailbox_get(to->owner, to->name, w);
	if (c.to == NULL)
		return false;
	ok = choose(cp, w) && access_still(to, RIGHT_INSERT, w) &&
	    access_reader(to, c.to, &c.reader, w);
	c.rights = to->rights;
	ok = ok &&
	    copy_all(&c, &cp->source, cp->m->move != 0, w);
	if (ok) {
		cp->uidvalidity = c.to->h.uidvalidity;
		copying_uids(&c, &cp->uids);
	}
	mailbox_unref(c.to);
	copying_free(&c);
	return ok;
}

/* The copies are safe, and what is still there of the source goes. */
static bool
remove_moved(struct copy *cp, struct why *w)
{
	struct chosen *s = &cp->source;
	size_t n = 0;

	if (!mailbox_usable(cp->from, w) || !mailbox_load(cp->from, w))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (records_find(&cp->from->records, s->uids[i]) <
		    cp->from->records.n)
			s->uids[n++] = s->uids[i];
	change_expunge(cp->from, s->uids, n);
	if (!request_safe(w))
		return request_unfinished(w);
	if (n > 0 && !cp->from->stale)
		behind_sweep(cp->from);
	return true;
}

static bool
copy_there(struct copy *cp, uint32_t instance, struct why *w)
{
	struct copy_out out = { .user = cp->user,
		.target = cp->m->mailbox,
		.instance = instance,
		.from = cp->from,
		.source = &cp->source };
	bool ok = copy_out(&out, w);

	cp->uidvalidity = out.uidvalidity;
	str_add(&cp->uids, str_view(&out.uids));
	str_free(&out.uids);
	return ok;
}

static void
put_source(const struct copy *cp, struct str *out)
{
	struct numset_text t;

	numset_begin(&t, out);
	for (size_t i = 0; i < cp->source.n; i++)
		numset_put(&t, cp->source.entries[i].r.uid);
	numset_end(&t);
}

static void
copy_reply(struct copy *cp)
{
	struct message m = { .type = MSG_copied };
	struct str source = { 0 };

	put_source(cp, &source);
	m.copied.uidvalidity = cp->uidvalidity;
	m.copied.source = str_view(&source);
	m.copied.target = str_view(&cp->uids);
	request_reply(cp->r, &m);
	str_free(&source);
}

static bool
copy_from(struct copy *cp, struct why *w)
{
	struct access to;
	uint32_t instance;
	bool ok;

	if (!access_instance(cp->user, cp->m->mailbox, &instance)) {
		ok = choose(cp, w) && copy_there(cp, instance, w) &&
		    (!cp->m->move || remove_moved(cp, w));
	} else {
		ok = access_of(cp->r, cp->user, cp->m->mailbox, &to, w) &&
		    access_needs(&to, RIGHT_INSERT, w) && copy_here(cp, &to, w);
	}
	if (ok)
		copy_reply(cp);
	modify_chosen_free(&cp->source);
	str_free(&cp->uids);
	return ok;
}

/* RFC 6851 4.4: a move needs what the commands need that it stands for. */
static bool
may_copy(struct request *r, const struct msg_copy *m, struct why *w)
{
	return !m->move || (modify_allowed(r, m->handle, w) &&
	    acl_allows(r, m->handle, RIGHT_DELETED | RIGHT_EXPUNGE, w));
}

bool
copy_request(struct request *r, struct why *w)
{
	const struct msg_copy *m = &r->m.copy;
	struct copy cp = { .r = r, .m = m };
	struct handle *h;
	const char *user;
	bool ok;

	if (!may_copy(r, m, w) || !trouble_space(w))
		return false;
	cp.from = request_mailbox(r, m->handle, w);
	h = handle_find(r->link, m->handle);
	user = cp.from && h ? request_user(r, h->session, w) : NULL;
	ok = user != NULL;
	if (ok) {
		cp.user = view_of(user);
		cp.reader = h->reader;
		ok = copy_from(&cp, w);
	}
	if (cp.from != NULL)
		mailbox_unref(cp.from);
	return ok;
}

bool
copy_move_all(struct mailbox *from, struct mailbox *to, struct why *w)
{
	struct numset_range range = { 1, UINT32_MAX };
	const struct numset all = { .ranges = &range, .n = 1 };
	struct copying c = { .from = from, .to = to, .rights = RIGHTS_ALL };
	struct chosen source = { .records = &from->records };
	bool ok = fresh_sync(from, &all, w) && mailbox_load(from, w);

	for (size_t i = 0; ok && i < from->records.n; i++)
		modify_choose(&source, i);
	ok = ok && copy_all(&c, &source, true, w);
	copying_free(&c);
	modify_chosen_free(&source);
	return ok;
}
