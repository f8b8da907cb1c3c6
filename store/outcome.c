/* SPDX-License-Identifier: ISC */
/*
 * outcome - wait until the index is open again, and look
 */
#include "lib/base/clock.h"
#include "lib/proc/fiber.h"
#include "store/load.h"
#include "store/outcome.h"

#define PATIENCE_MS 20000	/* less than who asks has */
#define LOOK_MS	    20

void
outcome_begin(struct outcome *o, struct arena *a, const struct mailbox *mb)
{
	*o = (struct outcome){ .openings = index_openings(),
		.user = arena_copy(a, view_of(mb->user)),
		.name = arena_copy(a, view_of(mb->name)),
		.uidvalidity = mb->h.uidvalidity };
}

/* The mailbox as recovery has left it, with a reference; NULL when there was
 * none in time. It may break once more while it is being read. */
static struct mailbox *
found_again(const struct outcome *o)
{
	int64_t end = deadline_in(PATIENCE_MS);
	struct mailbox *mb = NULL;
	struct why w;

	while (mb == NULL && clock_ms() < end) {
		fiber_sleep(LOOK_MS);
		if (index_openings() == o->openings || index_broken())
			continue;
		mb = mailbox_get(view_of(o->user), view_of(o->name), &w);
		if (mb != NULL && !mailbox_load(mb, &w)) {
			mailbox_unref(mb);
			mb = NULL;
		}
	}
	return mb;
}

/* One transaction removed them all: those that are not there any more may have
 * gone with another, but one that is tells that ours was not. */
static bool
any_is_there(const struct mailbox *mb, const uint32_t *uids, size_t n)
{
	bool any = false;

	for (size_t i = 0; !any && i < n; i++)
		any = records_find(&mb->records, uids[i]) < mb->records.n;
	return any;
}

bool
outcome_is_gone(const struct outcome *o, const uint32_t *uids, size_t n,
    struct why *w)
{
	struct why told = *w;
	struct mailbox *mb = found_again(o);
	bool there;

	if (mb == NULL || mb->h.uidvalidity != o->uidvalidity) {
		if (mb != NULL)
			mailbox_unref(mb);
		return why_unknown(w, "%s", told.text);
	}
	there = any_is_there(mb, uids, n);
	mailbox_unref(mb);
	*w = told;
	return !there;
}
