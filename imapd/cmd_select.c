/* SPDX-License-Identifier: ISC */
/*
 * cmd_select - SELECT EXAMINE CLOSE UNSELECT (RFC 3501 6.3, 6.4; RFC 3691)
 *
 * The mailbox that was selected is left whatever becomes of the new one.
 */
#include <stdlib.h>

#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/link.h"
#include "imapd/select.h"
#include "imapd/sync.h"

void
box_leave(struct imap *im)
{
	struct message m = { .type = MSG_mailbox_close };

	if (im->box == NULL)
		return;
	if (im->box->channel != NULL) {
		m.mailbox_close.handle = im->box->handle;
		channel_send(im->box->channel, &m);
	}
	link_detach(im->box);
	box_free(&im->box);
}

static struct box *
make_box(struct imap *im, const struct msg_mailbox_opened *o)
{
	struct box *b = box_new();

	b->im = im;
	b->channel = im->store;
	b->handle = o->handle;
	b->uidvalidity = o->uidvalidity;
	b->uidnext = o->uidnext;
	b->modseq = o->modseq;
	box_set_keywords(b, o->keywords);
	if (!box_map(b, o->index, o->count))
		box_free(&b);
	return b;
}

static bool
open_box(struct imap *im, struct view name, bool read_only, struct why *w)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = imap_number(im), .mailbox = name,
		    .mode = read_only ? 0 : 1 } };
	struct reply reply = { 0 };

	if (!store_ask(im, &m, &reply, w))
		return false;
	if (!store_want(&reply, MSG_mailbox_opened, w)) {
		reply_free(&reply);
		return false;
	}
	im->box = make_box(im, &reply.m.mailbox_opened);
	reply_free(&reply);
	if (im->box == NULL)
		return why_later(w, "3.0", "No memory for the index");
	im->box->read_only = read_only;
	if (im->lost)
		im->box->channel = NULL;
	else
		link_attach(im->box);
	return true;
}

/* Number of the first message without \Seen, 0 if there is none. */
static uint32_t
first_unseen(const struct box *b)
{
	struct walk w;

	walk_begin(&w, b, NULL, false);
	while (walk_next(&w))
		if (!(record_flags(box_record(b, w.index)) & FLAG_SEEN))
			return w.seq;
	return 0;
}

/* Events that came before this are told with the tagged answer. */
static void
describe(struct imap *im)
{
	const struct box *b = im->box;
	uint32_t unseen = first_unseen(b);

	sync_tell_keywords(im);
	out_printf(im, "* %u EXISTS\r\n* %u RECENT\r\n", box_count(b),
	    b->recent);
	if (unseen > 0)
		out_printf(im, "* OK [UNSEEN %u] First unseen message\r\n",
		    unseen);
	out_printf(im,
	    "* OK [UIDVALIDITY %u] UIDs are valid\r\n"
	    "* OK [UIDNEXT %u] Next UID\r\n",
	    b->uidvalidity, b->uidnext);
}

static enum answer
select_box(struct imap *im, struct parse *p, bool read_only)
{
	struct why w = { 0 };
	struct view name;
	bool opened;

	parse_space(p);
	name = parse_mailbox(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	box_leave(im);
	if (im->store == NULL)
		return answer_no(im, "[UNAVAILABLE] The mailboxes are not "
				     "reachable");
	link_open_begin(im->store);
	opened = open_box(im, name, read_only, &w);
	if (!im->lost)
		link_open_end(im->store);
	if (!opened)
		return answer_why(im, &w);
	describe(im);
	return answer_ok(im, "[READ-%s] Mailbox selected",
	    read_only ? "ONLY" : "WRITE");
}

enum answer
cmd_select(struct imap *im, struct parse *p)
{
	return select_box(im, p, false);
}

enum answer
cmd_examine(struct imap *im, struct parse *p)
{
	return select_box(im, p, true);
}

enum answer
cmd_close(struct imap *im, struct parse *p)
{
	struct why w = { 0 };

	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!im->box->read_only && !expunge_deleted(im, NULL, &w))
		return answer_why(im, &w);
	box_leave(im);
	return ANSWER_OK;
}

enum answer
cmd_unselect(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	box_leave(im);
	return ANSWER_OK;
}
