/* SPDX-License-Identifier: ISC */
/*
 * cmd_store - STORE and UID STORE (RFC 3501 6.4.6)
 *
 * The events that the change causes come before store's answer and set the
 * records; what is left is to say so, or with .SILENT to forget that this
 * change (told from others by its MODSEQ) was news.
 */
#include "imapd/commands.h"
#include "imapd/flags.h"
#include "imapd/messages.h"
#include "imapd/sync.h"
#include "lib/proc/channel.h"

struct change {
	struct numset set;
	uint8_t mode;		/* of mailbox_flags */
	bool silent;
	struct flag_list flags;
};

static void
parse_change(struct imap *im, struct parse *p, struct change *c)
{
	static const struct {
		const char *word;
		uint8_t mode;
		bool silent;
	} items[] = {
		{ "FLAGS", 0, false },	{ "FLAGS.SILENT", 0, true },
		{ "+FLAGS", 1, false }, { "+FLAGS.SILENT", 1, true },
		{ "-FLAGS", 2, false }, { "-FLAGS.SILENT", 2, true },
	};
	struct view word;
	size_t i = 0;

	parse_space(p);
	messages_parse(im, p, &c->set);
	parse_space(p);
	word = parse_atom(p);
	while (i < nitems(items) && !view_isi(word, items[i].word))
		i++;
	if (i == nitems(items)) {
		parse_fail(p, "FLAGS, +FLAGS or -FLAGS expected");
		return;
	}
	c->mode = items[i].mode;
	c->silent = items[i].silent;
	parse_space(p);
	flags_parse(p, true, &c->flags);
}

static void
tell(struct imap *im, const struct change *c)
{
	struct walk w;

	walk_begin(&w, im->box, &c->set, im->uid);
	while (walk_next(&w) && out_push(im))
		sync_tell_flags(im, w.index, w.seq, im->uid);
	box_clean(im->box, &c->set, im->uid, 0);
}

static enum answer
store(struct imap *im, const struct change *c)
{
	struct message m = { .type = MSG_mailbox_flags };
	struct str uids = { 0 }, keywords = { 0 };
	struct reply reply = { 0 };
	struct why w = { 0 };
	bool fine;

	box_uids(im->box, &c->set, im->uid, &uids);
	if (uids.n == 0)
		return ANSWER_OK;
	flags_keyword_list(&c->flags, &keywords);
	m.mailbox_flags.handle = im->box->handle;
	m.mailbox_flags.mode = c->mode;
	m.mailbox_flags.flags = c->flags.flags;
	m.mailbox_flags.keywords = str_view(&keywords);
	m.mailbox_flags.uids = str_view(&uids);
	fine = store_ask(im, &m, &reply, &w) &&
	    store_want(&reply, MSG_mailbox_flagged, &w);
	str_free(&uids);
	str_free(&keywords);
	if (fine && c->silent && reply.m.mailbox_flagged.modseq > 0)
		box_clean(im->box, &c->set, im->uid,
		    reply.m.mailbox_flagged.modseq);
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

enum answer
cmd_store(struct imap *im, struct parse *p)
{
	struct change *c = arena_zalloc(&im->arena, sizeof(*c));
	enum answer answer;

	parse_change(im, p, c);
	if (!parse_end(p))
		return answer_syntax(im, p);
	answer = store(im, c);
	if (answer != ANSWER_OK || c->silent)
		return answer;
	if (im->box->new_keywords)
		sync_tell_keywords(im);
	tell(im, c);
	return ANSWER_OK;
}
