/* SPDX-License-Identifier: ISC */
/*
 * table_inline - "{ key = value, key = value }" in the name of the table
 *
 * Keys compare without case; the first counts. A value with blanks or commas has
 * its pair in braces of its own: "{ key = some words, more }". There are few, so
 * each is looked at.
 */
#include <stdlib.h>

#include "lib/mail/table.h"

struct pair {
	struct view text;
};

/* Take the next pair, without its braces; false at the end. */
static bool
next_pair(struct view *rest, struct view *pair)
{
	size_t n = 0;
	bool braces;

	while (rest->n > 0 && strchr(" \t,", rest->p[0]) != NULL)
		*rest = view_skip(*rest, 1);
	if (rest->n == 0)
		return false;
	braces = rest->p[0] == '{';
	while (n < rest->n && rest->p[n] != (braces ? '}' : ','))
		n++;
	*pair = view_trim((struct view){ rest->p + braces, n - braces });
	*rest = view_skip(*rest, n < rest->n ? n + 1 : n);
	return true;
}

static bool
split(struct view pair, struct view *key, struct view *value)
{
	*key = view_trim(view_cut(&pair, '='));
	*value = view_trim(pair);
	return key->n > 0 && value->n > 0;
}

static void *
inline_open(struct view text, const struct table_sink *sink)
{
	struct pair *p = xcalloc(1, sizeof(*p));
	struct view rest, pair, key, value;
	const char *wrong;

	text = view_trim(text);
	if (text.n < 2 || text.p[0] != '{' || text.p[text.n - 1] != '}') {
		sink->complain(sink->arg, 1, "The pairs must stand in braces");
		return p;
	}
	p->text = rest = (struct view){ text.p + 1, text.n - 2 };
	while (next_pair(&rest, &pair)) {
		wrong = NULL;
		if (!split(pair, &key, &value))
			wrong = "A pair must be KEY = VALUE";
		else if (sink->judge != NULL)
			wrong = sink->judge(key, value);
		if (wrong != NULL)
			sink->complain(sink->arg, 1, wrong);
	}
	return p;
}

static enum table_answer
inline_get(const void *table, struct view wanted, struct str *value,
    size_t *number)
{
	struct view rest = ((const struct pair *)table)->text, pair, key, text;

	for (*number = 1; next_pair(&rest, &pair); ++*number)
		if (split(pair, &key, &text) && view_eqi(key, wanted)) {
			str_add(value, text);
			return TABLE_FOUND;
		}
	return TABLE_NONE;
}

const struct table_kind table_inline = { .name = "inline",
	.is_inline = true, .by_key = true, .open = inline_open,
	.get = inline_get, .close = free };
