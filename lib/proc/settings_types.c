/* SPDX-License-Identifier: ISC */
/*
 * settings_types - one reader and one writer for each type of setting
 *
 * What format writes, parse reads back to the same value. A reader that refuses
 * leaves a sentence which begins behind the setting's name: "must be ...".
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/proc/settings_table.h"
#include "lib/proc/table_name.h"

struct setting_unit {
	char letter;
	uint64_t factor;
};

/* Largest first; the last has factor 1. */
static const struct setting_unit plain[] = { { 0, 1 } };
static const struct setting_unit octets[] = {
	{ 'G', 1 << 30 },
	{ 'M', 1 << 20 },
	{ 'K', 1 << 10 },
	{ 0, 1 },
};
static const struct setting_unit seconds[] = {
	{ 'w', 604800 },
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};

static void
put_number(uint64_t n, const struct setting_unit *units, struct str *out)
{
	const struct setting_unit *u = units;

	while (u->factor > 1 && (n == 0 || n % u->factor != 0))
		u++;
	str_addf(out, "%llu", (unsigned long long)(n / u->factor));
	if (u->letter != 0 && n != 0)
		str_addc(out, u->letter);
}

/* The factor of the unit at the end of text, which is cut off; 1 if none. */
static uint64_t
take_unit(struct view *text, const struct setting_unit *units)
{
	char last = text->n > 0 ? text->p[text->n - 1] : '0';

	for (const struct setting_unit *u = units;; u++) {
		if (u->letter != 0 && to_lower(u->letter) == to_lower(last)) {
			text->n--;
			return u->factor;
		}
		if (u->factor == 1)
			return 1;
	}
}

static bool
parse_number(const struct setting_place *where, struct view text,
    const struct setting_row *row, uint64_t *value)
{
	const struct setting_unit *units = row->type->units;
	uint64_t factor = take_unit(&text, units), n;

	if (view_u64(text, UINT64_MAX / factor, &n) &&
	    n * factor >= row->least && n * factor <= row->most) {
		*value = n * factor;
		return true;
	}
	str_adds(where->problem, "must be a number from ");
	put_number(row->least, units, where->problem);
	str_adds(where->problem, " to ");
	put_number(row->most, units, where->problem);
	return false;
}

static bool
parse_count(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	return parse_number(where, text, row, value);
}

static void
format_count(const void *value, struct str *out)
{
	put_number(*(const setting_count *)value, plain, out);
}

static bool
parse_size(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	return parse_number(where, text, row, value);
}

static void
format_size(const void *value, struct str *out)
{
	put_number(*(const setting_size *)value, octets, out);
}

static bool
parse_time(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	uint64_t n;

	if (!parse_number(where, text, row, &n))
		return false;
	*(setting_time *)value = (setting_time)n;
	return true;
}

static void
format_time(const void *value, struct str *out)
{
	put_number((uint64_t)*(const setting_time *)value, seconds, out);
}

static bool
parse_flag(const struct setting_place *where, struct view text,
    UNUSED const struct setting_row *row, void *value)
{
	*(setting_flag *)value = view_isi(text, "yes");
	if (view_isi(text, "yes") || view_isi(text, "no"))
		return true;
	str_adds(where->problem, "must be yes or no");
	return false;
}

static void
format_flag(const void *value, struct str *out)
{
	str_adds(out, *(const setting_flag *)value ? "yes" : "no");
}

static bool
right_length(const struct setting_place *where, struct view text,
    const struct setting_row *row)
{
	if (text.n >= row->least && text.n <= row->most)
		return true;
	if (text.n < row->least)
		str_adds(where->problem, "must not be empty");
	else
		str_addf(where->problem, "must have at most %llu octets",
		    (unsigned long long)row->most);
	return false;
}

static bool
parse_text(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	if (!right_length(where, text, row))
		return false;
	*(setting_text *)value = arena_copy(where->arena, text);
	return true;
}

static void
format_text(const void *value, struct str *out)
{
	str_adds(out, *(const setting_text *)value);
}

/* dir/text, where leading "./" and "../" are worked off. */
static char *
beneath(struct arena *a, const char *dir, struct view text)
{
	struct view base = view_of(dir);

	for (;;) {
		if (view_starts(text, VIEW_LIT("./"))) {
			text = view_skip(text, 2);
		} else if (view_starts(text, VIEW_LIT("../"))) {
			text = view_skip(text, 3);
			base.n = view_rfind(base, '/');
		} else {
			break;
		}
	}
	return arena_printf(a, "%.*s/%.*s", VIEW(base), VIEW(text));
}

