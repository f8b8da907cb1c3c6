/* SPDX-License-Identifier: ISC */
/*
 * kept - a table by id, and what a thread is writing
 *
 * The thread reads octets of entries that are `writing`; such a one is not freed
 * before kept_written(), whatever becomes of its mail meanwhile.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "queue/content.h"
#include "queue/kept.h"
#include "queue/table.h"

#define KEPT_MOST	(32u << 20)	/* octets of all; then files are made */

struct kept {
	uint64_t id;		/* first: struct table wants it */
	char *octets;		/* NULL: nobody asks any more */
	size_t n;
	bool writing, dropped;	/* by the thread; its mail is gone meanwhile */
	int error;		/* of the thread */
};

static struct {
	struct table all;
	size_t octets;
	struct kept **collected;
	size_t n, cap;
	bool failing;		/* the last time not all could be written */
} k;

static void
release(struct kept *e)
{
	if (e->octets != NULL)
		k.octets -= e->n;
	free(e->octets);
	e->octets = NULL;
	e->n = 0;
}

static void
forget(struct kept *e)
{
	table_remove(&k.all, e->id);
	release(e);
	free(e);
}

bool
kept_put(uint64_t id, struct view octets)
{
	struct kept *e;

	if (octets.n > SPOOL_KEPT || k.octets + octets.n > KEPT_MOST)
		return false;
	e = xcalloc(1, sizeof(*e));
	e->id = id;
	e->n = octets.n;
	e->octets = xmalloc(octets.n + 1);
	memcpy(e->octets, octets.p, octets.n);
	k.octets += e->n;
	table_add(&k.all, e);
	return true;
}

struct view
kept_octets(uint64_t id)
{
	const struct kept *e = table_find(&k.all, id);

	return e != NULL && e->octets != NULL ? view_bytes(e->octets, e->n) :
	    VIEW_NONE;
}

int
kept_open(uint64_t id)
{
	struct view octets = kept_octets(id);

	return octets.n > 0 ? file_memfd("mail", octets) : content_open(id);
}

/* The thread may be writing the same at the same time: the same octets, in
 * place. */
bool
kept_write(uint64_t id)
{
	struct kept *e = table_find(&k.all, id);

	if (e == NULL || e->octets == NULL)
		return true;
	if (!content_restore(id, view_bytes(e->octets, e->n)))
		return false;
	if (!e->writing)
		forget(e);
	return true;
}

void
kept_done(uint64_t id)
{
	struct kept *e = table_find(&k.all, id);

	if (e != NULL && !e->writing)
		release(e);
}

bool
kept_drop(uint64_t id)
{
	struct kept *e = table_find(&k.all, id);

	if (e == NULL)
		return false;
	if (e->writing)
		e->dropped = true;
	else
		forget(e);
	return true;
}

/* ---- one sync ---- */

void
kept_collect(uint64_t id)
{
	struct kept *e = table_find(&k.all, id);

	if (e == NULL || e->octets == NULL)
		return;
	k.collected = xgrow(k.collected, k.n, &k.cap, sizeof(*k.collected));
	e->writing = true;
	k.collected[k.n++] = e;
}

void
kept_write_collected(void)
{
	for (size_t i = 0; i < k.n; i++) {
		struct kept *e = k.collected[i];

		e->error = content_restore(e->id,
		    view_bytes(e->octets, e->n)) ? 0 : errno;
	}
}

static void
say_failed(const struct kept *e)
{
	char id[SPOOL_ID_SIZE];

	log_error(spool_id(e->id, id), "the content cannot be written to the "
	    "spool: %s; it stands in the journal, and is tried again",
	    strerror(e->error));
}

bool
kept_is_failing(void)
{
	return k.failing;
}

/* It has its file, or waits for the next time, or its mail is gone. */
static void
conclude(struct kept *e)
{
	e->writing = false;
	if (e->dropped)
		content_remove(e->id);
	if (e->dropped || e->error == 0)
		forget(e);
}

/* Trouble is told of once, not every second. */
void
kept_written(void)
{
	bool any = false;

	for (size_t i = 0; i < k.n; i++) {
		struct kept *e = k.collected[i];

		if (e->error != 0 && !e->dropped) {
			if (!any && !k.failing)
				say_failed(e);
			any = true;
		}
		conclude(e);
	}
	k.failing = any;
	k.n = 0;
}
