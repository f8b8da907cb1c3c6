/* SPDX-License-Identifier: ISC */
/*
 * mime_field - types, dispositions and their parameters
 *
 * Parameters are first taken as they come. Only when one has a '*' in its name,
 * the segments are sorted by name and number and joined, so many of them cost
 * no more than their sorting.
 */
#include <stdlib.h>

#include "lib/mail/header.h"
#include "lib/mail/mime_field.h"

struct segment {
	struct view name;	/* before the first '*' */
	struct view value;
	int number;		/* -1: the name has none */
	bool extended;
	size_t order;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_comment(struct view *v)
{
	size_t depth = 0, i = 0;

	for (; i < v->n; i++) {
		if (v->p[i] == '\\') {
			i++;
		} else if (v->p[i] == '(') {
			depth++;
		} else if (v->p[i] == ')' && --depth == 0) {
			i++;
			break;
		}
	}
	*v = view_skip(*v, i < v->n ? i : v->n);
}

static void
skip_blanks(struct view *v)
{
	while (v->n > 0 && (is_blank(v->p[0]) || v->p[0] == '('))
		if (v->p[0] == '(')
			skip_comment(v);
		else
			*v = view_skip(*v, 1);
}

/* Octets up to a blank, a comment or one of the stops. */
static struct view
take_token(struct view *v, const char *stops)
{
	struct view token = { v->p, 0 };

	while (token.n < v->n && !is_blank(v->p[token.n]) &&
	    v->p[token.n] != '(' && (v->p[token.n] == '\0' ||
	    strchr(stops, v->p[token.n]) == NULL))
		token.n++;
	*v = view_skip(*v, token.n);
	return token;
}

/* From the quote; backslashes are taken out into the arena. */
static struct view
take_quoted(struct view *v, struct arena *a)
{
	size_t n = 1, backslashes = 0, used = 0;
	struct view raw;
	char *copy;

	while (n < v->n && v->p[n] != '"') {
		if (v->p[n] == '\\' && n + 1 < v->n) {
			backslashes++;
			n++;
		}
		n++;
	}
	raw = (struct view){ v->p + 1, n - 1 };
	*v = view_skip(*v, n < v->n ? n + 1 : n);
	if (backslashes == 0)
		return raw;
	copy = arena_alloc(a, raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		copy[used++] = raw.p[i];
	}
	return (struct view){ copy, used };
}

/* A value; without quotes it may hold blanks, as some senders believe. */
static struct view
take_value(struct view *v, struct arena *a)
{
	struct view value, rest;

	skip_blanks(v);
	if (v->n > 0 && v->p[0] == '"')
		return take_quoted(v, a);
	value = take_token(v, ";");
	skip_blanks(v);
	if (v->n > 0 && v->p[0] != ';') {
		rest = (struct view){ v->p, view_find(*v, ';') };
		value = view_trim((struct view){ value.p,
		    (size_t)(rest.p + rest.n - value.p) });
		*v = view_skip(*v, rest.n);
	}
	return value;
}

/* "name*3*": its number and whether it is extended; name is cut at the first
 * '*'. What is not of this form stays a name as it is. */
static void
split_name(struct segment *s)
{
	struct view whole = s->name, rest = s->name;
	uint64_t number;

	s->number = -1;
	s->extended = false;
	s->name = view_cut(&rest, '*');
	if (s->name.n == whole.n)
		return;
	s->extended = whole.p[whole.n - 1] == '*';
	if (s->extended && rest.n > 0)
		rest.n--;
	if (rest.n > 0 && view_u64(rest, MIME_PARAMS_MAX * 8, &number)) {
		s->number = (int)number;
	} else if (rest.n > 0) {
		s->name = whole;
		s->extended = false;
	}
}

/* One parameter, up to the ';' behind it; false at the end. */
static bool
take_segment(struct view *v, struct arena *a, struct segment *s)
{
	for (;;) {
		while (v->n > 0 && (v->p[0] == ';' || is_blank(v->p[0])))
			*v = view_skip(*v, 1);
		skip_blanks(v);
		if (v->n == 0)
			return false;
		if (v->p[0] == ';')
			continue;
		s->name = take_token(v, "=;");
		skip_blanks(v);
		if (s->name.n > 0 && v->n > 0 && v->p[0] == '=')
			break;
		*v = view_skip(*v, view_find(*v, ';'));	/* no parameter */
	}
	*v = view_skip(*v, 1);
	s->value = take_value(v, a);
	split_name(s);
	return true;
}

static struct mime_param **
add_param(struct mime_param **tail, struct view name, struct view value,
    struct arena *a)
{
	struct mime_param *p = arena_alloc(a, sizeof(*p));

