/* SPDX-License-Identifier: ISC */
/*
 * cmd_list - LIST and LSUB (RFC 3501 6.3.8, 6.3.9; RFC 5258; RFC 9051 6.3.9)
 *
 * INBOX in a pattern matches without case; any other name by its octets. A name
 * that does not exist but has children is listed as \NonExistent, to clients
 * that may not know that word as \Noselect; in LSUB with % as well where only
 * something below it is subscribed. What follows a LIST response of a mailbox is
 * asked of store for many mailboxes at once.
 */
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/list.h"
#include "imapd/names.h"
#include "imapd/shares.h"
#include "lib/mail/uses.h"

/* ---- one line ---- */

static void
put_word(struct imap *im, const char **blank, const char *word)
{
	out_printf(im, "%s%s", *blank, word);
	*blank = " ";
}

static void
put_uses(struct imap *im, const char **blank, uint32_t uses)
{
	struct str words = { 0 };

	if (uses == 0)
		return;
	uses_put(&words, uses);
	put_word(im, blank, str_c(&words));
	str_free(&words);
}

static void
put_node(struct imap *im, const struct list *l, const struct tree_node *node)
{
	bool knows = l->extended || imap_has(im, FEATURE_REV2);
	const char *blank = "";

	out_puts(im, "* LIST (");
	if (!node->exists)
		put_word(im, &blank, knows ? "\\NonExistent" : "\\Noselect");
	if (node->subscribed && (l->returns & RETURN_SUBSCRIBED))
		put_word(im, &blank, "\\Subscribed");
	if (l->returns & RETURN_SPECIAL_USE)
		put_uses(im, &blank, node->uses);
	put_word(im, &blank,
	    node->children ? "\\HasChildren" : "\\HasNoChildren");
	out_puts(im, ") \"/\" ");
	out_mailbox(im, node->name);
	if ((l->select & SELECT_RECURSIVE) && node->selected_below)
		out_printf(im, " (\"CHILDINFO\" (%s%s%s))",
		    l->select & SELECT_SUBSCRIBED ? "\"SUBSCRIBED\"" : "",
		    (l->select & SELECT_BASE) == SELECT_BASE ? " " : "",
		    l->select & SELECT_SPECIAL_USE ? "\"SPECIAL-USE\"" : "");
	out_puts(im, "\r\n");
}

/* ---- LIST ---- */

static bool
is_selected(const struct list *l, const struct tree_node *node)
{
	if ((l->select & SELECT_SUBSCRIBED) && !node->subscribed)
		return false;
	if ((l->select & SELECT_SPECIAL_USE) && node->uses == 0)
		return false;
	return (l->select & SELECT_BASE) || node->exists || node->children;
}

static bool
is_wanted(const struct list *l, const struct tree_node *node)
{
	if (!node->selected &&
	    !((l->select & SELECT_RECURSIVE) && node->selected_below))
		return false;
	return list_matches(l, node->name);
}

static void
batch_free(struct list_batch *b)
{
	for (size_t i = 0; i < list_extras_n; i++)
		reply_free(&b->reply[i]);
	*b = (struct list_batch){ 0 };
}

static bool
batch_ask(struct imap *im, const struct list *l, struct list_batch *b,
    struct why *w)
{
	for (size_t i = 0; i < list_extras_n; i++) {
		const struct list_extra *x = &list_extras[i];

		if (!(l->extras & 1u << i) || x->ask == NULL)
			continue;
		if (!x->ask(im, b, &b->reply[i], &b->rest[i], w))
			return false;
	}
	return true;
}

/* Those of the batch that exist have extras. */
static bool
batch_put(struct imap *im, const struct list *l, struct list_batch *b,
    struct why *w)
{
	bool fine = b->n == 0 || batch_ask(im, l, b, w);

	for (size_t n = 0; fine && n < b->n; n++) {
		put_node(im, l, b->node[n]);
		for (size_t i = 0; fine && i < list_extras_n; i++)
			if ((l->extras & 1u << i) && b->node[n]->exists)
				fine = list_extras[i].put(im, l, b->node[n],
				    &b->rest[i], w);
		if (!out_push(im))
			break;
	}
	batch_free(b);
	return fine;
}

static bool
put_list(struct imap *im, const struct list *l, struct view names,
    struct why *w)
{
	struct tree t = tree_make(names, &im->arena);
	struct list_batch b = { 0 };
	bool fine = true;

	for (size_t i = 0; i < t.n; i++)
		t.node[i].selected = is_selected(l, &t.node[i]);
	tree_mark_selected(&t, &im->arena);
	for (size_t i = 0; fine && i < t.n; i++) {
		if (!is_wanted(l, &t.node[i]))
			continue;
		b.node[b.n++] = &t.node[i];
		if (b.n == (l->extras != 0 ? LIST_BATCH : 1))
			fine = batch_put(im, l, &b, w);
	}
	if (!fine)
		batch_free(&b);
	return fine && batch_put(im, l, &b, w);
}

/* ---- LSUB ---- */

/* A name that is not subscribed stands for those below it only if the pattern
 * does not reach them: RFC 3501 6.3.9. That a subscribed one is gone is for LIST
 * to say. */
static bool
put_lsub(struct imap *im, const struct list *l, struct view names,
    struct why *w UNUSED)
{
	struct tree t = tree_make(names, &im->arena);
	bool by_level = view_find(l->pattern[0], '%') < l->pattern[0].n;

	for (size_t i = 0; i < t.n && out_push(im); i++) {
		const struct tree_node *node = &t.node[i];

		if (!list_matches(l, node->name) ||
		    !(node->subscribed || (node->below && by_level)))
			continue;
		out_printf(im, "* LSUB (%s%s) \"/\" ",
		    node->subscribed ? "" : "\\Noselect ",
		    node->children ? "\\HasChildren" : "\\HasNoChildren");
		out_mailbox(im, node->name);
		out_puts(im, "\r\n");
	}
	return true;
}

/* ---- the commands ---- */

static bool
reaches_shares(const struct list *l)
{
	for (size_t i = 0; i < l->patterns; i++)
		if (shares_match(l->pattern[i]))
			return true;
	return false;
}

static enum answer
answer_list(struct imap *im, const struct list *l,
    bool (*put)(struct imap *, const struct list *, struct view, struct why *))
{
	struct str names = { 0 };
	struct why w = { 0 };
	bool fine = names_ask(im, &names, &w);

	if (fine && put == put_list && reaches_shares(l))
		fine = shares_add(im, &names, &w);
	fine = fine && put(im, l, str_view(&names), &w);
	str_free(&names);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

enum answer
cmd_list(struct imap *im, struct parse *p)
{
	struct list *l = arena_zalloc(&im->arena, sizeof(*l));

	list_parse(l, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (l->asks_root) {
		out_puts(im, "* LIST (\\Noselect) \"/\" \"\"\r\n");
		return ANSWER_OK;
	}
	return answer_list(im, l, put_list);
}

enum answer
cmd_lsub(struct imap *im, struct parse *p)
{
	struct list *l = arena_zalloc(&im->arena, sizeof(*l));

	list_parse_basic(l, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (l->asks_root) {
		out_puts(im, "* LSUB (\\Noselect) \"/\" \"\"\r\n");
		return ANSWER_OK;
	}
	return answer_list(im, l, put_lsub);
}
