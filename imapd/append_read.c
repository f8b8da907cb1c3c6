/* SPDX-License-Identifier: ISC */
/*
 * append_read - a message as APPEND and REPLACE give it
 *
 * " (flags) date data", where data is a literal or pieces of which each is a
 * literal or names octets of a message that is here (RFC 4466, 4469). Literals
 * go from the stream to store piece by piece and are never held.
 */
#include "imapd/append.h"
#include "imapd/capability.h"
#include "imapd/catenate.h"
#include "imapd/commands.h"
#include "imapd/reader.h"
#include "lib/mail/date.h"
#include "lib/proc/service.h"

#define URL_MAX 8192

enum data { DATA_LITERAL, DATA_UTF8, DATA_CATENATE };
enum piece { PIECE_TEXT, PIECE_UTF8, PIECE_URL };

/* The text that they stand in goes with the literal. */
static void
keep_keywords(struct parse *p, struct flag_list *f)
{
	for (uint32_t i = 0; i < f->keywords; i++)
		f->keyword[i] = arena_view(p->arena, f->keyword[i]);
}

/* " (flags)" and " date", both optional, up to the data. */
static void
parse_options(struct parse *p, struct append *a)
{
	struct date date = DATE_UTC(clock_wall());

	parse_space(p);
	a->flags.flags = a->flags.keywords = 0;
	if (parse_peek(p) == '(') {
		flags_parse(p, false, &a->flags);
		keep_keywords(p, &a->flags);
		parse_space(p);
	}
	if (parse_peek(p) == '"') {
		if (!date_parse_internal(parse_string(p), &date))
			parse_fail(p, "Wrong date");
		parse_space(p);
	}
	a->date = date.seconds;
}

static bool
at_literal(struct parse *p)
{
	struct literal l;

	if (parse_fine(p) && !parse_at_literal(p, &l))
		parse_fail(p, "Message literal expected");
	return parse_fine(p);
}

/* " (~{n}" behind UTF8: the same as a literal with a header in UTF-8 (RFC 6855
 * 4). */
static void
parse_utf8(struct parse *p)
{
	struct literal l;

	parse_space(p);
	parse_want(p, '(');
	if (!p->utf8 || !parse_at_literal(p, &l) || !l.binary)
		parse_fail(p, p->utf8 ? "Literal8 expected" :
					"ENABLE UTF8=ACCEPT first");
}

static enum data
parse_data(struct parse *p)
{
	if (parse_word(p, "UTF8")) {
		parse_utf8(p);
		return DATA_UTF8;
	}
	if (!parse_word(p, "CATENATE"))
		return DATA_LITERAL;
	parse_space(p);
	parse_want(p, '(');
	return DATA_CATENATE;
}

/* Up to the URL or the literal. */
static enum piece
parse_piece(struct parse *p)
{
	if (parse_word(p, "UTF8")) {
		parse_utf8(p);
		return PIECE_UTF8;
	}
	if (parse_word(p, "URL")) {
		parse_space(p);
		return PIECE_URL;
	}
	if (!parse_word(p, "TEXT"))
		parse_fail(p, "TEXT or URL expected");
	parse_space(p);
	return PIECE_TEXT;
}

