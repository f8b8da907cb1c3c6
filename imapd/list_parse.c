/* SPDX-License-Identifier: ISC */
/*
 * list_parse - the grammar of LIST (RFC 3501 9, RFC 5258 6, RFC 6154 6)
 */
#include "imapd/list.h"

struct option {
	const char *name;
	unsigned bit;
};

static const struct option selects[] = {
	{ "SUBSCRIBED", SELECT_SUBSCRIBED },
	{ "SPECIAL-USE", SELECT_SPECIAL_USE },
	{ "REMOTE", SELECT_REMOTE },
	{ "RECURSIVEMATCH", SELECT_RECURSIVE },
	{ NULL, 0 },
};

static const struct option returns[] = {
	{ "SUBSCRIBED", RETURN_SUBSCRIBED },
	{ "CHILDREN", RETURN_CHILDREN },
	{ "SPECIAL-USE", RETURN_SPECIAL_USE },
	{ NULL, 0 },
};

/* 0: none of them comes next. */
static unsigned
take_option(struct parse *p, const struct option *table)
{
	for (; table->name != NULL; table++)
		if (parse_word(p, table->name))
			return table->bit;
	return 0;
}

static void
take_select(struct list *l, struct parse *p)
{
	unsigned bit = take_option(p, selects);

	if (bit == 0)
		parse_fail(p, "Unknown selection option");
	l->select |= bit;
}

static void
take_return(struct list *l, struct parse *p)
{
	unsigned bit = take_option(p, returns);

	l->returns |= bit;
	for (size_t i = 0; bit == 0 && i < list_extras_n; i++) {
		if (!parse_word(p, list_extras[i].name))
			continue;
		bit = 1u << i;
		l->extras |= bit;
		if (list_extras[i].parse != NULL)
			list_extras[i].parse(l, p);
	}
	if (bit == 0)
		parse_fail(p, "Unknown return option");
}

/* "(option option)", or "()". */
static void
take_options(struct list *l, struct parse *p,
    void (*take)(struct list *, struct parse *))
{
	l->extended = true;
	parse_want(p, '(');
	if (parse_take(p, ')'))
		return;
	do
		take(l, p);
	while (parse_take(p, ' '));
	parse_want(p, ')');
}

/* With INBOX in capitals where its first level is that word. */
static struct view
whole_pattern(struct arena *a, struct view reference, struct view pattern)
{
	char *p = arena_alloc(a, reference.n + pattern.n + 1);
	struct view v = { p, reference.n + pattern.n };

	memcpy(p, reference.p, reference.n);
	memcpy(p + reference.n, pattern.p, pattern.n);
	if (view_startsi(v, VIEW_LIT("INBOX")) &&
	    (v.n == 5 || strchr("/%*", p[5]) != NULL))
		memcpy(p, "INBOX", 5);
	return v;
}

static void
take_pattern(struct list *l, struct parse *p, struct view reference)
{
	struct view pattern = parse_pattern(p);

	if (l->patterns == LIST_PATTERNS_MAX)
		parse_fail(p, "Too many patterns");
	if (!parse_fine(p))
		return;
	l->asks_root = pattern.n == 0;
	l->pattern[l->patterns++] =
	    whole_pattern(p->arena, reference, pattern);
}

/* What asks for subscriptions or uses is told them as well. */
static void
complete(struct list *l, struct parse *p)
{
	if ((l->select & SELECT_RECURSIVE) && !(l->select & SELECT_BASE))
		parse_fail(p, "RECURSIVEMATCH of nothing");
	if (l->select & SELECT_SUBSCRIBED)
		l->returns |= RETURN_SUBSCRIBED;
	if ((l->select & SELECT_SPECIAL_USE) || !l->extended)
		l->returns |= RETURN_SPECIAL_USE;
	l->returns |= RETURN_CHILDREN;
	l->asks_root = l->asks_root && !l->extended;
}

void
list_parse(struct list *l, struct parse *p)
{
	struct view reference;

	parse_space(p);
	if (parse_peek(p) == '(') {
		take_options(l, p, take_select);
		parse_space(p);
	}
	reference = parse_mailbox(p);
	parse_space(p);
	if (parse_take(p, '(')) {
		l->extended = true;
		do
			take_pattern(l, p, reference);
		while (parse_take(p, ' '));
		parse_want(p, ')');
	} else {
		take_pattern(l, p, reference);
	}
	if (parse_take(p, ' ')) {
		if (!parse_word(p, "RETURN"))
			parse_fail(p, "RETURN expected");
		parse_space(p);
		take_options(l, p, take_return);
	}
	complete(l, p);
}

void
list_parse_basic(struct list *l, struct parse *p)
{
	struct view reference;

	parse_space(p);
	reference = parse_mailbox(p);
	parse_space(p);
	take_pattern(l, p, reference);
}

bool
list_matches(const struct list *l, struct view name)
{
	for (size_t i = 0; i < l->patterns; i++)
		if (tree_match(l->pattern[i], name))
			return true;
	return false;
}
