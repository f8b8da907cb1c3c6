/* SPDX-License-Identifier: ISC */
/*
 * settle - tell store, then remove the content
 *
 * The message goes first and the files some milliseconds later, in a thread: if
 * the program dies in between, the next start finds the files and tells store
 * again. While no store is there the ids wait for it.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"
#include "queue/content.h"
#include "queue/ledger.h"
#include "queue/settle.h"
#include "queue/trail.h"

#define REMOVE_MS	5	/* the message has left by then */
#define IDS_MOST	8192	/* in one message */

struct removal {
	struct loop_timer *timer;
	size_t n, failed;
	uint64_t id[];
};

static struct str unheard;	/* ids as a list, while there is no store */

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

static void
tell(const uint64_t *ids, size_t n)
{
	struct str list = { 0 };
	struct channel *c;

	for (size_t i = 0; i < n; i++)
		list_put_u64(&list, ids[i]);
	for (size_t i = 0; (c = service_peer_nth(ROLE_STORE, i)) != NULL; i++)
		send_list(c, str_view(&list));
	if (service_peer_nth(ROLE_STORE, 0) == NULL)
		str_add(&unheard, str_view(&list));
	str_free(&list);
}

void
settle_ids(const uint64_t *ids, size_t n)
{
	for (size_t at = 0; at < n; at += IDS_MOST) {
		size_t part = n - at < IDS_MOST ? n - at : IDS_MOST;
		struct removal *r = xmalloc(sizeof(*r) +
		    part * sizeof(*ids));

		r->n = part;
		r->failed = 0;
		memcpy(r->id, ids + at, part * sizeof(*ids));
		tell(r->id, part);
		r->timer = loop_timer_new(REMOVE_MS, removal_due, r);
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
	struct view rest = str_view(&unheard);
	struct str one = { 0 };
	size_t most;

	list_put_u64(&one, 1);
	most = one.n * IDS_MOST;
	while (rest.n > 0) {
		size_t n = rest.n < most ? rest.n : most;

		send_list(c, view_bytes(rest.p, n));
		rest = view_skip(rest, n);
	}
	str_free(&one);
	str_free(&unheard);
}
