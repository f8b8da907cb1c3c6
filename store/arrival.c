/* SPDX-License-Identifier: ISC */
/*
 * arrival - one or two rounds, in callbacks, so that order is kept
 */
#include <stdlib.h>
#include <unistd.h>

#include "store/arrival.h"
#include "store/change.h"
#include "store/durable.h"
#include "store/held.h"
#include "store/link.h"
#include "store/quota.h"
#include "store/seen.h"

bool
arrival_prepare(struct mailbox *mb, struct why *w)
{
	while (!mailbox_working(mb)) {
		if (!durable_index_wait()) {
			index_why(w);
			return false;
		}
		if (!mailbox_usable(mb, w))
			return false;
	}
	return true;
}

void
arrival_undo(struct arrival *a, size_t made)
{
	for (size_t i = 0; i < made; i++) {
		struct str name = { 0 };

		mailbox_file_name(&a->entries[i], &name);
		unlinkat(a->mb->cur, name.p, 0);
		str_free(&name);
	}
}

static void
end(struct arrival *a, bool ok)
{
	struct mailbox *mb = a->mb;

	a->done(a, ok);
	mailbox_unref(mb);
}

static void
rows_safe(void *arg, bool ok)
{
	end(arg, ok);
}

static uint64_t
octets(const struct arrival *a)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < a->n; i++)
		sum += a->entries[i].r.size;
	return sum;
}

static void
add_rows(struct arrival *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->reader != NULL && a->seen[i])
			seen_set(a->reader, a->entries[i].r.uid, true);
		change_add(a->mb, &a->entries[i]);
		if (a->held)
			held_note(a->mb, &a->entries[i]);
	}
	if (a->reader != NULL)
		seen_write(a->mb, a->reader);
}

static void
names_safe(void *arg, bool ok)
{
	struct arrival *a = arg;
	struct mailbox *mb = a->mb;

	mb->busy--;
	quota_came(mb->quota, octets(a), a->n);
	if (!ok || mb->stale || mb->deleted ||
	    (a->rows != NULL && !a->rows(a))) {
		arrival_undo(a, a->n);
		end(a, false);
		return;
	}
	add_rows(a);
	durable_index(rows_safe, a);
}

void
arrival_start(struct arrival *a)
{
	struct mailbox *mb = a->mb;
	bool others = mb->busy > 0;

	mailbox_ref(mb);
	mb->busy++;
	quota_coming(mb->quota, octets(a), a->n);
	mb->renamed |= a->fresh || a->held;
	if (a->fresh && !others) {
		names_safe(a, true);
		return;
	}
	if (!a->held)
		durable_dir(mb->cur, &mb->cur_mark);
	durable_names(names_safe, a);
}

struct waiter {
	struct fiber *fiber;
	bool done, ok;
};

static void
wake(struct arrival *a, bool ok)
{
	struct waiter *w = a->arg;

	w->done = true;
	w->ok = ok;
	fiber_wake(w->fiber);
}

bool
arrival_run(struct arrival *a, struct why *w)
{
	struct waiter wait = { .fiber = fiber_self() };

	a->done = wake;
	a->arg = &wait;
	arrival_start(a);
	while (!wait.done)
		fiber_wait(DEADLINE_NEVER);
	return wait.ok ||
	       why_later(w, "3.0", "The message could not be made durable");
}
