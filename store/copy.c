/* SPDX-License-Identifier: ISC */
/*
 * copy - copy and move
 *
 * A copy is a hard link. A move is a copy whose rows are written in one
 * transaction with the removal of the source's, so a message is never in both
 * mailboxes and never in none.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/proc/pool.h"
#include "store/arrival.h"
#include "store/behind.h"
#include "store/change.h"
#include "store/copy.h"
#include "store/durable.h"
#include "store/fresh.h"
#include "store/load.h"
#include "store/modify.h"

#define LINKS_INLINE 64 /* more are made in a thread */

struct copying {
	struct mailbox *from, *to;
	bool move;
	struct chosen source;
	struct entry *target; /* their new entries */
	char **old, **new; /* file names */
	size_t made;
	int error;
	bool gone; /* of a move: another session was quicker */
};

static void
copy_free(struct copying *c)
{
	for (size_t i = 0; c->old != NULL && i < c->source.n; i++) {
		free(c->old[i]);
		free(c->new[i]);
	}
	free(c->old);
	free(c->new);
	free(c->target);
	modify_chosen_free(&c->source);
}

static char *
name_of(const struct entry *e)
{
	struct str name = { 0 };

	mailbox_file_name(e, &name);
	return name.p;
}

/* New UIDs, and keywords by the target's numbers. */
static bool
plan(struct copying *c)
{
	size_t n = c->source.n;
	uint64_t last = 0, bits = 0;

	c->target = xcalloc(n, sizeof(*c->target));
	c->old = xcalloc(n, sizeof(*c->old));
	c->new = xcalloc(n, sizeof(*c->new));
	for (size_t i = 0; i < n; i++) {
		struct entry e = c->source.entries[i];
		struct str names = { 0 };
		bool fit = true;

		c->old[i] = name_of(&e);
		if (e.r.keywords != last) {
			last = e.r.keywords;
			change_keyword_names(c->from, last, &names);
			fit = change_keywords(
			    c->to, str_view(&names), true, &bits);
			str_free(&names);
		}
		e.r.keywords = last ? bits : 0;
		e.r.uid = change_uid(c->to);
		e.r.saved = clock_wall();
		e.kind = PLACE_COPIED;
		e.number = 0;
		e.letters = place_letters(e.r.flags, e.r.keywords);
		c->target[i] = e;
		c->new[i] = name_of(&e);
		if (!fit)
			return false;
	}
	return true;
}

static void
link_run(void *arg)
{
	struct copying *c = arg;

	for (; c->error == 0 && c->made < c->source.n; c->made++)
		if (linkat(c->from->cur, c->old[c->made], c->to->cur,
			c->new[c->made], 0) < 0) {
			c->error = errno;
			break;
		}
}

