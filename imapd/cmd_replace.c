/* SPDX-License-Identifier: ISC */
/*
 * cmd_replace - REPLACE and UID REPLACE (RFC 8508)
 *
 * The new message comes and the old one goes in one transaction of store.
 * APPENDUID is told before the old one's EXPUNGE (RFC 8508 4.3).
 */
#include "imapd/append.h"
#include "imapd/box.h"
#include "imapd/commands.h"
#include "imapd/messages.h"

/* The message that goes; 0 when there is none of that number. */
static uint32_t
take_message(struct imap *im, struct parse *p)
{
	struct numset set;
	struct walk w;
	uint32_t uid;

	parse_space(p);
	messages_parse(im, p, &set);
	if (!parse_fine(p))
		return 0;
	if (numset_count(&set) > 1) {
		parse_fail(p, "One message expected");
		return 0;
	}
	walk_begin(&w, im->box, &set, im->uid);
	if (!walk_next(&w))
		return 0;
	uid = box_uid(im->box, w.index);
	return uid;
}

static enum answer
replace(struct imap *im, struct parse *p, struct appends *all)
{
	struct append *a = arena_alloc(&im->arena, sizeof(*a));
	enum answer answer;

	*a = (struct append){ .fd = -1 };
	all->handle = im->box->handle;
	all->replaces = take_message(im, p);
	parse_space(p);
	all->mailbox = arena_view(&im->arena, parse_mailbox_named(p));
	if (!parse_fine(p))
		return answer_syntax(im, p);
	if (all->replaces == 0)
		return answer_no(im, "[NONEXISTENT] No such message");
	answer = append_read(im, all, a, p);
	append_close(im, a);
	if (answer == ANSWER_OK && !parse_end(p))
		return answer_syntax(im, p);
	return answer == ANSWER_OK ? appends_commit(im, all) : answer;
}

enum answer
cmd_replace(struct imap *im, struct parse *p)
{
	struct appends all = { 0 };
	enum answer answer = replace(im, p, &all);

	appends_free(im, &all);
	return answer;
}
