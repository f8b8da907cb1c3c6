/* SPDX-License-Identifier: ISC */
/*
 * addrlist - reading address lists, tolerantly
 *
 * Words are collected as a phrase until a special character tells what they
 * were: '<' a display name, '@' a local part, ':' the name of a group. Every
 * octet of the text adds at most one to each of three buffers, so these are
 * allocated once and entries point into them; a word that turns out to be
 * nothing is overwritten by the next.
 */
#include "lib/mail/addrlist.h"
#include "lib/mail/utf8.h"

struct reader {
	const char *p, *end;
	struct addrlist *list;
	struct arena *arena;
	struct view phrase;	/* words with single blanks between them */
	struct view local;	/* the same without blanks around dots */
	struct view comment;	/* the last one */
	struct view words_at;	/* the words as they stand in the text */
	struct view domain_at;	/* and the last domain */
	bool blank;		/* since the last word */
	bool dot;		/* the last word was a dot */
	bool gap;		/* two words without a dot between */
	bool group;
};

void
addrlist_init(struct addrlist *l)
{
	*l = (struct addrlist){ .tail = &l->first };
}

static void
put(struct view *v, char c)
{
	((char *)v->p)[v->n++] = c;
}

/* What was collected is used: the next begins behind it. */
static struct view
keep(struct view *v)
{
	struct view used = *v;

	*v = (struct view){ v->p + v->n, 0 };
	return used;
}

static struct addrlist_entry *
emit(struct reader *r, enum addrlist_kind kind)
{
	struct addrlist_entry *e;

	e = arena_zalloc(r->arena, sizeof(*e));
	e->kind = kind;
	*r->list->tail = e;
	r->list->tail = &e->next;
	r->list->count++;
	return e;
}

static void
forget_words(struct reader *r)
{
	r->phrase.n = r->local.n = r->comment.n = 0;
	r->words_at = (struct view){ NULL, 0 };
	r->blank = r->dot = r->gap = false;
}

/* A comment, from its '('; comments nest, and only the outer parentheses go. */
static void
take_comment(struct reader *r)
{
	size_t depth = 0;

	r->comment.n = 0;
	while (r->p < r->end) {
		char c = *r->p++;

		if (c == '(' && depth++ == 0)
			continue;
		if (c == ')' && --depth == 0)
			return;
		if (c == '\\' && r->p < r->end)
			c = *r->p++;
		if (c != '\r' && c != '\n')
			put(&r->comment, c);
	}
	r->list->bad = true;
}

/* Pass over blanks, line ends and comments; true if there were any. */
static bool
skip_blanks(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end) {
		if (*r->p == '(')
			take_comment(r);
		else if (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' ||
		    *r->p == '\n')
			r->p++;
		else
			break;
	}
	return r->p > from;
}

/* A quoted string, from its quote, without its quotes and backslashes. */
static void
take_quoted(struct reader *r, struct view *out)
{
	r->p++;
	while (r->p < r->end) {
		char c = *r->p++;

		if (c == '"')
			return;
		if (c == '\\' && r->p < r->end)
			c = *r->p++;
		if (c != '\r' && c != '\n')
			put(out, c);
	}
	r->list->bad = true;
}

static bool
is_special(char c)
{
	static const char table[256] = {
		['('] = 1, [')'] = 1, ['<'] = 1, ['>'] = 1, ['['] = 1,
		[']'] = 1, [':'] = 1, [';'] = 1, ['@'] = 1, ['\\'] = 1,
		[','] = 1, ['.'] = 1, ['"'] = 1, [' '] = 1, ['\t'] = 1,
		['\r'] = 1, ['\n'] = 1,
	};

	return table[(unsigned char)c];
}

static void
take_atom(struct reader *r, struct view *out)
{
	const char *from = r->p;

	while (r->p < r->end && !is_special(*r->p)) {
		if ((unsigned char)*r->p < ' ' || *r->p == 127)
			r->list->bad = true;
		put(out, *r->p++);
	}
	if (r->p == from) {	/* a special where none belongs */
		r->list->bad = true;
		put(out, *r->p++);
	}
}

