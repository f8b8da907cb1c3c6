/* SPDX-License-Identifier: ISC */
/*
 * notify - what waits to be told, and telling it
 */
#include <stdlib.h>

#include "imapd/capability.h"
#include "imapd/fetch.h"
#include "imapd/link.h"
#include "imapd/names.h"
#include "imapd/notify.h"
#include "imapd/status.h"
#include "lib/base/tree.h"
#include "lib/proc/channel.h"

enum { IS_THERE = 1, IS_SUBSCRIBED = 2, HAS_CHILDREN = 4 };

/* One mailbox of which something is to be told. */
struct pending {
	RB_ENTRY(pending) by_name;
	TAILQ_ENTRY(pending) order;
	struct str name;
	struct str old;			/* its name that the client knows */
	unsigned what;
	uint8_t state;
	struct msg_mailbox_state numbers;
	struct str entries;		/* a list: metadata that changed */
};

static int
pending_cmp(const struct pending *a, const struct pending *b)
{
	return view_cmp(str_view(&a->name), str_view(&b->name));
}
TREE_GENERATE(pendings, pending, by_name, pending_cmp)

/* ---- what waits ---- */

static struct pending *
find(struct notify *n, struct view name)
{
	struct pending *p = RB_ROOT(&n->by_name);

	while (p != NULL) {
		int c = view_cmp(name, str_view(&p->name));

		if (c == 0)
			return p;
		p = c < 0 ? RB_LEFT(p, by_name) : RB_RIGHT(p, by_name);
	}
	return NULL;
}

static void
take(struct notify *n, struct pending *p)
{
	RB_REMOVE(pendings, &n->by_name, p);
	TAILQ_REMOVE(&n->order, p, order);
	n->waiting--;
}

static void
pending_free(struct pending *p)
{
	str_free(&p->name);
	str_free(&p->old);
	str_free(&p->entries);
	free(p);
}

static void
drop(struct notify *n, struct pending *p)
{
	if (p == NULL)
		return;
	take(n, p);
	pending_free(p);
}

static void
drop_all(struct notify *n)
{
	while (!TAILQ_EMPTY(&n->order))
		drop(n, TAILQ_FIRST(&n->order));
}

