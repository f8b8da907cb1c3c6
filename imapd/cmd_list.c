/* SPDX-License-Identifier: ISC */
/*
 * cmd_list - LIST and LSUB (RFC 3501 6.3.8, 6.3.9; RFC 3348)
 *
 * INBOX in a pattern matches without case; any other name by its octets. A name
 * that does not exist but has children is listed as \Noselect, in LSUB with %
 * as well where only something below it is subscribed.
 */
#include "imapd/commands.h"
#include "imapd/tree.h"
#include "lib/proc/channel.h"

static void
put_node(struct imap *im, const char *response, const struct tree_node *node)
{
	out_printf(im, "* %s (%s%s) \"/\" ", response,
	    node->exists ? "" : "\\Noselect ",
	    node->children ? "\\HasChildren" : "\\HasNoChildren");
	out_mailbox(im, node->name);
	out_puts(im, "\r\n");
}

/* The pattern with INBOX in capitals where its first level is that word. */
static struct view
whole_pattern(struct imap *im, struct view reference, struct view pattern)
{
	char *p = arena_alloc(&im->arena, reference.n + pattern.n + 1);
	struct view v = { p, reference.n + pattern.n };

	memcpy(p, reference.p, reference.n);
	memcpy(p + reference.n, pattern.p, pattern.n);
	if (view_startsi(v, VIEW_LIT("INBOX")) &&
	    (v.n == 5 || strchr("/%*", p[5]) != NULL))
		memcpy(p, "INBOX", 5);
	return v;
}

static bool
wanted_in_list(const struct tree_node *node)
{
	return node->exists || node->children;
}

static bool
wanted_in_lsub(const struct tree_node *node)
{
	return node->subscribed;
}

static void
put_list(struct imap *im, struct view list, struct view pattern)
{
	struct tree t = tree_make(list, &im->arena);

	for (size_t i = 0; i < t.n && out_push(im); i++)
		if (wanted_in_list(&t.node[i]) &&
		    tree_match(pattern, t.node[i].name))
			put_node(im, "LIST", &t.node[i]);
}

/* A name that is not subscribed stands for those below it only if the pattern
 * does not reach them: RFC 3501 6.3.9. */
static bool
stands_for_others(const struct tree_node *node, struct view pattern)
{
	return node->below && view_find(pattern, '%') < pattern.n;
}

static void
put_lsub(struct imap *im, struct view list, struct view pattern)
{
	struct tree t = tree_make(list, &im->arena);

	for (size_t i = 0; i < t.n && out_push(im); i++) {
		struct tree_node node = t.node[i];

		if (!tree_match(pattern, node.name))
			continue;
		if (!wanted_in_lsub(&node)) {
			if (!stands_for_others(&node, pattern))
				continue;
			node.exists = false;
		} else {
			/* that it is gone is for LIST to say */
			node.exists = true;
		}
		put_node(im, "LSUB", &node);
	}
}

static enum answer
list(struct imap *im, struct parse *p,
    void (*put)(struct imap *, struct view, struct view))
{
	struct message m = { .type = MSG_mailbox_list,
		.mailbox_list.session = imap_number(im) };
	struct view reference, pattern;
	struct reply reply = { 0 };
	struct why w = { 0 };
	bool fine;

	parse_space(p);
	reference = parse_mailbox(p);
	parse_space(p);
	pattern = parse_pattern(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (pattern.n == 0) {
		out_puts(im, "* LIST (\\Noselect) \"/\" \"\"\r\n");
		return ANSWER_OK;
	}
	if (!store_ask(im, &m, &reply, &w))
		return answer_why(im, &w);
	fine = store_want(&reply, MSG_mailboxes, &w);
	if (fine)
		put(im, reply.m.mailboxes.names,
		    whole_pattern(im, reference, pattern));
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

enum answer
cmd_list(struct imap *im, struct parse *p)
{
	return list(im, p, put_list);
}

enum answer
cmd_lsub(struct imap *im, struct parse *p)
{
	return list(im, p, put_lsub);
}