/* A word or a dot, added to the phrase and to the local part. */
static void
take_word(struct reader *r)
{
	bool dot = *r->p == '.', first = r->phrase.n == 0;
	size_t from;

	if (r->blank && !first)
		put(&r->phrase, ' ');
	if (r->words_at.p == NULL)
		r->words_at.p = r->p;
	from = r->phrase.n;
	if (dot)
		put(&r->phrase, *r->p++);
	else if (*r->p == '"')
		take_quoted(r, &r->phrase);
	else
		take_atom(r, &r->phrase);
	if (!first && !dot && !r->dot) {
		r->gap = true;
		if (r->blank)
			put(&r->local, ' ');
	}
	for (size_t i = from; i < r->phrase.n; i++)
		put(&r->local, r->phrase.p[i]);
	r->dot = dot;
	r->words_at.n = (size_t)(r->p - r->words_at.p);
	r->blank = skip_blanks(r);
}

static void
take_literal(struct reader *r, struct view *out)
{
	while (r->p < r->end && *r->p != ']')
		put(out, *r->p++);
	if (r->p == r->end)
		r->list->bad = true;
	else
		put(out, *r->p++);
}

/* Behind an '@': a literal, or atoms with dots between, blanks around the dots
 * left out. */
static void
take_domain(struct reader *r, struct view *out)
{
	bool word = false;

	r->domain_at = (struct view){ NULL, 0 };
	for (;;) {
		skip_blanks(r);
		if (r->p == r->end)
			return;
		if (*r->p != '.' &&
		    (word || (is_special(*r->p) && *r->p != '[')))
			return;
		if (r->domain_at.p == NULL)
			r->domain_at.p = r->p;
		word = *r->p != '.';
		if (!word)
			put(out, *r->p++);
		else if (*r->p == '[')
			take_literal(r, out);
		else
			take_atom(r, out);
		r->domain_at.n = (size_t)(r->p - r->domain_at.p);
	}
}

/* "@a,@b:" in angle brackets. */
static struct view
take_route(struct reader *r)
{
	struct view route;

	while (r->p < r->end && (*r->p == '@' || *r->p == ',')) {
		put(&r->local, *r->p++);
		take_domain(r, &r->local);
	}
	if (r->p < r->end && *r->p == ':')
		r->p++;
	else
		r->list->bad = true;
	route = keep(&r->local);
	skip_blanks(r);
	return route;
}

static struct view
display_name(struct reader *r)
{
	if (r->phrase.n > 0)
		return keep(&r->phrase);
	if (r->comment.n > 0)
		return keep(&r->comment);
	return (struct view){ NULL, 0 };
}

/* Whatever stands where nothing may: up to the next ',', ';' or stop. */
static void
skip_rest(struct reader *r, char stop)
{
	size_t from = r->local.n;

	while (r->p < r->end && *r->p != ',' && *r->p != ';' &&
	    *r->p != stop) {
		r->list->bad = true;
		if (*r->p == '"')
			take_quoted(r, &r->local);
		else
			take_atom(r, &r->local);
		skip_blanks(r);
		r->local.n = from;
	}
}

/* local@domain; the local part is collected. */
static void
take_mailbox(struct reader *r, struct addrlist_entry *e)
{
	if (r->gap || r->local.n == 0)
		r->list->bad = true;
	e->local = keep(&r->local);
	e->local_at = r->words_at;
	if (r->p == r->end || *r->p != '@') {
		e->domain = VIEW_NONE;
		r->list->bare = true;
		return;
	}
	r->p++;
	take_domain(r, &r->local);
	e->domain = keep(&r->local);
	e->domain_at = r->domain_at;
	if (e->domain.n == 0)
		r->list->bad = true;
}

/* From '<': the phrase before it is the display name. */
static void
take_angle(struct reader *r)
{
	struct view name = { NULL, 0 };
	struct addrlist_entry *e;

	r->p++;
	if (r->phrase.n > 0)
		name = keep(&r->phrase);
	forget_words(r);
	e = emit(r, ADDRLIST_MAILBOX);
	skip_blanks(r);
	if (r->p < r->end && *r->p == '@')
		e->route = take_route(r);
	while (r->p < r->end && (!is_special(*r->p) || *r->p == '.' ||
	    *r->p == '"'))
		take_word(r);
	r->phrase.n = 0;
	take_mailbox(r, e);
	skip_rest(r, '>');
	if (r->p < r->end && *r->p == '>')
		r->p++;
	else
		r->list->bad = true;
	skip_blanks(r);
	skip_rest(r, ',');
	e->name = name.p ? name : display_name(r);
	forget_words(r);
}

