/* SPDX-License-Identifier: ISC */
/*
 * cmd_notify - NOTIFY (RFC 5465)
 */
#include "imapd/box.h"
#include "imapd/commands.h"
#include "imapd/names.h"
#include "imapd/notify.h"
#include "imapd/shares.h"
#include "imapd/status.h"
#include "imapd/tree.h"
#include "lib/proc/channel.h"

/* STATUS of each mailbox whose messages are watched, as they are now. One that
 * has just gone is none of them. */
static void
tell_status(struct imap *im, const struct tree *t)
{
	const struct notify_rules *r = im->notify->rules;

	for (size_t i = 0; i < t->n; i++) {
		const struct tree_node *node = &t->node[i];
		unsigned events = notify_wanted(r, node->name,
		    node->subscribed) & NOTIFY_MESSAGES;
		struct why w;

		if (events == 0 || !node->exists || (im->box != NULL &&
			view_eq(node->name, str_view(&im->box->name))))
			continue;
		status_tell(im, node->name, notify_items(im, events), &w);
		if (!out_push(im) || im->lost)
			return;
	}
}

static bool
reaches_shares(const struct notify_rules *r)
{
	for (const struct notify_group *g = r->groups; g != NULL; g = g->next)
		if (scope_reaches_shares(&g->scope))
			return true;
	return false;
}

static bool
tell_all(struct imap *im, struct why *w)
{
	struct str names = { 0 };
	struct tree t;
	bool fine = names_ask(im, &names, w) &&
	    (!reaches_shares(im->notify->rules) || shares_add(im, &names, w));

	if (fine) {
		t = tree_make(str_view(&names), &im->arena);
		tell_status(im, &t);
	}
	str_free(&names);
	return fine;
}

static enum answer
set(struct imap *im, struct parse *p)
{
	struct notify_rules *r = notify_parse(im, p);
	struct why w = { 0 };

	if (r == NULL)
		return answer_syntax(im, p);
	if (r->unsupported || r->size > NOTIFY_SIZE_MOST) {
		bool unsupported = r->unsupported;

		notify_rules_free(&r);
		return unsupported ?
		    answer_no(im, "[BADEVENT (%s)] No such events here",
			notify_events(&im->arena)) :
		    answer_no(im, "[NOTIFICATIONOVERFLOW] Too many mailboxes");
	}
	notify_tell(im);
	if (!notify_set(im, r, &w) || (r->status && !tell_all(im, &w)))
		return answer_why(im, &w);
	return ANSWER_OK;
}

enum answer
cmd_notify(struct imap *im, struct parse *p)
{
	struct why w;

	parse_space(p);
	if (parse_word(p, "SET"))
		return set(im, p);
	if (!parse_word(p, "NONE"))
		parse_fail(p, "SET or NONE expected");
	if (!parse_end(p))
		return answer_syntax(im, p);
	notify_set(im, NULL, &w);
	return ANSWER_OK;
}
