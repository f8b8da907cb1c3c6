/* SPDX-License-Identifier: ISC */
/*
 * table_text - a file of lines "KEY VALUE"
 *
 * The value goes on in lines that begin with a blank; # begins a comment line.
 * Keys compare without case; the first counts. Rows are sorted once and found by
 * halves.
 */
#include <stdlib.h>

#include "lib/mail/line.h"
#include "lib/mail/table.h"

struct row {
	struct view key, value;	/* in the arena; the key in lower case */
	size_t line;
};

struct rows {
	struct arena arena;
	struct row *row;
	size_t n, cap;
};

static int
compare(const void *a, const void *b)
{
	return view_cmp(((const struct row *)a)->key,
	    ((const struct row *)b)->key);
}

/* Of one key, the first line comes first. */
static int
compare_lines(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int c = compare(x, y);

	return c != 0 ? c : x->line < y->line ? -1 : 1;
}

static struct view
lower(struct arena *a, struct view v)
{
	char *p = arena_copy(a, v);

	for (size_t i = 0; i < v.n; i++)
		p[i] = to_lower(p[i]);
	return view_bytes(p, v.n);
}

static void
add(struct rows *t, struct view key, struct view value, size_t line)
{
	t->row = xgrow(t->row, t->n, &t->cap, sizeof(*t->row));
	t->row[t->n++] = (struct row){ lower(&t->arena, key),
		arena_view(&t->arena, value), line };
}

static void
take_line(struct rows *t, struct view text, size_t number,
    const struct table_sink *sink)
{
	struct view key = view_word(&text), value = view_trim(text);
	const char *wrong = NULL;

	if (value.n == 0)
		wrong = "A line must be KEY VALUE";
	else if (t->n == TABLE_ENTRIES_MAX)
		wrong = "There are too many lines";
	else if (sink->judge != NULL)
		wrong = sink->judge(key, value);
	if (wrong != NULL)
		sink->complain(sink->arg, number, wrong);
	else
		add(t, key, value, number);
}

/* Of two lines with one key somebody meant the other. */
static void
complain_twice(const struct rows *t, const struct table_sink *sink)
{
	for (size_t i = 1; i < t->n; i++)
		if (compare(&t->row[i - 1], &t->row[i]) == 0)
			sink->complain(sink->arg, t->row[i].line,
			    "A line before this one has the same key");
}

static void *
text_open(struct view text, const struct table_sink *sink)
{
	struct rows *t = xcalloc(1, sizeof(*t));
	struct str line = { 0 };

	for (size_t number = 1, n; text.n > 0; number += n) {
		n = line_logical(&text, &line);
		if (line.n > LINE_LOGICAL_MAX)
			sink->complain(sink->arg, number,
			    "The line is too long");
		else if (line.n > 0 && line.p[0] != '#')
			take_line(t, str_view(&line), number, sink);
	}
	str_free(&line);
	if (t->n > 0)
		qsort(t->row, t->n, sizeof(*t->row), compare_lines);
	complain_twice(t, sink);
	return t;
}

static enum table_answer
text_get(const void *table, struct view key, struct str *value, size_t *line)
{
	const struct rows *t = table;
	struct arena arena = { 0 };
	struct row wanted = { .key = lower(&arena, key) };
	size_t from = 0, to = t->n;
	bool found;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&t->row[middle], &wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	found = from < t->n && compare(&t->row[from], &wanted) == 0;
	arena_reset(&arena);
	if (!found)
		return TABLE_NONE;
	str_add(value, t->row[from].value);
	*line = t->row[from].line;
	return TABLE_FOUND;
}

static void
text_close(void *table)
{
	struct rows *t = table;

	free(t->row);
	arena_reset(&t->arena);
	free(t);
}

const struct table_kind table_text = { .name = "text", .by_key = true,
	.open = text_open, .get = text_get, .close = text_close,
	.most = TABLE_FILE_MOST };