	*p = (struct mime_param){ NULL, name, value };
	*tail = p;
	return &p->next;
}

static int
name_cmp(struct view a, struct view b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int c = to_lower(a.p[i]) - to_lower(b.p[i]);

		if (c != 0)
			return c;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static int
segment_cmp(const void *x, const void *y)
{
	const struct segment *a = x, *b = y;
	int c = name_cmp(a->name, b->name);

	if (c == 0)
		c = a->number - b->number;
	return c ? c : (a->order > b->order) - (a->order < b->order);
}

static bool
is_value_safe(unsigned char c)
{
	return is_alnum((char)c) || strchr("!#$&+-.^_`{|}~", c) != NULL;
}

/* A plain segment among extended ones: its octets are percent-coded. */
static char *
add_coded(char *to, struct view v)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c != 0 && is_value_safe(c)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return to;
}

/* Join the n segments of one name, in order. */
static struct mime_param **
join(struct mime_param **tail, const struct segment *s, size_t n,
    struct arena *a)
{
	bool extended = s[0].extended;	/* only the first names a charset */
	struct view name = s[0].name;
	size_t room = 2;
	char *value, *to;

	if (n == 1 && !extended)
		return add_param(tail, name, s[0].value, a);
	for (size_t i = 0; i < n; i++)
		room += s[i].value.n * (s[i].extended ? 1 : 3);
	to = value = arena_alloc(a, room);
	for (size_t i = 0; i < n; i++) {
		if (extended && !s[i].extended) {
			to = add_coded(to, s[i].value);
		} else if (s[i].value.n > 0) {
			memcpy(to, s[i].value.p, s[i].value.n);
			to += s[i].value.n;
		}
	}
	if (extended)
		name = view_of(arena_printf(a, "%.*s*", VIEW(name)));
	return add_param(tail, name,
	    (struct view){ value, (size_t)(to - value) }, a);
}

static bool
continues(const struct segment *a, const struct segment *b)
{
	return name_cmp(a->name, b->name) == 0 && a->number >= 0 &&
	    b->number == a->number + 1;
}

/* All parameters of a field, its joined ones behind the plain ones. */
static struct mime_param *
take_params(struct view v, struct arena *a)
{
	struct mime_param *first = NULL, **tail = &first;
	struct segment *starred = NULL, s;
	size_t n = 0, used;

	for (size_t i = 0; i < MIME_PARAMS_MAX && take_segment(&v, a, &s);
	    i++) {
		if (s.number < 0 && !s.extended) {
			tail = add_param(tail, s.name, s.value, a);
			continue;
		}
		if (starred == NULL)
			starred = xmalloc(MIME_PARAMS_MAX * sizeof(s));
		s.order = i;
		starred[n++] = s;
	}
	if (n > 1)
		qsort(starred, n, sizeof(s), segment_cmp);
	for (size_t i = 0; i < n; i += used) {
		for (used = 1; i + used < n && continues(
		    &starred[i + used - 1], &starred[i + used]);)
			used++;
		tail = join(tail, &starred[i], used, a);
	}
	free(starred);
	return first;
}

bool
mime_field_type(struct view value, struct arena *a, struct mime_part *part)
{
	struct view v = header_unfold(value, a), type, subtype;

	skip_blanks(&v);
	type = take_token(&v, "/;");
	skip_blanks(&v);
	if (type.n == 0 || v.n == 0 || v.p[0] != '/')
		return false;
	v = view_skip(v, 1);
	skip_blanks(&v);
	subtype = take_token(&v, ";");
	if (subtype.n == 0 || view_find(subtype, '/') < subtype.n)
		return false;
	part->type = type;
	part->subtype = subtype;
	part->params = take_params(view_skip(v, view_find(v, ';')), a);
	return true;
}

void
mime_field_disposition(struct view value, struct arena *a,
    struct mime_part *part)
{
	struct view v = header_unfold(value, a);

	skip_blanks(&v);
	part->disposition = take_token(&v, ";");
	if (part->disposition.n == 0)
		part->disposition.p = NULL;
	part->disposition_params =
	    take_params(view_skip(v, view_find(v, ';')), a);
}

struct mime_param *
mime_field_languages(struct view value, struct arena *a)
{
	struct mime_param *first = NULL, **tail = &first;

	for (size_t i = 0; i < MIME_PARAMS_MAX; i++) {
		struct view tag;

		skip_blanks(&value);
		tag = take_token(&value, ",");
		if (tag.n > 0)
			tail = add_param(tail, VIEW_NONE, tag, a);
		skip_blanks(&value);
		if (value.n == 0)
			break;
		value = view_skip(value, 1);
	}
	return first;
}

struct view
mime_field_word(struct view value)
{
	struct view word;

	skip_blanks(&value);
	word = take_token(&value, ";");
	return word.n > 0 ? word : (struct view){ NULL, 0 };
}
