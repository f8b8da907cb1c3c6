/* SPDX-License-Identifier: ISC */
/*
 * cmd_fetch - FETCH and UID FETCH (RFC 3501 6.4.5)
 *
 * What stands in the index is written in one tight loop. For the rest the files
 * of up to FDS_MAX messages are opened with one question to store, and \Seen is
 * set with one change for them, before they are written one after the other.
 */
#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "imapd/messages.h"
#include "imapd/sync.h"
#include "lib/proc/channel.h"

/* Messages that are handled together. */
struct batch {
	struct contents files;
	uint32_t index[FDS_MAX], seq[FDS_MAX];
	bool seen[FDS_MAX];		/* \Seen is new */
};

static bool
fill(struct batch *b, struct walk *w)
{
	struct contents *c = &b->files;

	c->n = 0;
	while (c->n < FDS_MAX && walk_next(w)) {
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

static enum answer
with_content(struct fetch *f, struct walk *walk)
{
	struct batch *b = arena_alloc(&f->im->arena, sizeof(*b));
	enum answer answer = ANSWER_OK;
	struct why w = { 0 };

	while (answer == ANSWER_OK && !f->im->over && fill(b, walk)) {
		if (!contents_open(f->im, &b->files, &w)) {
			answer = answer_why(f->im, &w);
		} else {
			if (f->seen && !f->im->box->read_only)
				set_seen(f, b);
			write_batch(f, b);
		}
		contents_close(&b->files);
	}
	content_free(&f->message);
	return answer;
}

static void
from_index(struct fetch *f, struct walk *w)
{
	while (walk_next(w)) {
		f->index = w->index;
		if (!fetch_write(f, w->seq, false))
			break;
	}
}

/* FLAGS and perhaps UID, which clients ask of every message. */
static void
only_flags(struct fetch *f, struct walk *w)
{
	while (walk_next(w)) {
		sync_tell_flags(f->im, w->index, w->seq, f->im->uid || f->uid);
		if (!out_push(f->im))
			break;
	}
}

enum answer
cmd_fetch(struct imap *im, struct parse *p)
{
	struct fetch *f = arena_zalloc(&im->arena, sizeof(*f));
	enum answer answer = ANSWER_OK;
	struct numset set;
	struct walk w;

	f->im = im;
	parse_space(p);
	messages_parse(im, p, &set);
	parse_space(p);
	fetch_parse(f, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	walk_begin(&w, im->box, &set, im->uid);
	if (f->content)
		answer = with_content(f, &w);
	else if (f->flags && !f->others)
		only_flags(f, &w);
	else
		from_index(f, &w);
	if (answer == ANSWER_OK && f->missing > 0)
		return answer_no(im, "[EXPUNGEISSUED] %u messages are gone",
		    f->missing);
	return answer;
}
