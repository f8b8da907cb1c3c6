/* SPDX-License-Identifier: ISC */
/*
 * routes - a line is a pattern, then what to do with what it matches
 *
 * Each word of a line that has a meaning of its own is a row of a table; all
 * other words are names. Where a hop cannot be read, its words are tried one by
 * one, so that a complaint points to the wrong one.
 */
#include <stdio.h>

#include "lib/mail/hop.h"
#include "lib/mail/idn.h"
#include "lib/mail/line.h"
#include "lib/mail/routes.h"

struct reader {
	const struct routes_sink *sink;
	struct view line;	/* the whole of it */
	size_t number;
	struct str key, text;
	struct arena arena;	/* reset after each line */
};

/* Complain about what stands at this place of the line; returns false. */
static bool PRINTF(3, 4)
complain(struct reader *r, struct view where, const char *fmt, ...)
{
	size_t column = (size_t)(where.p - r->line.p) + 1;
	char sentence[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	r->sink->complain(r->sink->arg, r->number, column, sentence);
	return false;
}

/* ---- keys ---- */

bool
routes_key_domain(struct str *out, enum routes_key kind, struct view domain)
{
	struct str ascii = { 0 };
	bool ok = domain.n <= ADDRESS_DOMAIN_MAX && idn_ascii(&ascii, domain) &&
		  address_is_domain(str_view(&ascii), false);

	str_reset(out);
	str_addc(out, (char)kind);
	str_add(out, str_view(&ascii));
	str_free(&ascii);
	return ok;
}

bool
routes_key_address(struct str *out, enum routes_key kind,
    const struct address *a)
{
	struct str ascii = { 0 };
	bool ok = idn_ascii(&ascii, a->domain) && ascii.n > 0;

	str_reset(out);
	str_addc(out, (char)kind);
	for (size_t i = 0; i < a->local.n; i++)
		str_addc(out, to_lower(a->local.p[i]));
	str_addc(out, '@');
	str_add(out, str_view(&ascii));
	str_free(&ascii);
	return ok;
}

void
routes_pattern(struct view key, struct str *out)
{
	char kind = key.n > 0 ? key.p[0] : '\0';

	if (kind == ROUTES_SENDER || kind == ROUTES_SENDER_DOMAIN)
		str_adds(out, "sender ");
	if (kind == ROUTES_SENDER_DOMAIN || kind == ROUTES_BELOW)
		str_addc(out, kind == ROUTES_BELOW ? '.' : '@');
	str_add(out, kind == ROUTES_DEFAULT ? key : view_skip(key, key.n > 0));
}

/* ---- patterns ---- */

static bool
read_address(struct reader *r, enum routes_key kind, struct view word)
{
	struct address a;

	if (address_parse(word, ADDRESS_UTF8, &r->arena, &a) == ADDRESS_FINE &&
	    routes_key_address(&r->key, kind, &a))
		return true;
	return complain(r, word, "\"%.*s\" is no address", VIEW(word));
}

static bool
read_domain(struct reader *r, enum routes_key kind, struct view word)
{
	return routes_key_domain(&r->key, kind, word) ||
	       complain(r, word, "\"%.*s\" is no domain", VIEW(word));
}

static bool
read_sender(struct reader *r, struct view *rest)
{
	struct view word = view_word(rest);

	if (word.n > 0 && word.p[0] == '@')
		return read_domain(r, ROUTES_SENDER_DOMAIN, view_skip(word, 1));
	if (view_find(word, '@') < word.n)
		return read_address(r, ROUTES_SENDER, word);
	return complain(r, word, "sender wants an address or @DOMAIN");
}

static bool
read_pattern(struct reader *r, struct view *rest)
{
	struct view word = view_word(rest);

	if (view_is(word, "sender"))
		return read_sender(r, rest);
	if (view_is(word, "*")) {
		str_reset(&r->key);
		str_addc(&r->key, ROUTES_DEFAULT);
		return true;
	}
	if (word.p[0] == '@')
		return complain(r, word, "A domain is written without @: "
		    "%.*s", VIEW(view_skip(word, 1)));
	if (view_find(word, '@') < word.n)
		return read_address(r, ROUTES_ADDRESS, word);
	return word.p[0] == '.' ?
	    read_domain(r, ROUTES_BELOW, view_skip(word, 1)) :
	    read_domain(r, ROUTES_DOMAIN, word);
}

/* ---- what to do ---- */

/* The word of a hop that makes it wrong, when all before it are right. */
static struct view
wrong_word(struct reader *r, struct view text)
{
	struct view rest = text, word, head = { text.p, 0 };
	struct hop h;
	struct why w;

	while ((word = view_word(&rest)).n > 0) {
		head.n = (size_t)(word.p + word.n - text.p);
		if (!hop_parse(head, &r->arena, &h, &w))
			return word;
	}
	return text;
}

static bool
read_hop(struct reader *r, struct view text, struct route *route)
{
	struct hop h;
	struct why w;

	text = line_without_comment(text);
	if (!hop_parse(text, &r->arena, &h, &w))
		return complain(r, wrong_word(r, text), "%s", w.text);
	route->kind = h.kind == HOP_MX && view_is(h.host, "mx") ? ROUTE_OWN :
								  ROUTE_HOP;
	hop_write(&h, &r->text);
	return true;
}

static bool
read_quoted(struct reader *r, struct view text)
{
	struct line_wrong w;

	return line_quoted(text, ROUTES_SENTENCE_MAX, &r->text, &w) ||
	       complain(r, w.where, "%s", w.sentence);
}

static const struct action {
	const char *word;
	enum route_kind kind;
	const char *sentence;	/* when the line has none */
} actions[] = {
	{ "refuse", ROUTE_REFUSE, "Mail is not accepted for this address" },
	{ "defer", ROUTE_DEFER, "Mail for this address has to wait" },
};

static bool
read_action(struct reader *r, struct view rest, struct route *route)
{
	struct view text = rest, word = view_word(&rest);

	rest = view_trim(rest);
	for (size_t i = 0; i < nitems(actions); i++) {
		if (!view_is(word, actions[i].word))
			continue;
		route->kind = actions[i].kind;
		if (line_without_comment(rest).n > 0)
			return read_quoted(r, rest);
		str_adds(&r->text, actions[i].sentence);
		return true;
	}
	return word.n > 0 && word.p[0] != '#' ? read_hop(r, text, route) :
	    complain(r, text, "There is no hop behind the pattern");
}

/* ---- lines ---- */

static bool
read_route(struct reader *r, struct view rest)
{
	struct route route = { .line = (uint32_t)r->number };

	if (!read_pattern(r, &rest) || !read_action(r, view_trim(rest), &route))
		return true;
	route.text = str_view(&r->text);
	return r->sink->entry(r->sink->arg, str_view(&r->key), &route);
}

static bool
read_recipient(struct reader *r, struct view rest)
{
	struct route route = { ROUTE_HOP, (uint32_t)r->number, VIEW_NONE };
	struct view word = view_word(&rest);

	rest = view_trim(rest);
	if (word.p[0] == '@' ?
	    !read_domain(r, ROUTES_DOMAIN, view_skip(word, 1)) :
	    !read_address(r, ROUTES_ADDRESS, word))
		return true;
	if (line_without_comment(rest).n > 0) {
		complain(r, rest, "A line has one address");
		return true;
	}
	return r->sink->entry(r->sink->arg, str_view(&r->key), &route);
}

typedef bool read_fn(struct reader *r, struct view rest);

static bool
read_line(struct reader *r, struct view line, read_fn *read)
{
	struct view rest = view_trim(line);
	bool ok = true;

	r->number++;
	r->line = line;
	if (rest.n == 0 || rest.p[0] == '#')
		return true;
	if (line.n > ROUTES_LINE_MAX)
		complain(r, line, "The line has more than %d octets",
		    ROUTES_LINE_MAX);
	else
		ok = read(r, rest);
	str_reset(&r->text);
	arena_reset(&r->arena);
	return ok;
}

static bool
read_all(struct view text, const struct routes_sink *sink, read_fn *read)
{
	struct reader r = { .sink = sink };
	bool ok = true;

	while (ok && text.n > 0)
		ok = read_line(&r, view_cut(&text, '\n'), read);
	str_free(&r.key);
	str_free(&r.text);
	return ok;
}

bool
routes_read(struct view text, const struct routes_sink *sink)
{
	return read_all(text, sink, read_route);
}

bool
routes_read_recipients(struct view text, const struct routes_sink *sink)
{
	return read_all(text, sink, read_recipient);
}

/* ---- as octets: kind, line, blank, text ---- */

void
route_write(const struct route *r, struct str *out)
{
	str_addf(out, "%c%u ", (char)r->kind, r->line);
	str_add(out, r->text);
}

bool
route_parse(struct view value, struct route *r)
{
	static const char kinds[] = { ROUTE_HOP, ROUTE_OWN, ROUTE_REFUSE,
		ROUTE_DEFER };
	uint64_t line;

	if (value.n == 0 || memchr(kinds, value.p[0], sizeof(kinds)) == NULL)
		return false;
	r->kind = (enum route_kind)value.p[0];
	value = view_skip(value, 1);
	if (!view_u64(view_cut(&value, ' '), UINT32_MAX, &line))
		return false;
	r->line = (uint32_t)line;
	r->text = value;
	return true;
}
