/* SPDX-License-Identifier: ISC */
/*
 * reason - interned texts in a hash table of chains
 *
 * The texts stand behind each other in one allocation. The sentence mostly has
 * the words of the other server in it: they are not kept twice then. The table
 * doubles when chains get long and never shrinks: its size follows the number
 * of different sentences, which is small.
 */
#include <stdlib.h>

#include "queue/reason.h"

struct reason {
	struct reason *next;
	uint32_t holders, hash;
	uint16_t status, sentence, relay, reply;	/* lengths */
	uint16_t reply_at;
	char text[];
};

static struct {
	struct reason **chain;
	uint32_t size, count;
} all;

static uint32_t
hash_add(uint32_t h, struct view v)
{
	return view_hash(view_hash(h, v), VIEW_LIT("\xff"));
}

static void
grow(void)
{
	uint32_t size = all.size > 0 ? all.size * 2 : 64;
	struct reason **chain = xcalloc(size, sizeof(struct reason *));

	for (uint32_t i = 0; i < all.size; i++)
		for (struct reason *r = all.chain[i], *next; r; r = next) {
			next = r->next;
			r->next = chain[r->hash & (size - 1)];
			chain[r->hash & (size - 1)] = r;
		}
	free(all.chain);
	all.chain = chain;
	all.size = size;
}

static struct view
shorten(struct view v)
{
	if (v.n > 1000)
		v.n = 1000;
	return v;
}

/* Where the words of the other server stand: in the sentence, or behind all. */
static uint16_t
place_of(const struct reason *r, struct view reply)
{
	const char *p;

	if (reply.n == 0)
		return r->status;
	p = memmem(r->text + r->status, r->sentence, reply.p, reply.n);
	return (uint16_t)(p != NULL ? p - r->text :
				      r->status + r->sentence + r->relay);
}

/* Nothing is copied from NULL, not even no octets. */
static void
put(char *to, struct view v)
{
	if (v.n > 0)
		memcpy(to, v.p, v.n);
}

static struct reason *
reason_new(const struct view part[4])
{
	size_t at = part[0].n + part[1].n + part[2].n;
	struct reason *r = xmalloc(sizeof(*r) + at + part[3].n);

	*r = (struct reason){ .status = (uint16_t)part[0].n,
		.sentence = (uint16_t)part[1].n,
		.relay = (uint16_t)part[2].n, .reply = (uint16_t)part[3].n };
	put(r->text, part[0]);
	put(r->text + part[0].n, part[1]);
	put(r->text + part[0].n + part[1].n, part[2]);
	r->reply_at = place_of(r, part[3]);
	if (r->reply_at < at)
		return xrealloc(r, sizeof(*r) + at);
	put(r->text + at, part[3]);
	return r;
}

static bool
is_same(const struct reason *r, const struct view part[4])
{
	return view_eq(reason_status(r), part[0]) &&
	    view_eq(reason_sentence(r), part[1]) &&
	    view_eq(reason_relay(r), part[2]) &&
	    view_eq(reason_reply(r), part[3]);
}

struct reason *
reason_take(struct view status, struct view sentence, struct view relay,
    struct view reply)
{
	const struct view part[4] = { shorten(status), shorten(sentence),
		shorten(relay), shorten(reply) };
	uint32_t hash = VIEW_HASH;
	struct reason *r;

	for (size_t i = 0; i < nitems(part); i++)
		hash = hash_add(hash, part[i]);
	if (all.count >= all.size)
		grow();
	for (r = all.chain[hash & (all.size - 1)]; r; r = r->next)
		if (r->hash == hash && is_same(r, part)) {
			r->holders++;
			return r;
		}
	r = reason_new(part);
	r->holders = 1;
	r->hash = hash;
	r->next = all.chain[hash & (all.size - 1)];
	all.chain[hash & (all.size - 1)] = r;
	all.count++;
	return r;
}

void
reason_drop(struct reason **held)
{
	struct reason *r = *held, **at;

	*held = NULL;
	if (r == NULL || --r->holders > 0)
		return;
	at = &all.chain[r->hash & (all.size - 1)];
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	all.count--;
	free(r);
}

struct view
reason_status(const struct reason *r)
{
	return r ? view_bytes(r->text, r->status) : VIEW_NONE;
}

struct view
reason_sentence(const struct reason *r)
{
	return r ? view_bytes(r->text + r->status, r->sentence) : VIEW_NONE;
}

struct view
reason_relay(const struct reason *r)
{
	return r ? view_bytes(r->text + r->status + r->sentence, r->relay) :
	    VIEW_NONE;
}

struct view
reason_reply(const struct reason *r)
{
	return r ? view_bytes(r->text + r->reply_at, r->reply) : VIEW_NONE;
}
