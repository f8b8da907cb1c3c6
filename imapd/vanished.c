/* SPDX-License-Identifier: ISC */
/*
 * vanished - what store remembers, or else everything that is not there
 *
 * Where store's memory does not reach back, RFC 7162 3.2.5.2 lets us name all
 * UIDs that the client may know and that are no more: a client forgets what it
 * has, and is not troubled by what it never had.
 */
#include "imapd/box.h"
#include "imapd/vanished.h"
#include "lib/proc/channel.h"

/* The numbers of a range that no message has, from `from` on. */
static void
put_gaps(const struct box *b, struct numset_range r, struct numset_text *t)
{
	uint64_t from = r.first;

	for (uint32_t i = box_find(b, r.first); i < box_total(b); i++) {
		uint32_t uid = box_uid(b, i);

		if (uid > r.last)
			break;
		if (box_is_hole(b, i))
			continue;
		if (uid > from)
			numset_put_range(t, (uint32_t)from, uid - 1);
		from = (uint64_t)uid + 1;
	}
	if (from <= r.last)
		numset_put_range(t, (uint32_t)from, r.last);
}

static void
put(struct imap *im, const struct numset *gone)
{
	struct str uids = { 0 };
	struct numset_text t;

	numset_begin(&t, &uids);
	for (size_t i = 0; i < gone->n; i++)
		put_gaps(im->box, gone->ranges[i], &t);
	numset_end(&t);
	if (uids.n > 0) {
		out_puts(im, "* VANISHED (EARLIER) ");
		str_add(&im->out, str_view(&uids));
		out_puts(im, "\r\n");
	}
	str_free(&uids);
}

/* All UIDs that were ever given. */
static struct numset
ever(struct imap *im)
{
	struct numset all = { .ranges = arena_alloc(&im->arena,
	    sizeof(*all.ranges)) };

	all.ranges[0] = (struct numset_range){ 1, im->box->uidnext - 1 };
	all.n = im->box->uidnext > 1;
	return all;
}

/* What of it the client may know. "1:*" means all there is, also what went and
 * had a greater UID than all that is left. */
static struct numset
ever_of(struct imap *im, const struct numset *known)
{
	struct numset all = ever(im), both = numset_both(known, &all,
	    &im->arena);
	uint32_t last = numset_last(known);

	if (known->star && last < numset_last(&all))
		both.ranges[both.n++] = (struct numset_range){ last + 1,
			numset_last(&all) };
	return both;
}

bool
vanished_tell(struct imap *im, uint64_t since, const struct numset *known,
    struct why *w)
{
	struct message m = { .type = MSG_mailbox_vanished,
		.mailbox_vanished = { im->box->handle, since } };
	struct numset gone = known ? ever_of(im, known) : ever(im), went;
	struct reply reply = { 0 };
	bool fine;

	if (!store_ask(im, &m, &reply, w))
		return false;
	fine = store_want(&reply, MSG_vanished, w);
	if (fine && reply.m.vanished.whole) {
		if (reply.m.vanished.uids.n == 0 ||
		    !numset_parse(reply.m.vanished.uids, 0, &im->arena, &went))
			went = (struct numset){ 0 };
		gone = numset_both(&gone, &went, &im->arena);
	}
	if (fine)
		put(im, &gone);
	reply_free(&reply);
	return fine;
}
