/* SPDX-License-Identifier: ISC */
/*
 * scope - reading and matching
 *
 * Mail for USER+FOLDER goes into any mailbox that there is, so "inboxes" are all
 * of them, as RFC 5465 6.3 has it for a server that cannot tell.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "imapd/scope.h"
#include "lib/mail/shared.h"

static const struct {
	const char *word;
	bool names;
} kinds[] = {
	[SCOPE_SELECTED] = { "SELECTED", false },
	[SCOPE_SELECTED_DELAYED] = { "SELECTED-DELAYED", false },
	[SCOPE_INBOXES] = { "INBOXES", false },
	[SCOPE_PERSONAL] = { "PERSONAL", false },
	[SCOPE_SUBSCRIBED] = { "SUBSCRIBED", false },
	[SCOPE_SUBTREE] = { "SUBTREE", true },
	[SCOPE_SUBTREE_ONE] = { "SUBTREE-ONE", true },
	[SCOPE_MAILBOXES] = { "MAILBOXES", true },
};

/* ---- reading ---- */

static int
by_name(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	return view_cmp(*x, *y);
}

static void
add_name(struct scope *s, struct parse *p, size_t *size)
{
	struct view *old = s->name;

	if (s->names == *size) {
		*size = *size ? *size * 2 : 1;
		s->name = arena_alloc(p->arena, *size * sizeof(*s->name));
		if (s->names > 0)
			memcpy(s->name, old, s->names * sizeof(*old));
	}
	/* only a tree can begin above all mailboxes */
	s->name[s->names++] = s->kind == SCOPE_MAILBOXES ?
	    parse_mailbox_named(p) : parse_mailbox(p);
}

static void
parse_names(struct scope *s, struct parse *p)
{
	bool many = parse_take(p, '(');
	size_t size = 0;

	do
		add_name(s, p, &size);
	while (many && parse_take(p, ' '));
	if (many)
		parse_want(p, ')');
	qsort(s->name, s->names, sizeof(*s->name), by_name);
}

void
scope_parse(struct scope *s, struct parse *p)
{
	size_t i = 0;

	*s = (struct scope){ 0 };
	while (i < nitems(kinds) && !parse_word(p, kinds[i].word))
		i++;
	if (i == nitems(kinds)) {
		parse_fail(p, "Unknown set of mailboxes");
		return;
	}
	s->kind = (enum scope_kind)i;
	if (!kinds[i].names)
		return;
	parse_space(p);
	parse_names(s, p);
}

/* ---- matching ---- */

static bool
is_named(const struct scope *s, struct view name)
{
	return bsearch(&name, s->name, s->names, sizeof(name), by_name) != NULL;
}

/* The mailbox above, "" above all; false for "". */
static bool
go_up(struct view *name)
{
	size_t slash = view_rfind(*name, '/');

	if (name->n == 0)
		return false;
	name->n = slash < name->n ? slash : 0;
	return true;
}

static bool
is_below(const struct scope *s, struct view name, unsigned levels)
{
	do
		if (is_named(s, name))
			return true;
	while (levels-- > 0 && go_up(&name));
	return false;
}

bool
scope_is_selected(const struct scope *s)
{
	return s->kind == SCOPE_SELECTED || s->kind == SCOPE_SELECTED_DELAYED;
}

/* A name is one of others only below their root, which a tree may begin above. */
bool
scope_reaches_shares(const struct scope *s)
{
	if (s->kind == SCOPE_SUBSCRIBED)
		return true;
	for (size_t i = 0; i < s->names; i++)
		if (s->name[i].n == 0 || shared_is(s->name[i]))
			return true;
	return false;
}

bool
scope_has(const struct scope *s, struct view mailbox, bool subscribed)
{
	switch (s->kind) {
	case SCOPE_INBOXES:
	case SCOPE_PERSONAL:
		return !shared_is(mailbox);
	case SCOPE_SUBSCRIBED:
		return subscribed;
	case SCOPE_SUBTREE:
		return is_below(s, mailbox, UINT_MAX);
	case SCOPE_SUBTREE_ONE:
		return is_below(s, mailbox, 1);
	case SCOPE_MAILBOXES:
		return is_named(s, mailbox);
	case SCOPE_SELECTED:
	case SCOPE_SELECTED_DELAYED:
		break;
	}
	return false;
}