/* From '@' or from the end of an entry: the words are a local part. Where a '<'
 * follows, all of it was meant as a display name: "a@b <a@b>". */
static void
take_plain(struct reader *r)
{
	struct view local = r->local, words = r->phrase;
	const char *from = r->p;
	struct addrlist_entry *e;

	if (r->p < r->end && *r->p == '@') {
		r->p++;
		take_domain(r, &local);
		if (r->p < r->end && *r->p == '<') {
			r->list->bad = true;
			put(&words, '@');
			for (size_t i = r->local.n; i < local.n; i++)
				put(&words, local.p[i]);
			r->phrase = words;
			take_angle(r);
			return;
		}
		r->p = from;
	}
	e = emit(r, ADDRLIST_MAILBOX);
	r->phrase.n = 0;
	take_mailbox(r, e);
	skip_rest(r, ',');
	e->name = display_name(r);
	forget_words(r);
}

static void
take_group(struct reader *r)
{
	r->p++;
	if (r->group || r->phrase.n == 0) {
		r->list->bad = true;
	} else {
		r->group = true;
		emit(r, ADDRLIST_GROUP_BEGIN)->local = keep(&r->phrase);
	}
	forget_words(r);
}

static void
end_group(struct reader *r)
{
	if (r->group)
		emit(r, ADDRLIST_GROUP_END);
	else
		r->list->bad = true;
	r->group = false;
}

static bool
ends_entry(const struct reader *r)
{
	return r->p == r->end || *r->p == ',' || *r->p == ';' || *r->p == '@';
}

/* One entry, up to and with the ',' or ';' behind it. */
static void
take_entry(struct reader *r)
{
	r->blank = skip_blanks(r);
	while (!ends_entry(r) && *r->p != '<' && *r->p != ':')
		take_word(r);
	if (r->p < r->end && *r->p == '<')
		take_angle(r);
	else if (r->p < r->end && *r->p == ':')
		take_group(r);
	else if (r->phrase.n > 0 || (r->p < r->end && *r->p == '@'))
		take_plain(r);
	else
		forget_words(r);	/* an empty element (4.4) */
	skip_blanks(r);
	if (r->p < r->end && *r->p == ';') {
		r->p++;
		end_group(r);
	} else if (r->p < r->end && *r->p == ',') {
		r->p++;
	}
}

void
addrlist_add(struct addrlist *l, struct view text, size_t most,
    struct arena *a)
{
	struct reader r = { .p = text.p, .end = text.p + text.n, .list = l,
		.arena = a };
	char *room = arena_alloc(a, 3 * (text.n + 2));

	r.phrase.p = room;
	r.local.p = room + text.n + 2;
	r.comment.p = room + 2 * (text.n + 2);
	l->bad = l->broken;
	while (r.p < r.end && l->count < most)
		take_entry(&r);
	if (r.p < r.end)
		l->cut = true;
	if (r.group) {
		l->bad = true;
		emit(&r, ADDRLIST_GROUP_END);
	}
	l->broken = l->bad;
	l->bad |= l->bare;
}

bool
addrlist_address(const struct addrlist_entry *e, unsigned allow,
    struct address *out)
{
	bool utf8 = allow & ADDRESS_UTF8;
	size_t quotes = 2;

	if (e->kind != ADDRLIST_MAILBOX || e->domain.n == 0)
		return false;
	for (size_t i = 0; i < e->local.n; i++) {
		if ((unsigned char)e->local.p[i] < ' ' || e->local.p[i] == 127)
			return false;
		quotes += e->local.p[i] == '"' || e->local.p[i] == '\\';
	}
	*out = (struct address){ e->local, e->domain, false,
		e->domain.p[0] == '[' };
	if (e->local.n == 0 || e->local.n + quotes > ADDRESS_LOCAL_MAX + 2 ||
	    (utf8 ? !utf8_valid(e->local) : !utf8_is_ascii(e->local)))
		return false;
	return out->literal ? address_is_literal(e->domain) :
	    address_is_domain(e->domain, utf8);
}
