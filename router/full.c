/* SPDX-License-Identifier: ISC */
/*
 * full - a tree by name, empty most of the time
 */
#include <stdlib.h>

#include <bsd/sys/tree.h>

#include "lib/base/tree.h"
#include "lib/proc/message.h"
#include "router/full.h"

struct full {
	RB_ENTRY(full) entry;
	uint32_t store;
	struct view user;	/* in text */
	char text[];
};
RB_HEAD(fulls, full);

static int
by_user(const struct full *a, const struct full *b)
{
	return view_cmp(a->user, b->user);
}
TREE_GENERATE(fulls, full, entry, by_user)

static struct fulls fulls = RB_INITIALIZER(&fulls);

static struct full *
find(struct view user)
{
	struct full key = { .user = user };

	return RB_FIND(fulls, &fulls, &key);
}

static void
add(uint32_t store, struct view user)
{
	struct full *f = find(user);

	if (f != NULL) {
		f->store = store;
		return;
	}
	f = xmalloc(sizeof(*f) + user.n);
	f->store = store;
	memcpy(f->text, user.p, user.n);
	f->user = view_bytes(f->text, user.n);
	must(RB_INSERT(fulls, &fulls, f) == NULL);
}

static void
drop(struct full *f)
{
	if (f == NULL)
		return;
	RB_REMOVE(fulls, &fulls, f);
	free(f);
}

static void
drop_all(uint32_t store)
{
	struct full *f, *next;

	for (f = RB_MIN(fulls, &fulls); f != NULL; f = next) {
		next = RB_NEXT(fulls, &fulls, f);
		if (f->store == store)
			drop(f);
	}
}

void
full_take(uint32_t store, bool whole, bool full, struct view users)
{
	struct view user;

	if (whole)
		drop_all(store);
	while (list_next(&users, &user))
		if (full)
			add(store, user);
		else
			drop(find(user));
}

bool
full_has(struct view user)
{
	return !RB_EMPTY(&fulls) && find(user) != NULL;
}

bool
full_all(struct view targets)
{
	struct view transport, destination, address;
	size_t n = 0;

	if (RB_EMPTY(&fulls))
		return false;
	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) &&
	    list_next(&targets, &address)) {
		if (!view_is(transport, "local") || !full_has(destination))
			return false;
		n++;
	}
	return n > 0;
}
