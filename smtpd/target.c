/* SPDX-License-Identifier: ISC */
/*
 * target - a hash table of targets, in the arena of the transaction
 */
#include "lib/proc/message.h"
#include "smtpd/target.h"

struct target_set {
	size_t n, size;		/* size is a power of two */
	struct target **slot;
};

static uint32_t
hash_add(uint32_t h, struct view v)
{
	return view_hash(view_hash(h, v), VIEW_LIT("\xff"));
}

static struct target **
slot_of(const struct target_set *s, const struct target *t)
{
	uint32_t h = hash_add(hash_add(hash_add(VIEW_HASH, t->transport),
	    t->destination), t->address);

	for (size_t i = h;; i++) {
		struct target **p = &s->slot[i & (s->size - 1)];

		if (*p == NULL || (view_eq((*p)->address, t->address) &&
		    view_eq((*p)->destination, t->destination) &&
		    view_eq((*p)->transport, t->transport)))
			return p;
	}
}

static void
grow(struct arena *a, struct target_set *s)
{
	struct target_set old = *s;

	s->size = old.size ? old.size * 4 : 16;
	s->slot = arena_zalloc(a, s->size * sizeof(*s->slot));
	for (size_t i = 0; i < old.size; i++)
		if (old.slot[i] != NULL)
			*slot_of(s, old.slot[i]) = old.slot[i];
}

/* What is there already, or t, which is now. */
static struct target *
set_add(struct transaction *tx, struct target *t)
{
	struct target **slot;

	if (tx->set == NULL)
		tx->set = arena_zalloc(&tx->arena, sizeof(*tx->set));
	if (tx->set->n * 2 >= tx->set->size)
		grow(&tx->arena, tx->set);
	slot = slot_of(tx->set, t);
	if (*slot != NULL)
		return *slot;
	*slot = t;
	tx->set->n++;
	return t;
}

/* Of a place that another recipient leads to as well: who asked to be told of
 * a failure is told, by the name of the first one. That it is a member of a
 * list that was reached is told of the list only (RFC 3461 5.2.7.3). */
static uint8_t
both(uint8_t first, uint8_t other, bool list)
{
	static const uint8_t usual = NOTIFY_FAILURE | NOTIFY_DELAY;

	if (list && (other & NOTIFY_SUCCESS))
		other = other != NOTIFY_SUCCESS ?
		    other & ~NOTIFY_SUCCESS : NOTIFY_NEVER;
	if (first == other)
		return first;
	first = (first != 0 ? first : usual) | (other != 0 ? other : usual);
	return first & ~NOTIFY_NEVER;
}

bool
target_add_all(struct transaction *tx, struct rcpt *r, struct view targets)
{
	struct view transport, destination, address;
	size_t count;

	if (!list_ok(targets, &count) || count == 0 || count % 3 != 0)
		return false;
	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) &&
	    list_next(&targets, &address)) {
		struct target *t = arena_alloc(&tx->arena, sizeof(*t));
		struct target *there;

		*t = (struct target){ .transport = transport,
			.destination = destination, .address = address,
			.notify = r->notify };
		there = set_add(tx, t);
		if (there == t) {
			t->next = r->targets;
			r->targets = t;
		} else {
			there->notify = both(there->notify, r->notify,
			    count > 3);
		}
	}
	return true;
}

bool
target_add_copies(struct transaction *tx, struct view copies)
{
	struct view part[3];
	size_t count;

	if (!list_ok(copies, &count) || count % 3 != 0)
		return false;
	while (list_next(&copies, &part[0]) && list_next(&copies, &part[1]) &&
	    list_next(&copies, &part[2])) {
		struct rcpt *r = arena_zalloc(&tx->arena, sizeof(*r));
		struct str one = { 0 };

		r->original = part[2];
		r->notify = NOTIFY_NEVER;
		for (size_t i = 0; i < 3; i++)
			list_put(&one, part[i]);
		target_add_all(tx, r,
		    arena_view(&tx->arena, str_view(&one)));
		str_free(&one);
		r->next = tx->copies;
		tx->copies = r;
	}
	return true;
}
