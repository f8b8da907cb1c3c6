/* SPDX-License-Identifier: ISC */
/*
 * cmd_append - APPEND (RFC 3501 6.3.11, RFC 3502, RFC 4315, RFC 3516)
 *
 * Several messages in one command appear together or not at all. After an error
 * the rest of the command is read and forgotten.
 */
#include "imapd/append.h"
#include "imapd/commands.h"

/* Messages until the command ends. */
static enum answer
take_messages(struct imap *im, struct appends *all, struct parse *p)
{
	struct append *a = arena_alloc(&im->arena, sizeof(*a));
	enum answer answer;

	do {
		*a = (struct append){ .fd = -1 };
		answer = append_read(im, all, a, p);
		append_close(im, a);
	} while (answer == ANSWER_OK && parse_peek(p) == ' ');
	if (answer == ANSWER_OK && !parse_end(p))
		return answer_syntax(im, p);
	return answer;
}

enum answer
cmd_append(struct imap *im, struct parse *p)
{
	struct appends all = { 0 };
	enum answer answer;

	parse_space(p);
	all.mailbox = arena_view(&im->arena, parse_mailbox_named(p));
	answer = take_messages(im, &all, p);
	if (answer == ANSWER_OK)
		answer = appends_commit(im, &all);
	appends_free(im, &all);
	return answer;
}