/* Also that of a table; text: in front says nothing. */
static const char *
place_path(const struct setting_place *where, struct view text)
{
	const size_t kind = table_name_kind(text);

	if (view_starts(text, VIEW_LIT("text:")))
		return place_path(where, view_skip(text, kind));
	if (!table_name_has_file(text))
		return arena_copy(where->arena, text);
	if (kind > 0)
		return arena_printf(where->arena, "%.*s%s", (int)kind, text.p,
		    place_path(where, view_skip(text, kind)));
	if (text.n == 0 || text.p[0] == '/' || where->dir == NULL)
		return arena_copy(where->arena, text);
	return beneath(where->arena, where->dir, text);
}

static bool
parse_path(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	if (!right_length(where, text, row))
		return false;
	while (text.n > 1 && text.p[text.n - 1] == '/')
		text.n--;
	*(setting_path *)value = place_path(where, text);
	return true;
}

/* An address of a listener: text, but a UNIX socket's path may be relative. */
static bool
parse_address(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	static const struct view prefix = { "unix:", 5 };

	if (!view_starts(text, prefix))
		return parse_text(where, text, row, value);
	if (!right_length(where, text, row))
		return false;
	*(setting_address *)value = arena_printf(where->arena, "unix:%s",
	    place_path(where, view_skip(text, prefix.n)));
	return true;
}

/* The next word, in which braces keep together what is inside; empty at the
 * end. */
static struct view
next_word(struct view *text)
{
	struct view word;
	size_t n = 0;
	int depth = 0;

	while (text->n > 0 && strchr(" \t,", text->p[0]) != NULL)
		*text = view_skip(*text, 1);
	for (; n < text->n && (depth > 0 ||
	    strchr(" \t,", text->p[n]) == NULL); n++)
		depth += text->p[n] == '{' ? 1 :
		    text->p[n] == '}' && depth > 0 ? -1 : 0;
	word = view_bytes(text->p, n);
	*text = view_skip(*text, n);
	return word;
}

static size_t
count_words(struct view text)
{
	size_t n = 0;

	while (next_word(&text).n > 0)
		n++;
	return n;
}

static bool
parse_words(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	struct words *list = value;
	struct view w;

	if (!right_length(where, text, row))
		return false;
	list->n = 0;
	list->word = arena_alloc(where->arena,
	    count_words(text) * sizeof(struct view));
	while ((w = next_word(&text)).n > 0)
		list->word[list->n++] = arena_view(where->arena, w);
	return true;
}

static bool
parse_paths(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	struct words *list = value;

	if (!parse_words(where, text, row, value))
		return false;
	for (size_t i = 0; i < list->n; i++)
		list->word[i] = view_of(place_path(where, list->word[i]));
	return true;
}

static bool
parse_networks(const struct setting_place *where, struct view text,
    const struct setting_row *row, void *value)
{
	struct networks *list = value;
	const struct words *w = &list->words;

	if (!parse_words(where, text, row, &list->words))
		return false;
	list->network = arena_alloc(where->arena,
	    w->n * sizeof(list->network[0]));
	for (size_t i = 0; i < w->n; i++)
		if (!network_parse(w->word[i], &list->network[i])) {
			str_addf(where->problem, "has %.*s, which is no "
			    "address and no network", VIEW(w->word[i]));
			return false;
		}
	return true;
}

static void
format_words(const void *value, struct str *out)
{
	const struct words *list = value;

	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			str_addc(out, ' ');
		str_add(out, list->word[i]);
	}
}

/* Written as it was read. */
static void
format_networks(const void *value, struct str *out)
{
	format_words(&((const struct networks *)value)->words, out);
}

#define TYPE(name, format, units)                                              \
	const struct setting_type setting_type_##name = { #name,               \
		parse_##name, format_##format, units };
TYPE(text, text, NULL)
TYPE(path, text, NULL)
TYPE(address, text, NULL)
TYPE(words, words, NULL)
TYPE(paths, words, NULL)
TYPE(networks, networks, NULL)
TYPE(count, count, plain)
TYPE(size, size, octets)
TYPE(time, time, seconds)
TYPE(flag, flag, NULL)
