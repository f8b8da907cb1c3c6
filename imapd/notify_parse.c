/* SPDX-License-Identifier: ISC */
/*
 * notify_parse - the grammar of NOTIFY SET (RFC 5465 8)
 *
 * The rules outlive the command, so its text is copied first and everything
 * points into the copy.
 */
#include <stdlib.h>

#include "imapd/capability.h"
#include "imapd/fetch.h"
#include "imapd/notify.h"

static const struct {
	const char *name;
	unsigned event;
} events[] = {
	{ "MessageNew", NOTIFY_NEW },
	{ "MessageExpunge", NOTIFY_EXPUNGE },
	{ "FlagChange", NOTIFY_FLAGS },
	{ "MailboxName", NOTIFY_NAME },
	{ "SubscriptionChange", NOTIFY_SUBSCRIPTION },
	{ "MailboxMetadataChange", NOTIFY_METADATA },
	{ "ServerMetadataChange", NOTIFY_SERVER },
};

const char *
notify_events(struct arena *a)
{
	char *list = arena_copy(a, VIEW_NONE);

	for (size_t i = 0; i < nitems(events); i++)
		list = arena_printf(a, "%s%s%s", list, i > 0 ? " " : "",
		    events[i].name);
	return list;
}

/* "(UID FLAGS)" behind MessageNew; of use for the selected mailbox only. */
static void
parse_items(struct imap *im, struct parse *p, struct fetch **fetch)
{
	*fetch = arena_zalloc(p->arena, sizeof(**fetch));
	(*fetch)->im = im;
	fetch_parse_list(*fetch, p);
}

static unsigned
parse_event(struct imap *im, struct parse *p, struct fetch **fetch)
{
	struct view name = parse_atom(p);
	struct parse ahead;
	size_t i = 0;

	while (i < nitems(events) && !view_isi(name, events[i].name))
		i++;
	if (i == nitems(events))
		return NOTIFY_LOST;	/* nobody can ask for that one */
	ahead = *p;
	if (events[i].event == NOTIFY_NEW && parse_take(&ahead, ' ') &&
	    parse_peek(&ahead) == '(') {
		parse_space(p);
		parse_items(im, p, fetch);
	}
	return events[i].event;
}

static unsigned
parse_events(struct imap *im, struct parse *p, struct fetch **fetch)
{
	unsigned set = 0;

	if (parse_word(p, "NONE"))
		return 0;
	parse_want(p, '(');
	do
		set |= parse_event(im, p, fetch);
	while (parse_take(p, ' '));
	parse_want(p, ')');
	return set;
}

/* RFC 5465 5: no half of the messages' life, and no flags without it. */
static void
check_events(struct parse *p, unsigned set, bool selected)
{
	unsigned both = NOTIFY_NEW | NOTIFY_EXPUNGE;

	if ((set & both) != 0 && (set & both) != both)
		parse_fail(p, "MessageNew and MessageExpunge go together");
	if ((set & NOTIFY_FLAGS) && !(set & both))
		parse_fail(p, "FlagChange needs MessageNew and "
			      "MessageExpunge");
	if (selected && (set & ~(unsigned)(NOTIFY_MESSAGES | NOTIFY_LOST)))
		parse_fail(p, "Selected mailboxes have events of messages "
			      "only");
}

/* The selected mailbox: there can be one such group. */
static void
take_selected(struct notify_rules *r, struct parse *p,
    const struct notify_group *g, struct fetch *fetch)
{
	if (r->selected_given)
		parse_fail(p, "The selected mailbox twice");
	r->selected_given = true;
	r->delayed = g->scope.kind == SCOPE_SELECTED_DELAYED;
	r->selected = g->events;
	r->fetch = fetch;
}

static void
parse_group(struct imap *im, struct notify_rules *r, struct parse *p)
{
	struct notify_group *g = arena_zalloc(&r->arena, sizeof(*g));
	struct fetch *fetch = NULL;

	parse_want(p, '(');
	scope_parse(&g->scope, p);
	if (g->scope.kind == SCOPE_SUBTREE_ONE)
		parse_fail(p, "SUBTREE-ONE is for ESEARCH");
	parse_space(p);
	g->events = parse_events(im, p, &fetch);
	parse_want(p, ')');
	check_events(p, g->events, scope_is_selected(&g->scope));
	r->unsupported |= (g->events & NOTIFY_LOST) != 0;
	r->size += 1 + g->scope.names;
	if (scope_is_selected(&g->scope)) {
		take_selected(r, p, g, fetch);
		return;
	}
	*r->end = g;
	r->end = &g->next;
}

struct notify_rules *
notify_parse(struct imap *im, struct parse *p)
{
	struct notify_rules *r = xcalloc(1, sizeof(*r));
	struct parse mine;

	arena_init(&r->arena);
	r->end = &r->groups;
	mine = parse_begin(arena_view(&r->arena, p->rest), &r->arena);
	parse_space(&mine);
	r->status = parse_word(&mine, "STATUS");
	if (r->status)
		parse_space(&mine);
	do
		parse_group(im, r, &mine);
	while (parse_take(&mine, ' '));
	if (parse_end(&mine))
		return r;
	parse_fail(p, mine.error);
	notify_rules_free(&r);
	return NULL;
}

void
notify_rules_free(struct notify_rules **rp)
{
	struct notify_rules *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	arena_reset(&r->arena);
	free(r);
}

/* Groups are looked at in their order; one that says NONE ends it. */
unsigned
notify_wanted(const struct notify_rules *r, struct view name, bool subscribed)
{
	unsigned wanted = 0;

	for (const struct notify_group *g = r->groups; g != NULL; g = g->next) {
		if (name.n > 0 ? !scope_has(&g->scope, name, subscribed) :
				 !(g->events & NOTIFY_SERVER))
			continue;
		if (g->events == 0)
			break;
		wanted |= g->events;
	}
	return wanted;
}
