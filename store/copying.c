/* SPDX-License-Identifier: ISC */
/*
 * copying - plan, link, rows
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/mail/numset.h"
#include "lib/proc/pool.h"
#include "store/access.h"
#include "store/change.h"
#include "store/copying.h"
#include "store/durable.h"
#include "store/quota.h"

#define LINKS_INLINE 64 /* more are made in a thread */

void
copying_free(struct copying *c)
{
	for (size_t i = 0; c->old != NULL && i < c->n; i++) {
		free(c->old[i]);
		free(c->new[i]);
	}
	free(c->old);
	free(c->new);
	free(c->seen);
	free(c->target);
}

static char *
name_of(const struct entry *e)
{
	struct str name = { 0 };

	mailbox_file_name(e, &name);
	return name.p;
}

static char *
old_name(const struct copying *c, size_t i)
{
	struct str name = { 0 };

	if (c->base.n == 0)
		return name_of(&c->source[i]);
	str_add(&name, c->base);
	str_addf(&name, ".%zu", i);
	return name.p;
}

/* Keywords by the target's numbers. Runs of messages with the same ones are
 * translated once. */
static bool
translate(struct copying *c, uint64_t from, uint64_t *to)
{
	struct str names = { 0 };
	bool fit;

	*to = 0;
	if (from == 0)
		return true;
	change_keyword_list(c->keywords, from, &names);
	fit = change_keywords(c->to, str_view(&names), true, to);
	str_free(&names);
	return fit;
}

/* The owner's \Seen is not that of who copies for him. */
static void
set_flags(struct copying *c, size_t i, struct entry *e)
{
	c->seen[i] = c->reader != NULL && (e->r.flags & FLAG_SEEN) != 0;
	if (c->reader != NULL)
		e->r.flags &= ~(uint32_t)FLAG_SEEN;
}

static bool
plan(struct copying *c)
{
	uint64_t last = 0, bits = 0;

	c->target = xcalloc(c->n, sizeof(*c->target));
	c->old = xcalloc(c->n, sizeof(*c->old));
	c->new = xcalloc(c->n, sizeof(*c->new));
	c->seen = xcalloc(c->n, sizeof(*c->seen));
	for (size_t i = 0; i < c->n; i++) {
		struct entry e = c->source[i];
		bool fit = true;

		c->old[i] = old_name(c, i);
		access_limit(c->rights, &e.r.flags, &e.r.keywords);
		if (e.r.keywords != last) {
			last = e.r.keywords;
			fit = translate(c, last, &bits);
		}
		e.r.keywords = last ? bits : 0;
		set_flags(c, i, &e);
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

	for (; c->error == 0 && c->made < c->n; c->made++)
		if (linkat(c->from_dir, c->old[c->made], c->to->cur,
			c->new[c->made], 0) < 0) {
			c->error = errno;
			break;
		}
}

/* The names of what is left, as they are now: files get new ones behind changes
 * of flags, and this waited in between. False when they are the same, or one
 * is gone. */
static bool
names_again(struct copying *c)
{
	bool changed = false;

	if (c->from == NULL || c->base.n > 0 || !c->from->loaded)
		return false;
	for (size_t i = c->made; i < c->n; i++) {
		const struct records *r = &c->from->records;
		size_t at = records_find(r, c->source[i].r.uid);
		struct entry e;
		char *name;

		if (at == r->n)
			return false;
		records_at(r, at, &e);
		name = name_of(&e);
		changed |= strcmp(name, c->old[i]) != 0;
		free(c->old[i]);
		c->old[i] = name;
	}
	return changed;
}

static void
link_all(struct copying *c, bool large)
{
	do {
		c->error = 0;
		if (large)
			pool_call(link_run, c);
		else
			link_run(c);
	} while (c->error == ENOENT && names_again(c));
}

/* What is moved between mailboxes of one user needs no more room. */
static bool
has_room(const struct copying *c, struct why *w)
{
	struct quota_need need = { .messages = c->n };

	if (c->rows != NULL && c->from != NULL &&
	    c->from->quota == c->to->quota)
		return true;
	for (size_t i = 0; i < c->n; i++)
		need.octets += c->source[i].r.size;
	return quota_room(c->to->quota, &need, w);
}

static bool
make_links(struct copying *c, bool large, struct why *w)
{
	struct arrival undo = { .mb = c->to };

	if (!has_room(c, w))
		return false;
	if (!plan(c))
		return why_never(w, "5.3", "The mailbox has too many keywords");
	link_all(c, large);
	undo.entries = c->target;
	if (c->error != 0)
		arrival_undo(&undo, c->made);
	return c->error == 0 ||
	    trouble_errno(w, "Copying a message", c->error);
}

static bool
make_rows(struct arrival *a)
{
	struct copying *c = a->arg;

	c->refused = c->rows != NULL && !c->rows(c);
	return !c->refused;
}

static void
rows_made(struct arrival *a, bool ok)
{
	struct copying *c = a->arg;

	c->error = ok ? 0 : EIO;
	c->made = SIZE_MAX;
}

/* Names are made: rows, in one transaction. */
static bool
write_rows(struct copying *c, struct why *w)
{
	struct arrival a = { .mb = c->to,
		.entries = c->target,
		.n = c->n,
		.reader = c->reader,
		.seen = c->seen,
		.rows = make_rows,
		.done = rows_made,
		.arg = c };

	arrival_start(&a);
	while (c->made != SIZE_MAX) /* it takes two rounds */
		durable_index_wait();
	return c->error == 0 ||
	    why_later(w, "3.0", "The messages could not be copied");
}

/* A large copy has the target for itself. */
bool
copying_run(struct copying *c, struct why *w)
{
	bool large = c->n > LINKS_INLINE, ok;

	if (c->n == 0)
		return true;
	if (!arrival_prepare(c->to, w) ||
	    (c->from != NULL && !mailbox_usable(c->from, w)) ||
	    (large && !mailbox_seize(c->to, w)))
		return false;
	ok = make_links(c, large, w) && write_rows(c, w);
	if (large)
		mailbox_ready(c->to);
	return ok;
}

void
copying_uids(const struct copying *c, struct str *out)
{
	struct numset_text t;

	numset_begin(&t, out);
	for (size_t i = 0; i < c->n; i++)
		numset_put(&t, c->target[i].r.uid);
	numset_end(&t);
}
