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

#define STORE_TURN 4096	/* messages */

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

/* Of these UIDs. */
static void
tell(struct imap *im, const struct numset *set)
{
	struct walk w;

	if (im->box->new_keywords)
		sync_tell_keywords(im);
	walk_begin(&w, im->box, set, true);
	while (walk_next(&w) && out_push(im))
		sync_tell_flags(im, w.index, w.seq, sync_what(im));
	box_clean(im->box, set, true, 0);
}

/* Only the MODSEQ of what this change has changed. */
static void
tell_silently(struct imap *im, const struct numset *set, uint64_t modseq)
{
	struct walk w;

	box_clean(im->box, set, true, modseq);
	if (!imap_has(im, FEATURE_CONDSTORE))
		return;
	walk_begin(&w, im->box, set, true);
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

/* The change of these UIDs, and what the client hears of it. */
static bool
store_some(struct imap *im, const struct change *c, struct message *m,
    struct str *modified, struct why *w)
{
	struct msg_mailbox_flagged *done;
	struct reply reply = { 0 };
	struct arena arena = { 0 };
	struct numset set;
	bool fine = store_ask(im, m, &reply, w) &&
	    store_want(&reply, MSG_mailbox_flagged, w);

	done = &reply.m.mailbox_flagged;
	if (fine && done->modified.n > 0)
		str_addf(modified, "%s%.*s", modified->n > 0 ? "," : "",
		    VIEW(done->modified));
	if (fine && numset_parse(m->mailbox_flags.uids, 0, &arena, &set)) {
		if (!c->silent)
			tell(im, &set);
		else if (done->modseq > 0)
			tell_silently(im, &set, done->modseq);
	}
	arena_reset(&arena);
	reply_free(&reply);
	return fine;
}

/* So many at a time, that store has time for others between, and no session that
 * has the mailbox open needs to keep more news. */
static enum answer
store_all(struct imap *im, const struct change *c)
{
	struct message m = { .type = MSG_mailbox_flags };
	struct str uids = { 0 }, keywords = { 0 }, modified = { 0 };
	enum answer answer = ANSWER_OK;
	struct why w = { 0 };
	struct walk walk;
	bool fine = true;

	flags_keyword_list(&c->flags, &keywords);
	m.mailbox_flags.handle = im->box->handle;
	m.mailbox_flags.mode = c->mode;
	m.mailbox_flags.flags = c->flags.flags;
	m.mailbox_flags.keywords = str_view(&keywords);
	m.mailbox_flags.unchangedsince = c->unchangedsince;
	walk_begin(&walk, im->box, &c->set, im->uid);
	while (fine && box_uids_next(&walk, STORE_TURN, &uids)) {
		m.mailbox_flags.uids = str_view(&uids);
		fine = store_some(im, c, &m, &modified, &w);
		str_reset(&uids);
	}
	if (fine)
		answer_modified(im, str_view(&modified));
	else
		answer = answer_why(im, &w);
	str_free(&uids);
	str_free(&keywords);
	str_free(&modified);
	return answer;
}

/* Every message has changed since 0; what they have now is told all the same. */
static enum answer
store_none(struct imap *im, const struct change *c)
{
	struct str uids = { 0 };
	struct numset set;

	box_uids(im->box, &c->set, im->uid, &uids);
	answer_modified(im, str_view(&uids));
	if (!c->silent && uids.n > 0 &&
	    numset_parse(str_view(&uids), 0, &im->arena, &set))
		tell(im, &set);
	str_free(&uids);
	return ANSWER_OK;
}

enum answer
cmd_store(struct imap *im, struct parse *p)
{
	struct change *c = arena_zalloc(&im->arena, sizeof(*c));

	parse_change(im, p, c);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (c->conditional && c->unchangedsince == 0)
		return store_none(im, c);
	return store_all(im, c);
}
