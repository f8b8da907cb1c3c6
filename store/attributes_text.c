/* SPDX-License-Identifier: ISC */
/*
 * attributes_text - reading lines, and writing them sorted
 */
#include <stdlib.h>

#include "lib/base/arena.h"
#include "store/attributes_text.h"

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* False: not what put_encoded() writes. */
static bool
decode(struct str *out, struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		int high, low;

		if ((unsigned char)v.p[i] < ' ' || (unsigned char)v.p[i] > '~')
			return false;
		if (v.p[i] != '%') {
			str_addc(out, v.p[i]);
			continue;
		}
		if (v.n - i < 3)
			return false;
		high = hex_value(v.p[i + 1]);
		low = hex_value(v.p[i + 2]);
		if (high < 0 || low < 0)
			return false;
		str_addc(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

static void
put_encoded(struct str *out, struct view v, bool is_name)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < ' ' || c > '~' || c == '%' || (c == ' ' && is_name))
			str_addf(out, "%%%02X", c);
		else
			str_addc(out, (char)c);
	}
}

/* The next line that makes sense, decoded into name and value. */
static bool
next_line(struct view *text, struct str *name, struct str *value)
{
	while (text->n > 0) {
		struct view line = view_cut(text, '\n');
		struct view word = view_cut(&line, ' ');

		str_reset(name);
		str_reset(value);
		if (word.n > 0 && decode(name, word) && decode(value, line))
			return true;
	}
	return false;
}

bool
attributes_text_each(struct view text, struct view prefix,
    bool (*f)(void *arg, struct view name, struct view value), void *arg)
{
	struct str name = { 0 }, value = { 0 };
	bool on = true;

	while (on && next_line(&text, &name, &value))
		if (view_starts(str_view(&name), prefix))
			on = f(arg, str_view(&name), str_view(&value));
	str_free(&name);
	str_free(&value);
	return on;
}

struct wanted {
	struct view name;
	struct str *value;
};

static bool
take_wanted(void *arg, struct view name, struct view value)
{
	struct wanted *w = arg;

	if (!view_eq(name, w->name))
		return true;
	str_add(w->value, value);
	return false;
}

bool
attributes_text_get(struct view text, struct view name, struct str *value)
{
	struct wanted w = { name, value };

	return !attributes_text_each(text, name, take_wanted, &w);
}

/*
 * Editing
 */

struct edited {
	struct attribute *all;
	size_t n;
	struct arena arena;
};

static bool
take_line(void *arg, struct view name, struct view value)
{
	struct edited *e = arg;

	e->all[e->n++] = (struct attribute){ arena_view(&e->arena, name),
		arena_view(&e->arena, value) };
	return true;
}

/* By name; of one name the last that came is the first. */
static int
by_name(const void *a, const void *b)
{
	const struct attribute *x = *(const struct attribute *const *)a,
			       *y = *(const struct attribute *const *)b;
	int order = view_cmp(x->name, y->name);

	return order != 0 ? order : (x < y) - (x > y);
}

static void
put_line(struct str *out, const struct attribute *a)
{
	put_encoded(out, a->name, true);
	str_addc(out, ' ');
	put_encoded(out, a->value, false);
	str_addc(out, '\n');
}

static size_t
put_sorted(struct edited *e, struct str *out)
{
	const struct attribute **sorted = xcalloc(e->n, sizeof(*sorted));
	size_t put = 0;

	for (size_t i = 0; i < e->n; i++)
		sorted[i] = &e->all[i];
	if (e->n > 0)
		qsort(sorted, e->n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < e->n; i++) {
		if (i > 0 && view_eq(sorted[i - 1]->name, sorted[i]->name))
			continue;
		if (sorted[i]->value.p == NULL)
			continue;
		put_line(out, sorted[i]);
		put++;
	}
	free(sorted);
	return put;
}

size_t
attributes_text_edit(struct view text, const struct attribute *changes,
    size_t n, struct str *out)
{
	struct edited e = { 0 };
	size_t put;

	e.all = xcalloc(view_count(text, '\n') + 1 + n, sizeof(*e.all));
	arena_init(&e.arena);
	attributes_text_each(text, VIEW_NONE, take_line, &e);
	for (size_t i = 0; i < n; i++)
		if (changes[i].name.n > 0)
			e.all[e.n++] = changes[i];
	put = put_sorted(&e, out);
	arena_reset(&e.arena);
	free(e.all);
	return put;
}
