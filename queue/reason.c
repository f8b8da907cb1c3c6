/* SPDX-License-Identifier: ISC */
/*
 * reason - interned texts in a hash table of chains
 *
 * The three texts stand behind each other in one allocation. The table doubles
 * when chains get long and never shrinks: its size follows the number of
 * different sentences, which is small.
 */
#include <stdlib.h>

#include "queue/reason.h"

struct reason {
	struct reason *next;
	uint32_t holders, hash;
	uint16_t status, sentence, relay;	/* lengths */
	char text[];
};

static struct {
	struct reason **chain;
	uint32_t size, count;
} all;

static uint32_t
hash_add(uint32_t h, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 16777619u;
	return (h ^ 0xff) * 16777619u;
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

static struct reason *
reason_new(struct view status, struct view sentence, struct view relay)
{
	struct reason *r = xmalloc(sizeof(*r) + status.n + sentence.n +
	    relay.n);

	*r = (struct reason){ .status = (uint16_t)status.n,
		.sentence = (uint16_t)sentence.n,
		.relay = (uint16_t)relay.n };
	memcpy(r->text, status.p, status.n);
	memcpy(r->text + status.n, sentence.p, sentence.n);
	memcpy(r->text + status.n + sentence.n, relay.p, relay.n);
	return r;
}

struct reason *
reason_take(struct view status, struct view sentence, struct view relay)
{
	uint32_t hash;
	struct reason *r;

	status = shorten(status);
	sentence = shorten(sentence);
	relay = shorten(relay);
	hash = hash_add(hash_add(hash_add(2166136261u, status), sentence),
	    relay);
	if (all.count >= all.size)
		grow();
	for (r = all.chain[hash & (all.size - 1)]; r; r = r->next)
		if (r->hash == hash && view_eq(reason_status(r), status) &&
		    view_eq(reason_sentence(r), sentence) &&
		    view_eq(reason_relay(r), relay)) {
			r->holders++;
			return r;
		}
	r = reason_new(status, sentence, relay);
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
