/* SPDX-License-Identifier: ISC */
/*
 * cmd_fetch - FETCH and UID FETCH (RFC 3501 6.4.5, RFC 7162)
 *
 * What stands in the index is written in one tight loop. For the rest the files
 * of up to FDS_MAX messages are opened with one question to store, and \Seen is
 * set with one change for them, before they are written one after the other.
 */
#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "imapd/messages.h"
#include "imapd/sync.h"
#include "imapd/vanished.h"
#include "lib/mail/rights.h"
#include "lib/proc/channel.h"

/* Messages that are handled together. */
struct batch {
	struct contents files;
	uint32_t index[FDS_MAX], seq[FDS_MAX];
	bool seen[FDS_MAX];		/* \Seen is new */
};

static bool
next_changed(const struct fetch *f, struct walk *w)
{
	while (walk_next(w))
		if (!f->changed ||
		    record_modseq(box_record(w->box, w->index)) > f->since)
			return true;
	return false;
}

/* The next message that is wanted. */
static bool
next(struct fetch *f, struct walk *w)
{
	for (; f->skip > 0; f->skip--)
		if (!next_changed(f, w))
			return false;
	if (f->part && f->left == 0)
		return false;
	f->left -= f->part;
	return next_changed(f, w);
}

/* Which part it is needs their number. */
static void
find_part(struct fetch *f, struct walk w)
{
	size_t n = 0;

	if (!f->part)
		return;
	while (next_changed(f, &w))
		n++;
	f->left = partial_of(&f->partial, n, &f->skip);
}

static bool
fill(struct fetch *f, struct batch *b, struct walk *w)
{
	struct contents *c = &b->files;

	c->n = 0;
	while (c->n < FDS_MAX && next(f, w)) {
		b->index[c->n] = w->index;
		b->seq[c->n] = w->seq;
		b->seen[c->n] = false;
		c->uid[c->n++] = box_uid(w->box, w->index);
	}
	return c->n > 0;
}

/* ---- \Seen ---- */

/* UIDs of those that are there and have no \Seen yet. */
static void
choose_unseen(struct fetch *f, struct batch *b, struct str *uids)
{
	struct numset_text text;

	numset_begin(&text, uids);
	for (uint32_t i = 0; i < b->files.n; i++) {
		const uint8_t *r = box_record(f->im->box, b->index[i]);

		b->seen[i] = b->files.fd[i] >= 0 &&
		    !(record_flags(r) & FLAG_SEEN);
		if (b->seen[i])
			numset_put(&text, b->files.uid[i]);
	}
	numset_end(&text);
}

static void
forget_dirty(struct imap *im, struct view uids, uint64_t modseq)
{
	struct numset set;

	if (modseq > 0 && numset_parse(uids, 0, &im->arena, &set))
		box_clean(im->box, &set, true, modseq);
}

static bool
may_set_seen(const struct box *b)
{
	return !b->read_only && (b->rights & RIGHT_SEEN) != 0;
}

/* A message can be read even where \Seen cannot be written. */
static void
set_seen(struct fetch *f, struct batch *b)
{
	struct message m = { .type = MSG_mailbox_flags };
	struct reply reply = { 0 };
	struct str uids = { 0 };
	struct why w = { 0 };

	choose_unseen(f, b, &uids);
	if (uids.n == 0)
		return;
	m.mailbox_flags.handle = f->im->box->handle;
	m.mailbox_flags.mode = 1;
	m.mailbox_flags.flags = FLAG_SEEN;
	m.mailbox_flags.uids = str_view(&uids);
	if (store_ask(f->im, &m, &reply, &w) &&
	    store_want(&reply, MSG_mailbox_flagged, &w))
		forget_dirty(f->im, str_view(&uids),
		    reply.m.mailbox_flagged.modseq);
	else
		memset(b->seen, 0, sizeof(b->seen));
	reply_free(&reply);
	str_free(&uids);
}

/* ---- writing ---- */

/* In the middle of a response nothing but the end can follow. */
static bool
broken(struct fetch *f)
{
	f->im->over = true;
	if (f->im->ended == NULL)
		f->im->ended = "Message cannot be sent";
	return false;
}

