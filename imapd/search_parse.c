/* SPDX-License-Identifier: ISC */
/*
 * search_parse - SEARCH keys (RFC 3501 6.4.4)
 */
#include "imapd/search.h"
#include "lib/mail/charset.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"

enum argument { ARG_NONE, ARG_TEXT, ARG_FIELD, ARG_KEYWORD, ARG_DAY,
	ARG_OCTETS, ARG_UIDS, ARG_ONE_KEY, ARG_TWO_KEYS };

static const struct known {
	const char *name;
	enum verdict_of_key (*test)(struct search *, const struct key *);
	enum argument argument;
	uint32_t flag;
	bool want;
	int compare;
	const char *field;
} keys[] = {
	{ "ALL", key_all, ARG_NONE, 0, 0, 0, NULL },
	{ "ANSWERED", key_flag, ARG_NONE, FLAG_ANSWERED, true, 0, NULL },
	{ "DELETED", key_flag, ARG_NONE, FLAG_DELETED, true, 0, NULL },
	{ "DRAFT", key_flag, ARG_NONE, FLAG_DRAFT, true, 0, NULL },
	{ "FLAGGED", key_flag, ARG_NONE, FLAG_FLAGGED, true, 0, NULL },
	{ "RECENT", key_flag, ARG_NONE, FLAG_RECENT, true, 0, NULL },
	{ "SEEN", key_flag, ARG_NONE, FLAG_SEEN, true, 0, NULL },
	{ "UNANSWERED", key_flag, ARG_NONE, FLAG_ANSWERED, false, 0, NULL },
	{ "UNDELETED", key_flag, ARG_NONE, FLAG_DELETED, false, 0, NULL },
	{ "UNDRAFT", key_flag, ARG_NONE, FLAG_DRAFT, false, 0, NULL },
	{ "UNFLAGGED", key_flag, ARG_NONE, FLAG_FLAGGED, false, 0, NULL },
	{ "OLD", key_flag, ARG_NONE, FLAG_RECENT, false, 0, NULL },
	{ "UNSEEN", key_flag, ARG_NONE, FLAG_SEEN, false, 0, NULL },
	{ "NEW", key_new, ARG_NONE, 0, 0, 0, NULL },
	{ "KEYWORD", key_keyword, ARG_KEYWORD, 0, true, 0, NULL },
	{ "UNKEYWORD", key_keyword, ARG_KEYWORD, 0, false, 0, NULL },
	{ "LARGER", key_size, ARG_OCTETS, 0, 0, 1, NULL },
	{ "SMALLER", key_size, ARG_OCTETS, 0, 0, -1, NULL },
	{ "BEFORE", key_date, ARG_DAY, 0, 0, -1, NULL },
	{ "ON", key_date, ARG_DAY, 0, 0, 0, NULL },
	{ "SINCE", key_date, ARG_DAY, 0, 0, 1, NULL },
	{ "SENTBEFORE", key_sent, ARG_DAY, 0, 0, -1, NULL },
	{ "SENTON", key_sent, ARG_DAY, 0, 0, 0, NULL },
	{ "SENTSINCE", key_sent, ARG_DAY, 0, 0, 1, NULL },
	{ "BCC", key_header, ARG_TEXT, 0, 0, 0, "Bcc" },
	{ "CC", key_header, ARG_TEXT, 0, 0, 0, "Cc" },
	{ "FROM", key_header, ARG_TEXT, 0, 0, 0, "From" },
	{ "SUBJECT", key_header, ARG_TEXT, 0, 0, 0, "Subject" },
	{ "TO", key_header, ARG_TEXT, 0, 0, 0, "To" },
	{ "HEADER", key_header, ARG_FIELD, 0, 0, 0, NULL },
	{ "BODY", key_body, ARG_TEXT, 0, 0, 0, NULL },
	{ "TEXT", key_text, ARG_TEXT, 0, 0, 0, NULL },
	{ "UID", key_uids, ARG_UIDS, 0, 0, 0, NULL },
	{ "NOT", key_not, ARG_ONE_KEY, 0, 0, 0, NULL },
	{ "OR", key_or, ARG_TWO_KEYS, 0, 0, 0, NULL },
};

