/* SPDX-License-Identifier: ISC */
/*
 * tree - sorting, implied parents, patterns
 */
#include <stdlib.h>

#include "imapd/tree.h"
#include "lib/mail/uses.h"
#include "lib/proc/message.h"

/* '/' sorts before all else: children come right behind their parent. */
static int
name_cmp(const void *a, const void *b)
{
	struct view x = ((const struct tree_node *)a)->name;
	struct view y = ((const struct tree_node *)b)->name;
	size_t n = x.n < y.n ? x.n : y.n, i = 0;

	while (i < n && x.p[i] == y.p[i])
		i++;
	if (i == n)
		return (x.n > y.n) - (x.n < y.n);
	if (x.p[i] == '/' || y.p[i] == '/')
		return x.p[i] == '/' ? -1 : 1;
	return (unsigned char)x.p[i] < (unsigned char)y.p[i] ? -1 : 1;
}

static bool
is_below(struct view name, struct view parent)
{
	return name.n > parent.n && name.p[parent.n] == '/' &&
	    view_starts(name, parent);
}

/* The names as they came; returns how many nodes there can be with all
 * implied parents. */
static size_t
read_list(struct view list, struct tree_node *to, size_t *n)
{
	struct view name, letters;
	size_t most = 1;
	bool inbox = false;

	*n = 0;
	while (list_next(&list, &name) && list_next(&list, &letters)) {
		struct tree_node *node = &to[(*n)++];

		*node = (struct tree_node){ .name = name };
		node->exists = view_find(letters, 'e') < letters.n;
		node->subscribed = view_find(letters, 's') < letters.n;
		node->data = view_find(letters, 'm') < letters.n;
		node->uses = uses_of_letters(letters);
		inbox |= view_is(name, "INBOX");
		most += 1 + view_count(name, '/');
	}
	if (!inbox)
		to[(*n)++] = (struct tree_node){ .name = VIEW_LIT("INBOX"),
			.exists = true };
	return most;
}

/* Add the parents of a name that the node before it does not share. */
static void
add_parents(struct tree *t, struct view name)
{
	struct view before = t->n > 0 ? t->node[t->n - 1].name : VIEW_NONE;

	for (size_t i = 1; i < name.n; i++) {
		struct view parent = { name.p, i };

		if (name.p[i] != '/' || view_eq(parent, before) ||
		    is_below(before, parent))
			continue;
		t->node[t->n++] = (struct tree_node){ .name = parent };
	}
}

/* Tell each node's parents about it. Parents stand before it, on a path. */
static void
tell_parents(struct tree *t, struct arena *a,
    void (*tell)(struct tree_node *parent, const struct tree_node *node))
{
	size_t *path = arena_alloc(a, (t->n + 1) * sizeof(*path)), depth = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct tree_node *node = &t->node[i];

		while (depth > 0 && !is_below(node->name,
			t->node[path[depth - 1]].name))
			depth--;
		for (size_t d = 0; d < depth; d++)
			tell(&t->node[path[d]], node);
		path[depth++] = i;
	}
}

static void
tell_children(struct tree_node *parent, const struct tree_node *node)
{
	parent->children |= node->exists;
	parent->below |= node->subscribed;
}

static void
tell_selected(struct tree_node *parent, const struct tree_node *node)
{
	parent->selected_below |= node->selected;
}

void
tree_mark_selected(struct tree *t, struct arena *a)
{
	tell_parents(t, a, tell_selected);
}

/* A name from two sources: what is subscribed, what others share. */
static bool
same_again(struct tree *t, const struct tree_node *given)
{
	struct tree_node *last = t->n > 0 ? &t->node[t->n - 1] : NULL;

	if (last == NULL || !view_eq(last->name, given->name))
		return false;
	last->exists |= given->exists;
	last->subscribed |= given->subscribed;
	last->data |= given->data;
	last->uses |= given->uses;
	return true;
}

struct tree
tree_make(struct view list, struct arena *a)
{
	struct tree t = { 0 };
	size_t count = 0, most, n;
	struct tree_node *given;

	list_ok(list, &count);
	given = arena_alloc(a, (count / 2 + 2) * sizeof(*given));
	most = read_list(list, given, &n);
	qsort(given, n, sizeof(*given), name_cmp);
	t.node = arena_alloc(a, (most + 1) * sizeof(*t.node));
	for (size_t i = 0; i < n; i++) {
		if (same_again(&t, &given[i]))
			continue;
		add_parents(&t, given[i].name);
		t.node[t.n++] = given[i];
	}
	tell_parents(&t, a, tell_children);
	return t;
}

/* The last wildcard is remembered and tried one octet further on. '%' that
 * would have to pass a '/' gives way to the '*' before it. */
bool
tree_match(struct view pattern, struct view name)
{
	size_t p = 0, n = 0;
	size_t star = SIZE_MAX, star_n = 0, level = SIZE_MAX, level_n = 0;

	while (n < name.n || p < pattern.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			star_n = n;
			level = SIZE_MAX;
		} else if (p < pattern.n && pattern.p[p] == '%') {
			level = p++;
			level_n = n;
		} else if (p < pattern.n && n < name.n &&
		    pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (level != SIZE_MAX && level_n < name.n &&
		    name.p[level_n] != '/') {
			n = ++level_n;
			p = level + 1;
		} else if (star != SIZE_MAX && star_n < name.n) {
			n = ++star_n;
			p = star + 1;
			level = SIZE_MAX;
		} else {
			return false;
		}
	}
	return true;
}
