/* SPDX-License-Identifier: ISC */
/*
 * cmd_store - STORE and UID STORE (RFC 3501 6.4.6, RFC 7162 3.1.3)
 *
 * The events that the change causes come before store's answer and set the
 * records; what is left is to say so, or with .SILENT to forget that this
 * change (told from others by its MODSEQ) was news. Who keeps MODSEQs hears
 * the new one even then.
 */
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/flags.h"
#include "imapd/messages.h"
#include "imapd/sync.h"
#include "lib/proc/channel.h"

struct change {
	struct numset set;
	uint8_t mode;		/* of mailbox_flags */
	bool silent;
	bool conditional;
	uint64_t unchangedsince;
	struct flag_list flags;
};

/* "(UNCHANGEDSINCE n) " */
static void
parse_modifiers(struct imap *im, struct parse *p, struct change *c)
{
	if (!parse_take(p, '('))
		return;
	if (!parse_word(p, "UNCHANGEDSINCE"))
		parse_fail(p, "UNCHANGEDSINCE expected");
	parse_space(p);
	c->unchangedsince = parse_number(p, MODSEQ_MAX);
	c->conditional = true;
	parse_want(p, ')');
	parse_space(p);
	if (parse_fine(p))
		im->enabled |= FEATURE_CONDSTORE;
}

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
	parse_modifiers(im, p, c);
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
		sync_tell_flags(im, w.index, w.seq, sync_what(im));
	box_clean(im->box, &c->set, im->uid, 0);
}

/* Only the MODSEQ of what this change has changed. */
static void
tell_silently(struct imap *im, const struct change *c, uint64_t modseq)
{
	struct walk w;

	box_clean(im->box, &c->set, im->uid, modseq);
	if (!imap_has(im, FEATURE_CONDSTORE))
		return;
	walk_begin(&w, im->box, &c->set, im->uid);
	while (walk_next(&w) && out_push(im))
		if (record_modseq(box_record(im->box, w.index)) == modseq)
			sync_tell_flags(im, w.index, w.seq,
			    sync_what(im) & ~(unsigned)TELL_FLAGS);
}

/* [MODIFIED set]: those that somebody else was faster with. */
static enum answer
answer_modified(struct imap *im, struct view uids)
{
	struct str text = { 0 };
	struct numset_text t;
	struct numset set;
	struct walk w;

	if (uids.n == 0 || !numset_parse(uids, 0, &im->arena, &set))
		return ANSWER_OK;
	numset_begin(&t, &text);
	walk_begin(&w, im->box, &set, true);
	while (walk_next(&w))
		numset_put(&t, im->uid ? box_uid(im->box, w.index) : w.seq);
	numset_end(&t);
	answer_ok(im, "[MODIFIED %s] Some were changed by others",
	    str_c(&text));
	str_free(&text);
	return ANSWER_OK;
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
	if (c->conditional && c->unchangedsince == 0) {
		/* every message has changed since then */
		answer_modified(im, str_view(&uids));
		str_free(&uids);
		return ANSWER_OK;
	}
	flags_keyword_list(&c->flags, &keywords);
	m.mailbox_flags.handle = im->box->handle;
	m.mailbox_flags.mode = c->mode;
	m.mailbox_flags.flags = c->flags.flags;
	m.mailbox_flags.keywords = str_view(&keywords);
	m.mailbox_flags.uids = str_view(&uids);
	m.mailbox_flags.unchangedsince = c->unchangedsince;
	fine = store_ask(im, &m, &reply, &w) &&
	    store_want(&reply, MSG_mailbox_flagged, &w);
	str_free(&uids);
	str_free(&keywords);
	if (fine && c->silent && reply.m.mailbox_flagged.modseq > 0)
		tell_silently(im, c, reply.m.mailbox_flagged.modseq);
	if (fine)
		answer_modified(im, reply.m.mailbox_flagged.modified);
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