static bool
is_gone(const struct copying *c)
{
	const struct records *r = &c->from->records;

	for (size_t i = 0; c->from->loaded && i < c->source.n; i++)
		if (records_find(r, c->source.uids[i]) == r->n)
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
remove_source(struct arrival *a)
{
	struct copying *c = a->arg;

	if (c->from->stale || c->from->deleted || !c->from->loaded)
		return false;
	c->gone = is_gone(c);
	if (c->gone)
		return false;
	change_expunge(c->from, c->source.uids, c->source.n);
	return true;
}

static void
copy_done(struct arrival *a, bool ok)
{
	struct copying *c = a->arg;

	c->error = ok ? 0 : EIO;
	c->made = SIZE_MAX;
}

/* Names are made: rows, in one transaction. */
static bool
copy_rows(struct copying *c, struct why *w)
{
	struct arrival a = { .mb = c->to,
		.entries = c->target,
		.n = c->source.n,
		.rows = c->move ? remove_source : NULL,
		.done = copy_done,
		.arg = c };

	arrival_start(&a);
	while (c->made != SIZE_MAX) /* it takes two rounds */
		durable_index_wait();
	if (c->gone)
		return no_longer_there(w);
	if (c->error != 0)
		return why_later(w, "3.0", "The messages could not be copied");
	return true;
}

/* Link them all, then write rows. A large copy has the target for itself. */
static bool
copy_all(struct copying *c, struct why *w)
{
	bool large = c->source.n > LINKS_INLINE, ok;
	struct arrival undo = { .mb = c->to };

	if (c->source.n == 0)
		return true;
	if (!arrival_prepare(c->to, w) || !mailbox_usable(c->from, w) ||
	    (large && !mailbox_seize(c->to, w)))
		return false;
	ok =
	    plan(c) || why_never(w, "5.3", "The mailbox has too many keywords");
	if (ok && large)
		pool_call(link_run, c);
	else if (ok)
		link_run(c);
	undo.entries = c->target;
	if (ok && c->error != 0) {
		arrival_undo(&undo, c->made);
		ok = c->error == ENOENT && is_gone(c) ?
			 no_longer_there(w) :
			 trouble_errno(w, "Copying a message", c->error);
	}
	ok = ok && copy_rows(c, w);
	if (large)
		mailbox_ready(c->to);
	if (ok && c->move)
		behind_sweep(c->from);
	return ok;
}

static void
put_uids(struct str *out, const struct copying *c, bool target)
{
	struct numset_text t;

	numset_begin(&t, out);
	for (size_t i = 0; i < c->source.n; i++)
		numset_put(&t, target ? c->target[i].r.uid : c->source.uids[i]);
	numset_end(&t);
}

static void
copy_reply(struct request *r, struct copying *c)
{
	struct message m = { .type = MSG_copied };
	struct str source = { 0 }, target = { 0 };

	put_uids(&source, c, false);
	put_uids(&target, c, true);
	m.copied.uidvalidity = c->to->h.uidvalidity;
	m.copied.source = str_view(&source);
	m.copied.target = str_view(&target);
	request_reply(r, &m);
	str_free(&source);
	str_free(&target);
}

static bool
copy_from(struct request *r, struct mailbox *from, struct why *w)
{
	const struct msg_copy *m = &r->m.copy;
	struct copying c = { .from = from, .move = m->move != 0 };
	struct numset set;
	bool ok;

	if (!modify_set(r, from, m->uids, &set))
		return why_never(w, "5.1", "Not a set of messages");
	c.to = mailbox_get(view_of(from->user), m->mailbox, w);
	if (c.to == NULL)
		return false;
	ok = fresh_sync(from, &set, w) && mailbox_usable(from, w) &&
	    mailbox_load(from, w);
	c.source.records = &from->records;
	if (ok)
		records_each(&from->records, &set, modify_choose, &c.source);
	ok = ok && copy_all(&c, w);
	if (ok)
		copy_reply(r, &c);
	mailbox_unref(c.to);
	copy_free(&c);
	return ok;
}

bool
copy_request(struct request *r, struct why *w)
{
	const struct msg_copy *m = &r->m.copy;
	struct mailbox *from;
	bool ok;

	if ((m->move && !modify_allowed(r, m->handle, w)) || !trouble_space(w))
		return false;
	from = request_mailbox(r, m->handle, w);
	if (from == NULL)
		return false;
	ok = copy_from(r, from, w);
	mailbox_unref(from);
	return ok;
}

bool
copy_move_all(struct mailbox *from, struct mailbox *to, struct why *w)
{
	struct numset_range range = { 1, UINT32_MAX };
	const struct numset all = { .ranges = &range, .n = 1 };
	struct copying c = { .from = from, .to = to, .move = true };
	bool ok = fresh_sync(from, &all, w) && mailbox_load(from, w);

	c.source.records = &from->records;
	for (size_t i = 0; ok && i < from->records.n; i++)
		modify_choose(&c.source, i);
	ok = ok && copy_all(&c, w);
	copy_free(&c);
	return ok;
}
