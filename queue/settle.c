/* SPDX-License-Identifier: ISC */
/*
 * settle - tell store, then remove the content
 *
 * The message goes first and the files some milliseconds later, in a thread: if
 * the program dies in between, the next start finds the files and tells store
 * again. While an instance of store is not there the ids wait for it.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"
#include "queue/content.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/settle.h"
#include "queue/trail.h"

#define REMOVE_MS	5	/* the message has left by then */
#define IDS_MOST	8192	/* in one message */
#define INSTANCES_MOST	64	/* of store: settings.def */

struct removal {
	struct loop_timer *timer;
	size_t n, failed;
	uint64_t id[];
};

/* Ids as a list, while this instance of store is not there. */
static struct str unheard[INSTANCES_MOST];

static void
remove_in_thread(void *arg)
{
	struct removal *r = arg;

	for (size_t i = 0; i < r->n; i++)
		r->failed += !content_remove(r->id[i]);
}

static void
removed(void *arg)
{
	struct removal *r = arg;

	if (r->failed > 0)
		log_error("settle", "%zu of %zu content files could not be "
		    "removed; the next start will", r->failed, r->n);
	free(r);
}

static void
removal_due(void *arg)
{
	struct removal *r = arg;

	loop_timer_free(&r->timer);
	pool_submit(remove_in_thread, removed, r);
}

static void
send_list(struct channel *c, struct view mails)
{
	struct message m = { .type = MSG_settled, .settled = { mails } };

	channel_send(c, &m);
}

/* Every instance: the users of a mail's recipients may be anywhere. */
static void
tell(const uint64_t *ids, size_t n)
{
	uint64_t instances = service_settings()->store_instances;
	struct str list = { 0 };

	for (size_t i = 0; i < n; i++)
		list_put_u64(&list, ids[i]);
	for (uint32_t i = 0; i < instances && i < INSTANCES_MOST; i++) {
		struct channel *c = service_peer(ROLE_STORE, i);

		if (c != NULL)
			send_list(c, str_view(&list));
		else
			str_add(&unheard[i], str_view(&list));
	}
	str_free(&list);
}

void
settle_ids(const uint64_t *ids, size_t n)
{
	for (size_t at = 0; at < n; at += IDS_MOST) {
		size_t part = n - at < IDS_MOST ? n - at : IDS_MOST;
		struct removal *r = xmalloc(sizeof(*r) +
		    part * sizeof(*ids));

		tell(ids + at, part);
		r->n = r->failed = 0;
		for (size_t i = at; i < at + part; i++)
			if (!kept_drop(ids[i]))
				r->id[r->n++] = ids[i];
		if (r->n > 0)
			r->timer = loop_timer_new(REMOVE_MS, removal_due, r);
		else
			free(r);
	}
}

void
settle(struct mail **mails, size_t n)
{
	uint64_t *ids = xcalloc(n, sizeof(*ids));

	for (size_t i = 0; i < n; i++) {
		ids[i] = mails[i]->id;
		trail_removed(ids[i]);
		state_move(&mails[i]->state, MAIL_GONE);
		ledger_remove(&mails[i]);
	}
	settle_ids(ids, n);
	free(ids);
}

/* In pieces that fit into a message; an id takes the same octets each. */
void
settle_linked(struct channel *c)
{
	uint32_t instance = channel_peer(c)->instance;
	struct str one = { 0 };
	struct view rest;
	size_t most;

	if (instance >= INSTANCES_MOST)
		return;
	list_put_u64(&one, 1);
	most = one.n * IDS_MOST;
	rest = str_view(&unheard[instance]);
	while (rest.n > 0) {
		size_t n = rest.n < most ? rest.n : most;

		send_list(c, view_bytes(rest.p, n));
		rest = view_skip(rest, n);
	}
	str_free(&one);
	str_free(&unheard[instance]);
}
