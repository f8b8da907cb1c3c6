/* SPDX-License-Identifier: ISC */
/*
 * header - finding the fields of a header
 *
 * A line end is an LF; a CR before it belongs to it. A field ends at the first
 * line end that no blank follows.
 */
#include "lib/mail/header.h"

#define LINE_WANTED 78
#define NAME_MAX_LENGTH 76

/* Length of the empty line at the front, 0 if there is none. */
static size_t
empty_line(struct view v)
{
	if (v.n >= 1 && v.p[0] == '\n')
		return 1;
	return v.n >= 2 && v.p[0] == '\r' && v.p[1] == '\n' ? 2 : 0;
}

size_t
header_size(struct view message)
{
	struct view v = message;
	size_t lf;

	for (;;) {
		size_t empty = empty_line(v);

		if (empty > 0)
			return message.n - v.n + empty;
		lf = view_find(v, '\n');
		if (lf == v.n)
			return message.n;
		v = view_skip(v, lf + 1);
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the field at the front, with all its lines. */
static size_t
field_size(struct view v)
{
	size_t at = 0;

	do {
		size_t lf = view_find(view_skip(v, at), '\n');

		at += lf;
		if (at == v.n)
			return at;
		at++;
	} while (at < v.n && is_blank(v.p[at]));
	return at;
}

bool
header_is_name(struct view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
			return false;
	return name.n > 0 && name.n <= NAME_MAX_LENGTH;
}

bool
header_next(struct view *rest, struct header *out)
{
	size_t empty = empty_line(*rest), colon, n;

	if (rest->n == 0 || empty > 0) {
		*rest = view_skip(*rest, empty);
		return false;
	}
	n = field_size(*rest);
	out->whole = (struct view){ rest->p, n };
	*rest = view_skip(*rest, n);
	colon = view_find(out->whole, ':');
	out->name = (struct view){ out->whole.p, colon };
	while (out->name.n > 0 && is_blank(out->name.p[out->name.n - 1]))
		out->name.n--;	/* RFC 5322 4.5 */
	if (colon < n && header_is_name(out->name)) {
		out->value = view_trim(view_skip(out->whole, colon + 1));
	} else {
		out->name.n = 0;
		out->value = view_trim(out->whole);
	}
	return true;
}

bool
header_find(struct view message, const char *name, struct view *value)
{
	struct view wanted = view_of(name);
	struct header h;

	while (header_next(&message, &h))
		if (view_eqi(h.name, wanted)) {
			*value = h.value;
			return true;
		}
	return false;
}

struct view
header_unfold(struct view value, struct arena *a)
{
	size_t lf = view_find(value, '\n');
	char *copy;
	size_t n = 0;

	if (lf == value.n)
		return value;
	copy = arena_alloc(a, value.n + 1);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c != '\n' && (c != '\r' || i + 1 == value.n ||
		    value.p[i + 1] != '\n'))
			copy[n++] = c;
	}
	copy[n] = '\0';
	return (struct view){ copy, n };
}

/* Where to end the line that v begins: the last blank within room, else the
 * first behind it; v.n when the rest fits or has no more blanks. Blanks at the
 * front do not count: no line may consist of blanks. */
static size_t
fold_at(struct view v, size_t room)
{
	size_t lead = 0, at;

	if (v.n <= room)
		return v.n;
	while (lead < v.n && is_blank(v.p[lead]))
		lead++;
	if (lead < room) {
		struct view head = { v.p + lead, room + 1 - lead };

		at = view_rfind(head, ' ');
		if (at < head.n)
			return lead + at;
		lead = room + 1;
	}
	return lead + view_find(view_skip(v, lead), ' ');
}

static void
add_line(struct str *out, struct view line)
{
	char *to = str_room(out, line.n);

	if (to == NULL)
		return;
	for (size_t i = 0; i < line.n; i++)
		to[i] = line.p[i] == '\r' || line.p[i] == '\n' ||
		    line.p[i] == '\0' ? ' ' : line.p[i];
	out->n += line.n;
	out->p[out->n] = '\0';
	str_addn(out, "\r\n", 2);
}

void
header_write(struct str *out, const char *name, struct view value)
{
	size_t used = strlen(name) + 2;

	value = view_trim(value);
	str_adds(out, name);
	str_adds(out, ": ");
	do {
		size_t n = fold_at(value, used < LINE_WANTED ?
		    LINE_WANTED - used : 1);

		add_line(out, (struct view){ value.p, n });
		value = view_skip(value, n);	/* begins with its blank */
		used = 0;
	} while (value.n > 0);
}