static struct key *parse_key(struct search *s, struct parse *p);

/* ---- arguments ---- */

/* To UTF-8, without case. */
static struct view
take_text(struct search *s, struct parse *p)
{
	struct str utf8 = { 0 }, folded = { 0 };
	struct view v = parse_astring(p);

	if (++s->texts > SEARCH_TEXTS_MAX)
		parse_fail(p, "[LIMIT] Too many texts to search for");
	if (!parse_fine(p))
		return VIEW_NONE;
	charset_convert(&utf8, s->charset, v);
	charset_fold(&folded, str_view(&utf8));
	v = arena_view(p->arena, str_view(&folded));
	str_free(&utf8);
	str_free(&folded);
	return v;
}

static void
take_day(struct parse *p, int64_t *day)
{
	struct view v = parse_peek(p) == '"' ? parse_string(p) :
					       parse_atom(p);

	if (parse_fine(p) && !date_parse_day(v, day))
		parse_fail(p, "Wrong date");
}

static void
take_argument(struct search *s, struct parse *p, struct key *k,
    enum argument argument)
{
	if (argument == ARG_NONE)
		return;
	parse_space(p);
	if (argument == ARG_FIELD) {
		k->name = parse_astring(p);
		if (parse_fine(p) && !header_is_name(k->name))
			parse_fail(p, "Wrong field name");
		parse_space(p);
	}
	if (argument == ARG_TEXT || argument == ARG_FIELD)
		k->text = take_text(s, p);
	else if (argument == ARG_KEYWORD)
		k->keyword = box_keyword(s->box, parse_atom(p));
	else if (argument == ARG_DAY)
		take_day(p, &k->number);
	else if (argument == ARG_OCTETS)
		k->number = (int64_t)parse_number(p, UINT32_MAX);
	else if (argument == ARG_UIDS)
		parse_set(p, box_last_uid(s->box), &k->set);
	if (argument == ARG_ONE_KEY || argument == ARG_TWO_KEYS)
		k->a = parse_key(s, p);
	if (argument == ARG_TWO_KEYS) {
		parse_space(p);
		k->b = parse_key(s, p);
	}
}

/* ---- keys ---- */

static struct key *
parse_keys(struct search *s, struct parse *p)
{
	struct key *first = NULL, **end = &first;

	do {
		*end = parse_key(s, p);
		end = &(*end)->next;
	} while (parse_take(p, ' '));
	return first;
}

static void
parse_named(struct search *s, struct parse *p, struct key *k)
{
	struct view name = parse_atom(p);
	size_t i = 0;

	while (i < nitems(keys) && !view_isi(name, keys[i].name))
		i++;
	if (i == nitems(keys)) {
		parse_fail(p, "Unknown SEARCH key");
		return;
	}
	k->test = keys[i].test;
	k->flag = keys[i].flag;
	k->want = keys[i].want;
	k->compare = keys[i].compare;
	if (keys[i].field != NULL)
		k->name = view_of(keys[i].field);
	take_argument(s, p, k, keys[i].argument);
}

static struct key *
parse_key(struct search *s, struct parse *p)
{
	struct key *k = arena_zalloc(p->arena, sizeof(*k));

	k->test = key_all;
	if (!parse_deeper(p))
		return k;
	if (parse_take(p, '(')) {
		k->test = key_group;
		k->a = parse_keys(s, p);
		parse_want(p, ')');
	} else if (parse_at_set(p)) {
		k->test = key_numbers;
		parse_set(p, box_count(s->box), &k->set);
	} else {
		parse_named(s, p, k);
	}
	p->depth--;
	return k;
}

void
search_parse(struct search *s, struct parse *p)
{
	s->charset = VIEW_LIT("UTF-8");
	if (parse_word(p, "CHARSET")) {
		parse_space(p);
		s->charset = parse_astring(p);
		parse_space(p);
		s->unknown_charset = parse_fine(p) &&
		    !charset_known(s->charset);
	}
	s->program = parse_keys(s, p);
}