/* Past URLs, to a literal (true) or the end of the pieces. */
static bool
pass_urls(struct parse *p)
{
	do {
		if (parse_piece(p) != PIECE_URL)
			return at_literal(p);
		parse_astring(p);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	return false;
}

bool
append_takes(struct parse *p)
{
	struct append *a = arena_alloc(p->arena, sizeof(*a));

	parse_space(p);
	parse_mailbox_named(p);
	do {
		parse_options(p, a);
		if (parse_data(p) != DATA_CATENATE)
			return at_literal(p);
		if (pass_urls(p))
			return true;
	} while (parse_peek(p) == ' ');
	return false;
}

/* ---- literals ---- */

static enum answer
check_literal(struct imap *im, const struct append *a)
{
	const struct literal *l = &im->incoming.literal;

	if (!reader_may_come(im, l))
		return answer_bad(im, "[TOOBIG] Literal too large to be sent "
				      "without waiting");
	if (!append_fits(im, a, l->size))
		return answer_no(im, "[TOOBIG] Message too large");
	return ANSWER_OK;
}

/* What follows a literal that was taken. */
static enum answer
go_on(struct imap *im, struct parse *p)
{
	if (reader_continue(im) != READ_COMMAND)
		return answer_bad(im, "%s", im->wrong ? im->wrong : "Cut off");
	*p = imap_parse(im);
	return ANSWER_OK;
}

static enum answer
take_literal(struct imap *im, struct append *a, struct parse *p)
{
	struct why w = { .verdict = VERDICT_DONE };
	enum answer answer;

	if (!at_literal(p) || !im->incoming.pending)
		return answer_syntax(im, p);
	answer = check_literal(im, a);
	if (answer != ANSWER_OK)
		return answer;
	if (!append_receive(im, a, &w))
		return answer_no(im, "Connection closed");
	if (w.verdict != VERDICT_DONE)
		return answer_why(im, &w);
	return go_on(im, p);
}

/* ---- pieces ---- */

/* A URL that comes as a literal behind one that was taken. */
static enum answer
take_url_literal(struct imap *im, struct parse *p, struct view *url)
{
	struct str text = { 0 };
	struct view v;

	if (im->incoming.literal.size > URL_MAX)
		return answer_bad(im, "[LIMIT] URL too long");
	if (!reader_literal_begin(im))
		return answer_no(im, "Connection closed");
	while (reader_literal_piece(im, &v) && v.n > 0) {
		str_add(&text, v);
		reader_literal_done(im, v.n);
	}
	*url = arena_view(&im->arena, str_view(&text));
	str_free(&text);
	return im->over ? answer_no(im, "Connection closed") : go_on(im, p);
}

static enum answer
take_url(struct imap *im, struct append *a, struct parse *p)
{
	enum answer answer = ANSWER_OK;
	struct literal l;
	struct view url;

	if (im->incoming.pending && parse_at_literal(p, &l))
		answer = take_url_literal(im, p, &url);
	else
		url = arena_view(&im->arena, parse_astring(p));
	if (answer != ANSWER_OK)
		return answer;
	return parse_fine(p) ? catenate_url(im, a, url) : answer_syntax(im, p);
}

static enum answer
take_pieces(struct imap *im, struct append *a, struct parse *p)
{
	enum answer answer;

	do {
		enum piece piece = parse_piece(p);

		if (!parse_fine(p))
			return answer_syntax(im, p);
		answer = piece == PIECE_URL ? take_url(im, a, p) :
					      take_literal(im, a, p);
		if (answer != ANSWER_OK)
			return answer;
		if (piece == PIECE_UTF8)
			parse_want(p, ')');
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	return parse_fine(p) ? ANSWER_OK : answer_syntax(im, p);
}

enum answer
append_read(struct imap *im, struct appends *all, struct append *a,
    struct parse *p)
{
	struct why w = { .verdict = VERDICT_DONE };
	enum answer answer;
	enum data data;

	parse_options(p, a);
	data = parse_data(p);
	if (data != DATA_CATENATE)
		at_literal(p);
	if (!parse_fine(p))
		return answer_syntax(im, p);
	if (all->n == APPENDS_MAX)
		return answer_no(im, "[LIMIT] At most %u messages at once",
		    APPENDS_MAX);
	if (!append_open(im, all, a, &w))
		return answer_why_create(im, &w);
	answer = data == DATA_CATENATE ? take_pieces(im, a, p) :
					 take_literal(im, a, p);
	if (answer == ANSWER_OK && data == DATA_UTF8)
		parse_want(p, ')');
	if (!parse_fine(p))
		return answer_syntax(im, p);
	return answer == ANSWER_OK ? append_finish(im, all, a) : answer;
}
