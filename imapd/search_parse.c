/* SPDX-License-Identifier: ISC */
/*
 * search_parse - SEARCH keys (RFC 3501 6.4.4)
 */
#include "imapd/capability.h"
#include "imapd/result.h"
#include "lib/mail/casemap.h"
#include "lib/mail/charset.h"
#include "lib/mail/date.h"
#include "lib/mail/grams.h"
#include "lib/mail/header.h"
#include "lib/mail/summary.h"

enum argument { ARG_NONE, ARG_TEXT, ARG_FIELD, ARG_KEYWORD, ARG_DAY,
	ARG_OCTETS, ARG_SECONDS, ARG_MODSEQ, ARG_ID, ARG_UIDS, ARG_ONE_KEY, ARG_TWO_KEYS };

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
	{ "SAVEDBEFORE", key_saved, ARG_DAY, 0, 0, -1, NULL },
	{ "SAVEDON", key_saved, ARG_DAY, 0, 0, 0, NULL },
	{ "SAVEDSINCE", key_saved, ARG_DAY, 0, 0, 1, NULL },
	{ "SAVEDATESUPPORTED", key_all, ARG_NONE, 0, 0, 0, NULL },
	{ "OLDER", key_age, ARG_SECONDS, 0, 0, -1, NULL },
	{ "YOUNGER", key_age, ARG_SECONDS, 0, 0, 1, NULL },
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
	{ "MODSEQ", key_modseq, ARG_MODSEQ, 0, 0, 0, NULL },
	{ "EMAILID", key_emailid, ARG_ID, 0, 0, 0, NULL },
	{ "THREADID", key_none, ARG_ID, 0, 0, 0, NULL },
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
	casemap_fold(&folded, str_view(&utf8));
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

/* "[entry all|priv|shared] n": there is one MODSEQ a message here, whatever
 * entry is asked about (RFC 7162 3.1.5). */
static int64_t
take_modseq(struct search *s, struct parse *p)
{
	if (parse_peek(p) == '"') {
		parse_string(p);
		parse_space(p);
		if (!parse_word(p, "all") && !parse_word(p, "priv") &&
		    !parse_word(p, "shared"))
			parse_fail(p, "all, priv or shared expected");
		parse_space(p);
	}
	s->modseq = true;
	return (int64_t)parse_number(p, MODSEQ_MAX);
}

static int64_t
take_seconds(struct parse *p)
{
	int64_t n = (int64_t)parse_number(p, UINT32_MAX);

	if (n == 0)
		parse_fail(p, "Seconds from 1 on expected");
	return n;
}

/* RFC 8474 7: letters, digits, '_' and '-'; ours are "M" and a number. */
static void
take_id(struct parse *p, struct key *k)
{
	struct view id = parse_astring(p);
	size_t n = 0;

	while (n < id.n && (is_alnum(id.p[n]) || strchr("_-", id.p[n])))
		n++;
	if (parse_fine(p) && (n < id.n || n == 0 || n > 255))
		parse_fail(p, "Wrong id");
	k->want = id.n == 17 && id.p[0] == 'M' &&
	    view_hex16(view_skip(id, 1), &k->content);
}

/* What it takes to answer a key that looks into the message. */
static void
note_text(struct search *s, struct parse *p, struct key *k)
{
	k->in_summary = summary_has(k->name);
	if (!k->in_summary)
		k->grams = grams_needle(k->text, p->arena);
	s->headers |= k->in_summary;
	s->grams |= k->grams != NULL;
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
	if (argument == ARG_TEXT || argument == ARG_FIELD) {
		k->text = take_text(s, p);
		note_text(s, p, k);
	} else if (argument == ARG_KEYWORD)
		k->keyword = box_keyword(s->box, parse_atom(p));
	else if (argument == ARG_DAY)
		take_day(p, &k->number);
	else if (argument == ARG_OCTETS)
		k->number = (int64_t)parse_number(p, UINT32_MAX);
	else if (argument == ARG_SECONDS)
		k->number = take_seconds(p);
	else if (argument == ARG_MODSEQ)
		k->number = take_modseq(s, p);
	else if (argument == ARG_ID)
		take_id(p, k);
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
	k->in_summary = k->test == key_sent;
	s->headers |= k->in_summary;
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
	} else if (parse_at_set(p) && imap_has(s->im, FEATURE_UIDONLY)) {
		parse_fail(p, "[UIDREQUIRED] Message numbers are not used");
	} else if (parse_at_set(p)) {
		k->test = key_numbers;
		parse_set(p, box_count(s->box), &k->set);
	} else if (parse_take(p, '$')) {
		k->test = key_uids;
		s->saved = true;
		if (s->im->box != NULL)
			k->set = result_saved(s->im);
	} else {
		parse_named(s, p, k);
	}
	p->depth--;
	return k;
}

void
search_parse_charset(struct search *s, struct parse *p)
{
	s->charset = parse_astring(p);
	parse_space(p);
	s->unknown_charset = parse_fine(p) &&
	    (s->charset.n == 0 || !charset_known(s->charset));
	s->program = parse_keys(s, p);
}

void
search_parse(struct search *s, struct parse *p)
{
	if (parse_word(p, "CHARSET")) {
		parse_space(p);
		if (imap_has(s->im, FEATURE_UTF8))	/* RFC 9755 3 */
			parse_fail(p, "The charset is UTF-8");
		search_parse_charset(s, p);
		return;
	}
	s->charset = VIEW_LIT("UTF-8");
	s->program = parse_keys(s, p);
}
