/* SPDX-License-Identifier: ISC */
/*
 * table_expressions - "/expression/flags result", the first that matches
 *
 * As pcre_table(5) and regexp_table(5) have them: "!" in front turns a line
 * around, $1 to $9 in a result are what the parentheses matched, a line that
 * begins with a blank goes on with the one before. Both kinds are read with
 * Perl's expressions, of which POSIX's are nearly a part. The conditions "if" and
 * "endif" are not known here, and complained of.
 *
 * A line whose expression reaches its limit is the answer TABLE_LATER: whether
 * it is the first that matches cannot be told.
 */
#include <stdlib.h>

#include "lib/mail/expression.h"
#include "lib/mail/line.h"
#include "lib/mail/table.h"

#define ROWS_MAX	10000

struct row {
	struct expression *expression;
	bool not;
	struct view result;
	size_t line;
};

struct expressions {
	struct arena arena;
	struct row *row;
	size_t n, cap;
};

static void
put(struct expressions *t, const struct row *r)
{
	t->row = xgrow(t->row, t->n, &t->cap, sizeof(*t->row));
	t->row[t->n] = *r;
	t->row[t->n++].result = arena_view(&t->arena, r->result);
}

/* Cut off "/expression/", without its ends; what is "\\/" stays so, which is the
 * same to PCRE. */
static bool
cut_expression(struct view *line, struct view *expression)
{
	size_t n = 1;
	char end;

	if (line->n == 0 || (unsigned char)line->p[0] > 126 ||
	    line->p[0] <= ' ' || line->p[0] == '\\' ||
	    to_lower(line->p[0]) != to_upper(line->p[0]) ||
	    is_digit(line->p[0]))
		return false;
	end = line->p[0];
	while (n < line->n && line->p[n] != end)
		n += line->p[n] == '\\' ? 2 : 1;
	if (n >= line->n)
		return false;
	*expression = (struct view){ line->p + 1, n - 1 };
	*line = view_skip(*line, n + 1);
	return true;
}

/* The flags stand right behind the expression, up to a blank. */
static struct view
cut_flags(struct view *line)
{
	size_t n = 0;
	struct view flags;

	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	flags = (struct view){ line->p, n };
	*line = view_skip(*line, n);
	return flags;
}

static bool
read_row(struct row *r, struct view line, struct str *wrong)
{
	struct view expression, flags;

	r->not = line.p[0] == '!';
	line = view_trim(view_skip(line, r->not));
	if (!cut_expression(&line, &expression)) {
		str_adds(wrong, "A line begins with an expression between "
				"slashes");
		return false;
	}
	flags = cut_flags(&line);
	r->result = view_trim(line);
	if (r->result.n == 0) {
		str_adds(wrong, "Behind the expression stands nothing");
		return false;
	}
	r->expression = expression_new_flags(expression, flags, wrong);
	if (r->expression != NULL &&
	    expression_fits(r->not ? NULL : r->expression, r->result, wrong))
		return true;
	expression_free(&r->expression);
	return false;
}

static void
add_line(struct expressions *t, struct view line, size_t number,
    struct str *wrong)
{
	struct row r = { .line = number };

	if (line.n > LINE_LOGICAL_MAX)
		str_addf(wrong, "The line is longer than %d octets",
		    LINE_LOGICAL_MAX);
	else if (t->n == ROWS_MAX)
		str_addf(wrong, "There are more than %d expressions", ROWS_MAX);
	else if (read_row(&r, line, wrong))
		put(t, &r);
}

static void *
expressions_open(struct view text, const struct table_sink *sink)
{
	struct expressions *t = xcalloc(1, sizeof(*t));
	struct str line = { 0 }, wrong = { 0 };

	for (size_t number = 1, n; text.n > 0; number += n) {
		n = line_logical(&text, &line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		str_reset(&wrong);
		add_line(t, str_view(&line), number, &wrong);
		if (wrong.n > 0)
			sink->complain(sink->arg, number, str_c(&wrong));
	}
	str_free(&line);
	str_free(&wrong);
	return t;
}

static enum table_answer
ask_row(const struct row *r, struct view key, struct str *value)
{
	enum expression_answer e;

	if (!r->not) {
		e = expression_replace(r->expression, key, r->result, value);
	} else {
		e = expression_ask(r->expression, key);
		if (e != EXPRESSION_UNKNOWN)
			e = e == EXPRESSION_NO ? EXPRESSION_YES : EXPRESSION_NO;
		if (e == EXPRESSION_YES)
			expression_plain(r->result, value);
	}
	return e == EXPRESSION_YES ? TABLE_FOUND :
	    e == EXPRESSION_NO ? TABLE_NONE : TABLE_LATER;
}

static enum table_answer
expressions_get(const void *table, struct view key, struct str *value,
    size_t *line)
{
	const struct expressions *t = table;
	enum table_answer a = TABLE_NONE;

	expression_begin();
	for (size_t i = 0; a == TABLE_NONE && i < t->n; i++) {
		a = ask_row(&t->row[i], key, value);
		*line = t->row[i].line;
	}
	return a;
}

static void
expressions_close(void *table)
{
	struct expressions *t = table;

	for (size_t i = 0; i < t->n; i++)
		expression_free(&t->row[i].expression);
	free(t->row);
	arena_reset(&t->arena);
	free(t);
}

const struct table_kind table_pcre = { .name = "pcre",
	.open = expressions_open, .get = expressions_get,
	.close = expressions_close, .most = TABLE_FILE_MOST };
const struct table_kind table_regexp = { .name = "regexp",
	.open = expressions_open, .get = expressions_get,
	.close = expressions_close, .most = TABLE_FILE_MOST };
