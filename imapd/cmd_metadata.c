/* SPDX-License-Identifier: ISC */
/*
 * cmd_metadata - GETMETADATA SETMETADATA (RFC 5464 4.2, 4.3)
 */
#include "imapd/commands.h"
#include "imapd/metadata.h"
#include "lib/proc/settings.h"

/* ---- GETMETADATA ---- */

static void
parse_depth(struct parse *p, struct metadata *m)
{
	static const char *const words[] = { [DEPTH_0] = "0",
		[DEPTH_1] = "1", [DEPTH_INFINITE] = "infinity" };

	for (size_t i = 0; i < nitems(words); i++) {
		if (!parse_word(p, words[i]))
			continue;
		m->depth = (enum metadata_depth)i;
		return;
	}
	parse_fail(p, "Wrong depth");
}

/* "(MAXSIZE 100 DEPTH 1)" */
static void
parse_options(struct parse *p, struct metadata *m)
{
	parse_want(p, '(');
	do {
		if (parse_word(p, "MAXSIZE")) {
			parse_space(p);
			m->most = parse_number(p, UINT32_MAX);
		} else if (parse_word(p, "DEPTH")) {
			parse_space(p);
			parse_depth(p, m);
		} else {
			parse_fail(p, "Unknown GETMETADATA option");
		}
	} while (parse_take(p, ' '));
	parse_want(p, ')');
}

/* The grammar has the options before the mailbox, the examples behind it. */
static bool
at_options(const struct parse *p)
{
	struct parse ahead = *p;

	return parse_take(&ahead, '(') &&
	    (parse_word(&ahead, "MAXSIZE") || parse_word(&ahead, "DEPTH"));
}

static enum answer
get(struct imap *im, struct view mailbox, struct metadata *m)
{
	struct reply reply = { 0 };
	struct why w = { 0 };
	bool fine = metadata_ask(im, mailbox, &reply, &w);

	if (fine)
		metadata_put(im, mailbox, reply.m.metadata.entries, m);
	reply_free(&reply);
	if (!fine)
		return answer_why(im, &w);
	if (m->longest > 0)
		return answer_ok(im, "[METADATA LONGENTRIES %llu] GETMETADATA "
		    "completed", (unsigned long long)m->longest);
	return ANSWER_OK;
}

enum answer
cmd_getmetadata(struct imap *im, struct parse *p)
{
	struct metadata *m = arena_zalloc(&im->arena, sizeof(*m));
	struct view mailbox;

	m->most = UINT32_MAX;
	parse_space(p);
	if (parse_peek(p) == '(') {
		parse_options(p, m);
		parse_space(p);
	}
	mailbox = parse_mailbox(p);
	parse_space(p);
	if (at_options(p)) {
		parse_options(p, m);
		parse_space(p);
	}
	metadata_parse(m, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	return get(im, mailbox, m);
}

/* ---- SETMETADATA ---- */

/* What would be two values of one entry is none. */
static bool
is_twice(struct view set, struct view removed, struct view name)
{
	struct view item, value;

	while (list_next(&set, &item) && list_next(&set, &value))
		if (view_eq(item, name))
			return true;
	while (list_next(&removed, &item))
		if (view_eq(item, name))
			return true;
	return false;
}

static void
parse_values(struct parse *p, struct str *set, struct str *remove)
{
	size_t n = 0;

	parse_want(p, '(');
	do {
		struct view name = metadata_name(p, parse_astring(p), false);
		struct view value;

		parse_space(p);
		value = parse_nstring8(p);
		if (++n > METADATA_ENTRIES_MAX)
			parse_fail(p, "Too many entries");
		if (is_twice(str_view(set), str_view(remove), name))
			parse_fail(p, "An entry twice");
		if (!parse_fine(p))
			return;
		list_put(value.p != NULL ? set : remove, name);
		if (value.p != NULL)
			list_put(set, value);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
}

/* RFC 5464 4.3 and 6.1 has codes of its own for what store says. */
static enum answer
answer_set(struct imap *im, const struct why *w)
{
	if (w->verdict == VERDICT_NEVER && strcmp(w->status, "3.4") == 0)
		return answer_no(im, "[METADATA MAXSIZE %llu] %s",
		    (unsigned long long)im->settings->imap_metadata_size, w->text);
	if (w->verdict == VERDICT_NEVER && strcmp(w->status, "5.3") == 0)
		return answer_no(im, "[METADATA TOOMANY] %s", w->text);
	if (w->verdict == VERDICT_NEVER && strcmp(w->status, "5.1") == 0)
		return answer_no(im, "[USEATTR] %s", w->text);	/* RFC 6154 5.4 */
	return answer_why(im, w);
}

static enum answer
set(struct imap *im, struct view mailbox, const struct str *values,
    const struct str *removed)
{
	struct message m = { .type = MSG_metadata_set,
		.metadata_set = { .session = imap_number(im),
		    .mailbox = mailbox, .set = str_view(values),
		    .remove = str_view(removed) } };
	struct why w = { 0 };

	if (values->n + removed->n > FRAME_MAX / 2)
		return answer_no(im, "[METADATA MAXSIZE %llu] Too much at once",
		    (unsigned long long)im->settings->imap_metadata_size);
	return store_tell(im, &m, &w) ? ANSWER_OK : answer_set(im, &w);
}

enum answer
cmd_setmetadata(struct imap *im, struct parse *p)
{
	struct str values = { 0 }, removed = { 0 };
	struct view mailbox;
	enum answer answer;

	parse_space(p);
	mailbox = parse_mailbox(p);
	parse_space(p);
	parse_values(p, &values, &removed);
	if (!parse_end(p))
		answer = answer_syntax(im, p);
	else
		answer = set(im, mailbox, &values, &removed);
	str_free(&values);
	str_free(&removed);
	return answer;
}
