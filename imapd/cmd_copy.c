/* SPDX-License-Identifier: ISC */
/*
 * cmd_copy - COPY and MOVE (RFC 3501 6.4.7, RFC 6851, RFC 4315)
 *
 * MOVE is one step of store; the messages that it took away are told as
 * EXPUNGE after the COPYUID, which is untagged for that reason.
 */
#include "imapd/box.h"
#include "imapd/commands.h"
#include "imapd/messages.h"
#include "lib/proc/channel.h"

static void
put_copied(struct imap *im, const struct msg_copied *c, bool move)
{
	if (c->source.n == 0)
		return;
	if (move)
		out_printf(im, "* OK [COPYUID %u %.*s %.*s] Moved\r\n",
		    c->uidvalidity, VIEW(c->source), VIEW(c->target));
	else
		answer_ok(im, "[COPYUID %u %.*s %.*s] Copied", c->uidvalidity,
		    VIEW(c->source), VIEW(c->target));
}

static enum answer
copy(struct imap *im, struct parse *p, bool move)
{
	struct message m = { .type = MSG_copy };
	struct reply reply = { 0 };
	struct str uids = { 0 };
	struct why w = { 0 };
	struct numset set;
	bool fine;

	parse_space(p);
	messages_parse(im, p, &set);
	parse_space(p);
	m.copy.mailbox = parse_mailbox_named(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	box_uids(im->box, &set, im->uid, &uids);
	if (uids.n == 0)
		return ANSWER_OK;
	m.copy.handle = im->box->handle;
	m.copy.uids = str_view(&uids);
	m.copy.move = move;
	fine = store_ask(im, &m, &reply, &w) &&
	    store_want(&reply, MSG_copied, &w);
	if (fine)
		put_copied(im, &reply.m.copied, move);
	str_free(&uids);
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why_create(im, &w);
}

enum answer
cmd_copy(struct imap *im, struct parse *p)
{
	return copy(im, p, false);
}

enum answer
cmd_move(struct imap *im, struct parse *p)
{
	return copy(im, p, true);
}
