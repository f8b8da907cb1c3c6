/* SPDX-License-Identifier: ISC */
/*
 * metadata - names, depth, values
 */
#include "imapd/metadata.h"

#define NAME_OCTETS 250

static bool
is_name_char(char c)
{
	return c > ' ' && c < 127 && c != '*' && c != '%';
}

/* Levels divided by one '/' each, none of them empty. */
static bool
is_name(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_name_char(v.p[i]) ||
		    (v.p[i] == '/' && (i + 1 == v.n || v.p[i + 1] == '/')))
			return false;
	return v.n <= NAME_OCTETS;
}

static bool
is_kind(struct view v, bool partly)
{
	static const char *const kinds[] = { "/shared", "/private" };

	for (size_t i = 0; i < nitems(kinds); i++) {
		size_t n = strlen(kinds[i]);

		if (view_startsi(v, view_of(kinds[i])) &&
		    (v.n == n ? partly : v.p[n] == '/'))
			return true;
	}
	return false;
}

struct view
metadata_name(struct parse *p, struct view given, bool partly)
{
	char *lower;

	if (parse_fine(p) && (!is_kind(given, partly) || !is_name(given)))
		parse_fail(p, "Wrong name of an entry");
	if (!parse_fine(p))
		return (struct view){ NULL, 0 };
	lower = arena_copy(p->arena, given);
	for (size_t i = 0; i < given.n; i++)
		lower[i] = to_lower(lower[i]);
	return (struct view){ lower, given.n };
}

static void
take_entry(struct metadata *m, struct parse *p)
{
	struct view given = parse_astring(p);

	metadata_name(p, given, true);
	if (m->n == METADATA_ENTRIES_MAX)
		parse_fail(p, "Too many entries");
	if (parse_fine(p))
		m->entry[m->n++] = given;
}

void
metadata_parse(struct metadata *m, struct parse *p)
{
	if (!parse_take(p, '(')) {
		take_entry(m, p);
		return;
	}
	do
		take_entry(m, p);
	while (parse_take(p, ' '));
	parse_want(p, ')');
}

bool
metadata_ask(struct imap *im, struct view mailbox, struct reply *reply,
    struct why *w)
{
	struct message m = { .type = MSG_metadata_get,
		.metadata_get = { .session = imap_number(im),
		    .mailbox = mailbox } };

	return store_ask(im, &m, reply, w) &&
	    store_want(reply, MSG_metadata, w);
}

/* ---- the response ---- */

struct telling {
	struct imap *im;
	struct metadata *m;
	struct view mailbox;
	bool begun;
};

static void
put_value(struct imap *im, struct view value)
{
	if (value.p == NULL) {
		out_puts(im, "NIL");
	} else if (memchr(value.p, '\0', value.n) != NULL) {
		out_printf(im, "~{%zu}\r\n", value.n);
		str_add(&im->out, value);
	} else {
		out_string(im, value);
	}
}

static void
put_entry(struct telling *t, struct view name, struct view value)
{
	if (value.p != NULL && value.n > t->m->most) {
		if (value.n > t->m->longest)
			t->m->longest = value.n;
		return;
	}
	if (!t->begun) {
		out_puts(t->im, "* METADATA ");
		out_mailbox(t->im, t->mailbox);
		out_puts(t->im, " (");
	} else {
		out_puts(t->im, " ");
	}
	t->begun = true;
	out_astring(t->im, name);
	out_puts(t->im, " ");
	put_value(t->im, value);
}

/* Levels of name below entry; 0 for itself, SIZE_MAX for others. */
static size_t
levels_below(struct view entry, struct view name)
{
	size_t levels = 0;

	if (!view_startsi(name, entry) ||
	    (name.n > entry.n && name.p[entry.n] != '/'))
		return SIZE_MAX;
	for (size_t i = entry.n; i < name.n; i++)
		levels += name.p[i] == '/';
	return levels;
}

static bool
is_deep_enough(const struct metadata *m, size_t levels)
{
	static const size_t most[] = { 0, 1, SIZE_MAX - 1 };

	return levels <= most[m->depth];
}

/* Was it told for an entry before the i-th? */
static bool
is_told(const struct metadata *m, size_t i, struct view name)
{
	for (size_t k = 0; k < i; k++)
		if (is_deep_enough(m, levels_below(m->entry[k], name)))
			return true;
	return false;
}

static void
put_wanted(struct telling *t, size_t i, struct view entries)
{
	struct view entry = t->m->entry[i], name, value;
	bool found = false;

	while (list_next(&entries, &name) && list_next(&entries, &value)) {
		size_t levels = levels_below(entry, name);

		if (!is_deep_enough(t->m, levels))
			continue;
		found = true;
		if (!is_told(t->m, i, name))
			put_entry(t, levels == 0 ? entry : name, value);
	}
	if (!found && t->m->depth == DEPTH_0)
		put_entry(t, entry, (struct view){ NULL, 0 });
}

void
metadata_put(struct imap *im, struct view mailbox, struct view entries,
    struct metadata *m)
{
	struct telling t = { .im = im, .m = m, .mailbox = mailbox };

	for (size_t i = 0; i < m->n; i++)
		put_wanted(&t, i, entries);
	if (t.begun)
		out_puts(im, ")\r\n");
}
