/* SPDX-License-Identifier: ISC */
/*
 * quota - counting, adding up, comparing with the limits
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/proc/message.h"
#include "store/account.h"
#include "store/attributes.h"
#include "store/full.h"
#include "store/limits.h"
#include "store/load.h"
#include "store/mailbox.h"
#include "store/quota.h"

#define BUCKETS	      4096
#define READ_AGAIN_MS 60000

LIST_HEAD(quota_bucket, quota);
static struct quota_bucket buckets[BUCKETS];

static struct quota_bucket *
bucket(struct view user)
{
	return &buckets[view_hash(VIEW_HASH, user) % BUCKETS];
}

static struct quota *
find(struct view user)
{
	struct quota *q;

	LIST_FOREACH (q, bucket(user), hashed)
		if (view_is(user, q->user))
			return q;
	return NULL;
}

/* What makes no sense says nothing. */
static void
take_own(struct quota *q, struct view value)
{
	if (!quota_read(value, &q->own) || !quota_is_said(&q->own))
		q->own = QUOTA_LIMITS_UNSAID;
	q->generation = 0;
}

void
quota_take_own(struct view user, struct view text)
{
	struct quota *q = find(user);
	struct str value = { 0 };

	if (q == NULL)
		return;
	(void)attributes_text_get(text, VIEW_LIT(QUOTA_ATTRIBUTE), &value);
	take_own(q, str_view(&value));
	str_free(&value);
	full_look(q);
}

static void
read_own(struct quota *q)
{
	struct str value = { 0 };

	(void)attributes_get(view_of(q->user), VIEW_LIT("INBOX"),
	    VIEW_LIT(QUOTA_ATTRIBUTE), &value);
	take_own(q, str_view(&value));
	str_free(&value);
}

struct quota *
quota_ref(struct view user)
{
	struct quota *q = find(user);
	struct str name = { 0 };

	if (q != NULL) {
		q->refs++;
		return q;
	}
	q = xcalloc(1, sizeof(*q));
	str_add(&name, user);
	q->user = xstrdup(str_c(&name));
	q->refs = 1;
	LIST_INSERT_HEAD(bucket(user), q, hashed);
	str_free(&name);
	read_own(q);
	return q;
}

void
quota_unref(struct quota *q)
{
	if (--q->refs > 0)
		return;
	LIST_REMOVE(q, hashed);
	free(q->user);
	free(q);
}

void
quota_each(void (*f)(struct quota *q))
{
	struct quota *q, *next;

	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH_SAFE (q, &buckets[i], hashed, next)
			f(q);
}

/*
 * Changes
 */

void
quota_count(const struct mailbox *mb, const struct record *r, int sign)
{
	struct quota *q = mb->quota;

	if (q->known && mb->h.known && !mb->stale && !mb->deleted) {
		q->octets += (uint64_t)sign * r->size;
		q->messages += (uint64_t)sign;
	}
	full_look(q);
}

void
quota_coming(struct quota *q, uint64_t octets, uint64_t messages)
{
	q->coming_octets += octets;
	q->coming_messages += messages;
}

void
quota_came(struct quota *q, uint64_t octets, uint64_t messages)
{
	q->coming_octets -= octets;
	q->coming_messages -= messages;
}

void
quota_forget(struct quota *q)
{
	q->known = false;
	full_look(q);
}

void
quota_forget_all(void)
{
	quota_each(quota_forget);
}

/*
 * Adding up
 */

/* Names are gathered, as a row may not be read inside of index_each. */
bool
quota_know(struct quota *q)
{
	struct view user = view_of(q->user), rest, name;
	struct account_names all;

	if (q->known)
		return true;
	mailbox_write_headers();
	q->octets = q->messages = 0;
	q->unread = 0;
	q->known = account_names(user, VIEW_NONE, &all);
	rest = str_view(&all.list);
	while (q->known && list_next(&rest, &name)) {
		struct header h = { 0 };

		q->known = index_header(user, name, &h) != KV_TROUBLE;
		q->unread += q->known && !h.known;
		if (q->known && h.known) {
			q->octets += h.octets;
			q->messages += h.count;
		}
		str_free(&h.keywords);
	}
	str_free(&all.list);
	return q->known;
}

static bool
is_read(struct view user, struct view name)
{
	struct header h = { 0 };
	bool read = index_header(user, name, &h) == KV_FOUND && h.known;

	str_free(&h.keywords);
	return read;
}

bool
quota_read_all(struct quota *q, struct why *w)
{
	struct view user = view_of(q->user), rest, name;
	struct account_names all = { 0 };
	bool ok = mailbox_know_user(user, w) &&
	    account_names(user, VIEW_NONE, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name)) {
		struct mailbox *mb;

		if (is_read(user, name))
			continue;
		mb = mailbox_get(user, name, w);
		if (mb != NULL)
			mailbox_unref(mb);
		else if (w->verdict != VERDICT_NEVER) /* else it is gone */
			ok = false;
	}
	str_free(&all.list);
	if (ok && quota_know(q))
		return true;
	if (ok)
		index_why(w);
	return false;
}

static void
read_run(void *arg)
{
	struct quota *q = arg;
	struct why w;

	(void)quota_read_all(q, &w);
	quota_unref(q);
}

void
quota_read_behind(struct quota *q)
{
	if (q->unread == 0 || clock_ms() < q->read_after)
		return;
	q->read_after = clock_ms() + READ_AGAIN_MS;
	q->refs++;
	fiber_start(read_run, q);
}

/*
 * Comparing
 */

/* Is there room for more beside have? 0: no limit. */
static bool
fits(uint64_t have, uint64_t more, uint64_t limit)
{
	return limit == 0 || (have <= limit && more <= limit - have);
}

/* The last mail may exceed the limit by a part of it. */
static uint64_t
with_grace(uint64_t have, uint64_t limit, bool delivered)
{
	if (!delivered || limit == 0 || have >= limit)
		return limit;
	return limit + limit / 100 * full_grace();
}

bool
quota_room(struct quota *q, const struct quota_need *n, struct why *w)
{
	const struct quota_limits *l = full_limits(q);
	uint64_t octets, messages;

	if ((l->octets == 0 && l->messages == 0) || n->messages == 0 ||
	    !quota_know(q))
		return true;
	quota_read_behind(q);
	octets = q->octets + q->coming_octets;
	messages = q->messages + q->coming_messages;
	if (fits(octets, n->octets,
		with_grace(octets, l->octets, n->delivered)) &&
	    fits(messages, n->messages, l->messages))
		return true;
	full_look(q);
	if (n->delivered && !full_refuses())
		return why_later(w, "2.2", "The mailbox is full");
	return why_never(w, "2.2",
	    n->delivered ? "The mailbox is full" :
			   "There is no room left for this user's mail");
}