/* The entry of a name; NULL when too many wait. */
static struct pending *
pending_of(struct notify *n, struct view name)
{
	struct pending *p = find(n, name);

	if (p != NULL)
		return p;
	if (n->waiting == NOTIFY_PENDING_MOST) {
		n->lost = true;
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	str_add(&p->name, name);
	RB_INSERT(pendings, &n->by_name, p);
	TAILQ_INSERT_TAIL(&n->order, p, order);
	n->waiting++;
	return p;
}

/* ---- hearing ---- */

static bool
is_subscribed(const struct notify *n, struct view name)
{
	return list_has(str_view(&n->subscribed), name);
}

static void
set_subscribed(struct notify *n, struct view name, bool on)
{
	struct view rest = str_view(&n->subscribed), item;
	struct str list = { 0 };

	while (list_next(&rest, &item))
		if (!view_eq(item, name))
			list_put(&list, item);
	if (on)
		list_put(&list, name);
	str_free(&n->subscribed);
	n->subscribed = list;
}

/* A mailbox that is left or entered belongs to what it was or is. */
static unsigned
wanted(struct notify *n, const struct msg_watched *m)
{
	bool was = is_subscribed(n, m->mailbox), is = was;
	unsigned events;

	if ((m->what & NOTIFY_SUBSCRIPTION) && n->listens) {
		is = (m->state & IS_SUBSCRIBED) != 0;
		set_subscribed(n, m->mailbox, is);
	}
	events = notify_wanted(n->rules, m->mailbox, was || is);
	if ((m->what & NOTIFY_NAME) && m->old.n > 0)
		events |= notify_wanted(n->rules, m->old,
		    is_subscribed(n, m->old));
	return events & m->what;
}

/* The selected mailbox has another way to tell of its messages. */
static bool
is_selected(const struct imap *im, struct view name)
{
	return im->box != NULL && view_eq(name, str_view(&im->box->name));
}

static void
hear_messages(struct pending *p, const struct msg_watched *m)
{
	p->numbers = (struct msg_mailbox_state){ .messages = m->messages,
		.unseen = m->unseen,
		.uidnext = m->uidnext,
		.uidvalidity = m->uidvalidity,
		.modseq = m->modseq };
}

/* What was said of the old name before is settled with the new one. If the
 * client has not heard yet of an earlier name, it is that one which it knows. */
static void
take_old_name(struct notify *n, struct pending *p, struct view old)
{
	struct pending *before = find(n, old);

	str_reset(&p->old);
	if (before != NULL && before->old.n > 0)
		str_add(&p->old, str_view(&before->old));
	else
		str_add(&p->old, old);
	if (before != p)
		drop(n, before);
	if (view_eq(str_view(&p->old), str_view(&p->name)))
		str_reset(&p->old);	/* there and back */
}

/* A renaming that was not told, and is not true any more: the old name is gone
 * all the same. */
static void
give_up_old_name(struct notify *n, struct pending *p)
{
	struct pending *gone;

	if (p->old.n == 0)
		return;
	gone = pending_of(n, str_view(&p->old));
	str_reset(&p->old);
	if (gone == NULL)
		return;
	gone->what |= NOTIFY_NAME;
	gone->state = 0;
}

static void
hear_name(struct notify *n, struct pending *p, const struct msg_watched *m)
{
	if (m->what & NOTIFY_NAME)
		give_up_old_name(n, p);
	if (m->old.n > 0)
		take_old_name(n, p, m->old);
	p->state = m->state;
	if (!(m->state & IS_THERE))
		p->what &= ~(unsigned)NOTIFY_MESSAGES;
}

static void
hear_metadata(struct notify *n, const struct msg_watched *m)
{
	bool server = (m->what & NOTIFY_SERVER) != 0;
	struct view name = server ? VIEW_NONE : m->mailbox;
	struct pending *p;

	if (n->rules != NULL &&
	    !(notify_wanted(n->rules, name, is_subscribed(n, name)) & m->what))
		return;
	p = pending_of(n, name);
	if (p == NULL || list_has(str_view(&p->entries), m->old))
		return;
	if (p->entries.n + m->old.n > NOTIFY_ENTRIES_MOST)
		n->lost = true;
	else
		list_put(&p->entries, m->old);
}

void
notify_hear(struct notify *n, const struct msg_watched *m)
{
	struct pending *p;
	unsigned what;

	if (n->lost || (n->rules == NULL && !n->metadata))
		return;
	if (m->what & NOTIFY_LOST) {
		n->lost = true;
		return;
	}
	if (m->what & NOTIFY_METADATAS)
		hear_metadata(n, m);
	if ((m->what & NOTIFY_METADATAS) || n->rules == NULL)
		return;
	what = wanted(n, m);
	if (is_selected(n->im, m->mailbox))
		what &= ~(unsigned)NOTIFY_MESSAGES;
	if (what == 0 || (p = pending_of(n, m->mailbox)) == NULL)
		return;
	p->what |= what;
	if (what & NOTIFY_MESSAGES)
		hear_messages(p, m);
	if (what & (NOTIFY_NAME | NOTIFY_SUBSCRIPTION))
		hear_name(n, p, m);
}

/* ---- telling ---- */

bool
notify_has_news(const struct imap *im)
{
	const struct notify *n = im->notify;

	return n != NULL && (n->lost || n->waiting > 0);
}

/* RFC 5465 5.1 to 5.3. */
unsigned
notify_items(const struct imap *im, unsigned events)
{
	unsigned items = STATUS_UIDVALIDITY | STATUS_UNSEEN;

	if (events & (NOTIFY_NEW | NOTIFY_EXPUNGE))
		items |= STATUS_MESSAGES | STATUS_UIDNEXT;
	if ((events & NOTIFY_FLAGS) || imap_has(im, FEATURE_CONDSTORE))
		items |= STATUS_HIGHESTMODSEQ;
	return items;
}

/* RFC 5465 5.4 and 5.5. */
static void
put_list(struct imap *im, const struct pending *p)
{
	bool there = (p->state & IS_THERE) != 0;

	out_printf(im, "* LIST (%s%s%s) \"/\" ",
	    there ? "" : "\\NonExistent ",
	    p->state & IS_SUBSCRIBED ? "\\Subscribed " : "",
	    p->state & HAS_CHILDREN ? "\\HasChildren" : "\\HasNoChildren");
	out_mailbox(im, str_view(&p->name));
	if (there && p->old.n > 0) {
		out_puts(im, " (\"OLDNAME\" (");
		out_mailbox(im, str_view(&p->old));
		out_puts(im, "))");
	}
	out_puts(im, "\r\n");
}

/* RFC 5464 4.4.2: names only. */
static void
put_entries(struct imap *im, const struct pending *p)
{
	struct view rest = str_view(&p->entries), entry;

	out_puts(im, "* METADATA ");
	out_mailbox(im, str_view(&p->name));
	while (list_next(&rest, &entry)) {
		out_puts(im, " ");
		out_astring(im, entry);
	}
	out_puts(im, "\r\n");
}

static void
put(struct imap *im, const struct pending *p)
{
	unsigned messages = p->what & NOTIFY_MESSAGES;

	if (p->what & (NOTIFY_NAME | NOTIFY_SUBSCRIPTION))
		put_list(im, p);
	if (messages != 0 && !is_selected(im, str_view(&p->name)))
		status_put(im, str_view(&p->name), &p->numbers,
		    notify_items(im, messages));
	if (p->entries.n > 0)
		put_entries(im, p);
}

/* Store need not tell us any more; what it says to that does not matter. */
static void
unwatch(struct notify *n)
{
	struct message m = { .type = MSG_watch,
		.watch = { n->session, 0 } };
	struct why w;

	if (!n->watching)
		return;
	link_unwatch(n);
	store_tell(n->im, &m, &w);
}

/* RFC 5465 5.8: from here on it is as after NOTIFY NONE. */
static void
give_up(struct imap *im)
{
	struct notify *n = im->notify;

	n->lost = false;
	n->metadata = false;
	notify_rules_free(&n->rules);
	drop_all(n);
	out_puts(im, "* OK [NOTIFICATIONOVERFLOW] Too much has happened; "
		     "nothing is notified any more\r\n");
	unwatch(n);
}

void
notify_tell(struct imap *im)
{
	struct notify *n = im->notify;
	struct pending *p;

	if (n == NULL)
		return;
	while (!n->lost && (p = TAILQ_FIRST(&n->order)) != NULL) {
		take(n, p);
		put(im, p);
		pending_free(p);
		if (!out_push(im))
			return;
	}
	if (n->lost)
		give_up(im);
}

/* ---- the selected mailbox ---- */

bool
notify_is_given(const struct imap *im)
{
	return im->notify != NULL && im->notify->given;
}

unsigned
notify_of_selected(const struct imap *im)
{
	if (!notify_is_given(im))
		return NOTIFY_MESSAGES;
	return im->notify->rules ? im->notify->rules->selected : 0;
}

bool
notify_is_delayed(const struct imap *im)
{
	return im->notify == NULL || im->notify->rules == NULL ||
	    im->notify->rules->delayed;
}

/* Nobody has read them: \Seen is not set. In IDLE, or between commands, this can
 * happen any number of times, so what it needs is not the command's. */
void
notify_fetch(struct imap *im, uint32_t from)
{
	const struct box *b = im->box;
	struct numset_range range;
	struct numset set = { .ranges = &range, .n = 1 };
	struct arena of_command = im->arena;
	struct fetch f;
	struct walk w;

	if (im->notify == NULL || im->notify->rules == NULL ||
	    im->notify->rules->fetch == NULL || from >= b->known)
		return;
	range = (struct numset_range){ box_uid(b, from), UINT32_MAX };
	f = *im->notify->rules->fetch;
	f.seen = false;
	walk_begin(&w, b, &set, true);
	arena_init(&im->arena);
	fetch_run(&f, &w);
	arena_reset(&im->arena);
	im->arena = of_command;
}

/* ---- beginning and ending ---- */

static struct notify *
notify_new(struct imap *im)
{
	struct notify *n = xcalloc(1, sizeof(*n));

	n->im = im;
	n->session = imap_number(im);
	RB_INIT(&n->by_name);
	TAILQ_INIT(&n->order);
	return n;
}

static bool
watch(struct notify *n, struct why *w)
{
	struct message m = { .type = MSG_watch,
		.watch = { n->session, 1 } };

	if (n->watching)
		return true;
	link_watch(n);
	if (store_tell(n->im, &m, w))
		return true;
	link_unwatch(n);
	return false;
}

static bool
needs_subscribed(const struct notify_rules *r)
{
	for (const struct notify_group *g = r->groups; g != NULL; g = g->next)
		if (g->scope.kind == SCOPE_SUBSCRIBED)
			return true;
	return false;
}

/* Changes from now on are heard; what comes before the list is in it. */
static bool
learn_subscribed(struct notify *n, struct why *w)
{
	struct view rest, name, letters;
	struct str all = { 0 };
	bool fine;

	str_free(&n->subscribed);
	n->listens = true;
	fine = names_ask(n->im, &all, w);
	rest = str_view(&all);
	while (list_next(&rest, &name) && list_next(&rest, &letters))
		if (view_find(letters, 's') < letters.n)
			list_put(&n->subscribed, name);
	str_free(&all);
	return fine;
}

/* Old rules end before new ones are made to work, so a failure is silence. */
static bool
begin(struct notify *n, struct why *w)
{
	n->listens = false;
	str_free(&n->subscribed);
	if (n->rules == NULL || n->rules->groups == NULL) {
		unwatch(n);
		return true;
	}
	return watch(n, w) &&
	    (!needs_subscribed(n->rules) || learn_subscribed(n, w));
}

bool
notify_set(struct imap *im, struct notify_rules *r, struct why *w)
{
	struct notify *n = im->notify;

	if (n == NULL)
		im->notify = n = notify_new(im);
	notify_rules_free(&n->rules);
	drop_all(n);
	n->lost = false;
	n->given = true;
	n->metadata = false;
	n->rules = r;
	if (begin(n, w))
		return true;
	notify_rules_free(&n->rules);
	unwatch(n);
	return false;
}

void
notify_metadata(struct imap *im)
{
	struct why w;

	if (notify_is_given(im))
		return;
	if (im->notify == NULL)
		im->notify = notify_new(im);
	im->notify->metadata = watch(im->notify, &w);
}

void
notify_end(struct imap *im)
{
	struct notify *n = im->notify;

	if (n == NULL)
		return;
	if (n->watching)
		link_unwatch(n);
	im->notify = NULL;
	notify_rules_free(&n->rules);
	drop_all(n);
	str_free(&n->subscribed);
	free(n);
}