static bool
write_batch(struct fetch *f, struct batch *b)
{
	for (uint32_t i = 0; i < b->files.n; i++) {
		if (b->files.fd[i] < 0 ||
		    !content_begin(&f->message, b->files.fd[i])) {
			f->missing++;
			continue;
		}
		f->index = b->index[i];
		if (!fetch_write(f, b->seq[i], b->seen[i]))
			return broken(f);
	}
	return true;
}

static void
write_digests(struct fetch *f, const struct digests *d, const struct match *m)
{
	for (uint32_t i = 0; i < d->n; i++) {
		if (!digests_has(d, i)) {
			f->missing++;
			continue;
		}
		digests_show(d, i, &f->message);
		f->index = m[i].index;
		if (!fetch_write(f, m[i].seq, false)) {
			broken(f);
			return;
		}
	}
}

static enum answer
with_content(struct fetch *f, struct walk *walk)
{
	struct batch *b = arena_alloc(&f->im->arena, sizeof(*b));
	enum answer answer = ANSWER_OK;
	struct why w = { 0 };

	while (answer == ANSWER_OK && !f->im->over && fill(f, b, walk)) {
		if (!contents_open(f->im, &b->files, &w)) {
			answer = answer_why(f->im, &w);
		} else {
			if (f->seen && may_set_seen(f->im->box))
				set_seen(f, b);
			write_batch(f, b);
		}
		contents_close(&b->files);
	}
	content_free(&f->message);
	str_free(&f->surrogate);
	return answer;
}

/* Only what is known without the file, where store keeps it. */
static enum answer
with_digests(struct fetch *f, struct walk *walk)
{
	struct digests *d = arena_zalloc(&f->im->arena, sizeof(*d));
	struct match *m = arena_alloc(&f->im->arena, KNOWN_MOST * sizeof(*m));
	uint32_t n = 0;			/* of m */
	enum answer answer = ANSWER_OK;
	struct why w = { 0 };

	digests_begin(d, f->im, f->want);
	while (answer == ANSWER_OK && !f->im->over) {
		while (n < KNOWN_MOST && next(f, walk))
			m[n++] = (struct match){ walk->index, walk->seq };
		if (n == 0)
			break;
		for (d->n = 0; d->n < n; d->n++)
			d->uid[d->n] = box_uid(f->im->box, m[d->n].index);
		if (digests_get(d, &w))
			write_digests(f, d, m);
		else
			answer = answer_why(f->im, &w);
		n -= d->n;
		memmove(m, m + d->n, n * sizeof(*m));
	}
	digests_end(d);
	content_free(&f->message);
	str_free(&f->surrogate);
	return answer;
}

static void
from_index(struct fetch *f, struct walk *w)
{
	while (next(f, w)) {
		f->index = w->index;
		if (!fetch_write(f, w->seq, false))
			break;
	}
}

/* FLAGS, perhaps with UID and MODSEQ, which clients ask of every message. */
static void
only_flags(struct fetch *f, struct walk *w)
{
	unsigned what = TELL_FLAGS | (f->im->uid || f->uid ? TELL_UID : 0) |
	    (f->modseq ? TELL_MODSEQ : 0);

	while (next(f, w)) {
		sync_tell_flags(f->im, w->index, w->seq, what);
		if (!out_push(f->im))
			break;
	}
}

enum answer
fetch_run(struct fetch *f, struct walk *w)
{
	if (f->content)
		return with_content(f, w);
	if (f->want != 0)
		return with_digests(f, w);
	if (f->flags && !f->others)
		only_flags(f, w);
	else
		from_index(f, w);
	return ANSWER_OK;
}

enum answer
cmd_fetch(struct imap *im, struct parse *p)
{
	struct fetch *f = arena_zalloc(&im->arena, sizeof(*f));
	enum answer answer;
	struct why why = { 0 };
	struct numset set;
	struct walk w;

	f->im = im;
	parse_space(p);
	messages_parse(im, p, &set);
	parse_space(p);
	fetch_parse(f, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (f->vanished && !vanished_tell(im, f->since, &set, &why))
		return answer_why(im, &why);
	walk_begin(&w, im->box, &set, im->uid);
	find_part(f, w);
	answer = fetch_run(f, &w);
	if (answer == ANSWER_OK && f->unknown_cte)
		return answer_no(im, "[UNKNOWN-CTE] A part is encoded in a way "
				     "that nobody here knows");
	if (answer == ANSWER_OK && f->missing > 0)
		return answer_no(im, "[EXPUNGEISSUED] %u messages are gone",
		    f->missing);
	return answer;
}
