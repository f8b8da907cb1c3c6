/* SPDX-License-Identifier: ISC */
/*
 * vanished - rows of what went, written with the change, read for QRESYNC
 */
#include <stdlib.h>

#include "lib/proc/message.h"
#include "store/durable.h"
#include "store/vanished.h"

#define ANSWER_MAX (200u * 1024)	/* octets of a set: a frame holds it */

/* ---- forgetting ---- */

struct oldest {
	uint64_t modseq[VANISHED_ROWS_MAX / 2];
	size_t n;
};

static bool
take_old(void *arg, struct view key, struct view value UNUSED)
{
	struct oldest *o = arg;

	o->modseq[o->n++] = kv_read_u64(key.p + 4);
	return o->n < nitems(o->modseq);
}

static void
forget_half(struct mailbox *mb)
{
	struct kv_key all = index_key_number(mb->h.mailbox);
	struct oldest *o = xcalloc(1, sizeof(*o));

	index_each(INDEX_VANISHED, &all, take_old, o);
	for (size_t i = 0; i < o->n; i++) {
		struct kv_key key = index_key_modseq(mb->h.mailbox,
		    o->modseq[i]);

		index_delete(INDEX_VANISHED, &key);
		mb->h.vanished_from = o->modseq[i];
	}
	mb->h.vanished_rows -= (uint32_t)o->n;
	free(o);
}

void
vanished_note(struct mailbox *mb, const uint32_t *uids, size_t n)
{
	struct kv_key key = index_key_modseq(mb->h.mailbox, mb->h.modseq);
	struct str text = { 0 };
	struct numset_text t;

	numset_begin(&t, &text);
	for (size_t i = 0; i < n; i++)
		numset_put(&t, uids[i]);
	numset_end(&t);
	index_put(INDEX_VANISHED, &key, str_view(&text));
	str_free(&text);
	if (++mb->h.vanished_rows >= VANISHED_ROWS_MAX)
		forget_half(mb);
}

/* ---- asking ---- */

struct gathering {
	uint64_t since;
	struct str text;	/* sets, joined; too long: they are too many */
};

static bool
gather(void *arg, struct view key, struct view value)
{
	struct gathering *g = arg;

	if (kv_read_u64(key.p + 4) <= g->since)
		return true;
	if (g->text.n > 0)
		str_addc(&g->text, ',');
	str_add(&g->text, value);
	return g->text.n <= ANSWER_MAX;
}

/* As one set; false when it does not fit. */
static bool
unite(struct gathering *g, struct arena *a, struct str *out)
{
	struct numset_text t;
	struct numset set;

	if (g->text.n == 0)
		return true;
	if (g->text.n > ANSWER_MAX ||
	    !numset_parse(str_view(&g->text), 0, a, &set))
		return false;
	numset_begin(&t, out);
	for (size_t i = 0; i < set.n; i++)
		numset_put_range(&t, set.ranges[i].first, set.ranges[i].last);
	numset_end(&t);
	return true;
}

static bool
answer(struct request *r, struct mailbox *mb, struct why *w)
{
	struct kv_key all = index_key_number(mb->h.mailbox);
	struct gathering g = { .since = r->m.mailbox_vanished.since };
	struct message reply = { .type = MSG_vanished };
	struct str uids = { 0 };
	bool fine = true;

	if (g.since >= mb->h.vanished_from) {
		fine = index_each(INDEX_VANISHED, &all, gather, &g) !=
		    KV_TROUBLE;
		reply.vanished.whole = unite(&g, &r->arena, &uids);
	}
	if (!reply.vanished.whole)
		str_reset(&uids);
	reply.vanished.uids = str_view(&uids);
	if (fine)
		request_reply(r, &reply);
	else
		index_why(w);
	str_free(&uids);
	str_free(&g.text);
	return fine;
}

bool
vanished_request(struct request *r, struct why *w)
{
	struct mailbox *mb = request_mailbox(r, r->m.mailbox_vanished.handle,
	    w);
	bool fine;

	if (mb == NULL)
		return false;
	/* what is told must not come back after a crash */
	fine = (durable_reached(mb->write_mark) || request_safe(w)) &&
	    mailbox_usable(mb, w) && answer(r, mb, w);
	mailbox_unref(mb);
	return fine;
}
