/* SPDX-License-Identifier: ISC */
/*
 * watch - who watches, and what they are told
 */
#include <stdlib.h>
#include <string.h>

#include "lib/mail/shared.h"
#include "lib/proc/channel.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/durable.h"
#include "store/event.h"
#include "store/listing.h"
#include "store/metadata.h"
#include "store/seen.h"
#include "store/watch.h"

#define BUCKETS 1024

/* One session that watches. */
struct watch {
	LIST_ENTRY(watch) hashed;
	LIST_ENTRY(watch) of_link;
	struct link *link;
	uint64_t session;
	uint32_t hash;
	char user[];
};
LIST_HEAD(watch_bucket, watch);

/* What a round does to a mailbox. */
struct noted {
	struct mailbox *mb;
	uint64_t mark;
	unsigned what;
	struct message m;
};

static struct watch_bucket buckets[BUCKETS];
static size_t watches;

/* The next who watches this user, from w on. */
static struct watch *
next_of(struct watch *w, uint32_t h, struct view user)
{
	while (w != NULL && (w->hash != h || !view_is(user, w->user)))
		w = LIST_NEXT(w, hashed);
	return w;
}

static struct watch *
first_of(struct view user)
{
	uint32_t h = view_hash(VIEW_HASH, user);

	return watches == 0 ? NULL :
	    next_of(LIST_FIRST(&buckets[h % BUCKETS]), h, user);
}

static struct watch *
find(const struct link *l, uint64_t session)
{
	struct watch *w;

	LIST_FOREACH (w, &l->watches, of_link)
		if (w->session == session)
			return w;
	return NULL;
}

/*
 * Beginning and ending
 */

static void
begin(struct link *l, uint64_t session, const char *user)
{
	struct watch *w = xcalloc(1, sizeof(*w) + strlen(user) + 1);

	w->link = l;
	w->session = session;
	w->hash = view_hash(VIEW_HASH, view_of(user));
	memcpy(w->user, user, strlen(user));
	LIST_INSERT_HEAD(&buckets[w->hash % BUCKETS], w, hashed);
	LIST_INSERT_HEAD(&l->watches, w, of_link);
	watches++;
}

static void
end(struct watch *w)
{
	LIST_REMOVE(w, hashed);
	LIST_REMOVE(w, of_link);
	free(w);
	watches--;
}

void
watch_end(struct link *l, uint64_t session)
{
	struct watch *w = find(l, session);

	if (w != NULL)
		end(w);
}

void
watch_end_link(struct link *l)
{
	struct watch *w;

	while ((w = LIST_FIRST(&l->watches)) != NULL)
		end(w);
}

void
watch_request(struct channel *c, uint32_t tag, struct msg_watch *m)
{
	struct link *l = link_of(c);
	const char *user = grant_user(l, m->session);
	struct why w;

	watch_end(l, m->session);
	if (user == NULL) {
		why_never(&w, "7.0", "This session has no mailboxes");
	} else {
		if (m->on)
			begin(l, m->session, user);
		why_done(&w, "0.0", m->on ? "Watching" : "Not watching");
	}
	channel_answer(c, tag, &w);
}

/*
 * Telling
 */

/* All who watch this user but the one at r, who knows. */
static void
tell(struct view user, struct message *m, const struct request *r,
    uint64_t session)
{
	struct watch *w = first_of(user);

	for (; w != NULL; w = next_of(LIST_NEXT(w, hashed), w->hash, user)) {
		if (w->link->channel == NULL ||
		    (r != NULL && w->link == r->link && w->session == session))
			continue;
		m->watched.session = w->session;
		channel_send(w->link->channel, m);
	}
}

/* Those who may, but the owner and the session at r. */
struct readers {
	struct view owner, name;
	bool (*may)(uint32_t rights);	/* NULL: fit says it */
	/* What is told to one of them, if it is not the same for all. */
	bool (*fit)(void *arg, struct view user, struct message *m);
	void *arg;
	const struct request *r;
	uint64_t session;
};

static void
tell_reader(const struct readers *of, const struct watch *w,
    struct message *m)
{
	struct view user = view_of(w->user);

	if (w->link->channel == NULL || view_eq(user, of->owner) ||
	    (of->r != NULL && w->link == of->r->link &&
		w->session == of->session) ||
	    (of->may != NULL &&
		!of->may(acl_rights(of->owner, of->name, user))) ||
	    (of->fit != NULL && !of->fit(of->arg, user, m)))
		return;
	m->watched.session = w->session;
	channel_send(w->link->channel, m);
}

/* Only those who use this store. */
static void
tell_readers(const struct readers *of, struct message *m)
{
	struct str shared = { 0 };
	struct watch *w;

	shared_write(&shared, of->owner, of->name);
	m->watched.mailbox = str_view(&shared);
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH (w, &buckets[i], hashed)
			tell_reader(of, w, m);
	m->watched.mailbox = VIEW_NONE;
	str_free(&shared);
}

static bool
may_read(uint32_t rights)
{
	return (rights & RIGHT_LOOKUP) && (rights & RIGHT_READ);
}

/* Everybody has seen something else of it. */
static bool
fit_unseen(void *arg, struct view user, struct message *m)
{
	struct mailbox *mb = arg;
	const struct reader *reader = seen_reader(mb, user);

	if (reader != NULL)
		m->watched.unseen = seen_unseen(mb, reader);
	return reader != NULL;
}

static void
tell_readers_of(struct noted *n)
{
	struct readers of = { .owner = view_of(n->mb->user),
		.name = view_of(n->mb->name), .may = may_read,
		.fit = fit_unseen, .arg = n->mb };

	tell_readers(&of, &n->m);
}

static void
publish(void *arg, bool ok)
{
	struct noted *n = arg;

	if (n->mb->noted == n)
		n->mb->noted = NULL;
	if (ok && !n->mb->stale && !n->mb->deleted) {
		n->m.watched.what = (uint8_t)n->what;
		n->m.watched.mailbox = view_of(n->mb->name);
		tell(view_of(n->mb->user), &n->m, NULL, 0);
		if (n->mb->h.marks & MARK_ACL)
			tell_readers_of(n);
	}
	mailbox_unref(n->mb);
	free(n);
}

static struct noted *
noted_new(struct mailbox *mb)
{
	struct noted *n = xcalloc(1, sizeof(*n));

	n->mb = mb;
	n->mark = durable_mark();
	n->m.type = MSG_watched;
	mailbox_ref(mb);
	durable_index(publish, n);
	return n;
}

/* The numbers are those that this round makes safe, not later ones. */
void
watch_messages(struct mailbox *mb, unsigned what)
{
	struct noted *n = mb->noted;

	if (first_of(view_of(mb->user)) == NULL &&
	    (watches == 0 || !(mb->h.marks & MARK_ACL)))
		return;
	if (n == NULL || n->mark != durable_mark())
		mb->noted = n = noted_new(mb);
	n->what |= what;
	n->m.watched.messages = mb->h.count;
	n->m.watched.unseen = mb->h.unseen;
	n->m.watched.uidnext = mb->h.uidnext;
	n->m.watched.uidvalidity = mb->h.uidvalidity;
	n->m.watched.modseq = mb->h.modseq;
}

/* What a LIST response has to say of it now. */
static uint8_t
state_of(struct view user, struct view name)
{
	bool row = account_exists(user, name);
	struct account_names names;
	uint8_t state = 0;

	if (row || view_is(name, "INBOX"))
		state |= WATCH_EXISTS;
	if (account_names(user, name, &names) && names.n > (row ? 1 : 0))
		state |= WATCH_CHILDREN;
	if (listing_is_subscribed(user, name))
		state |= WATCH_IS_SUBSCRIBED;
	str_free(&names.list);
	return state;
}

void
watch_change(struct request *r, struct view user, const struct watch_change *c)
{
	struct message m = { .type = MSG_watched };
	struct view name = place_canonical(c->name);

	if (first_of(user) == NULL)
		return;
	m.watched.what = (uint8_t)c->what;
	if (c->what & (WATCH_NAME | WATCH_SUBSCRIBED))
		m.watched.state = state_of(user, name);
	m.watched.mailbox = name;
	m.watched.old = c->old;
	tell(user, &m, r, c->session);
}

void
watch_metadata(struct request *r, struct view owner,
    const struct watch_change *c)
{
	struct message m = { .type = MSG_watched };
	struct readers of = { .owner = owner,
		.name = place_canonical(c->name), .may = metadata_may,
		.r = r, .session = c->session };

	watch_change(r, owner, c);
	if (watches == 0 || !acl_is_shared(owner, of.name))
		return;
	m.watched.what = (uint8_t)c->what;
	m.watched.old = c->old;
	tell_readers(&of, &m);
}

/*
 * Names that others have for a mailbox
 */

static bool
may_look_up(struct view owner, struct view name, struct view user)
{
	return (acl_rights(owner, name, user) & RIGHT_LOOKUP) != 0;
}

void
watch_onlookers(struct view owner, struct view name, struct str *users)
{
	struct watch *w;

	if (watches == 0 || !acl_is_shared(owner, name))
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH (w, &buckets[i], hashed)
			if (!view_is(owner, w->user) &&
			    may_look_up(owner, name, view_of(w->user)))
				list_put(users, view_of(w->user));
}

/* A name of which each finds out himself whether it is one of his. */
struct naming {
	struct view owner, name;
	struct view before;	/* users who could look it up */
	struct view old;	/* as they call it, or empty */
};

/* Only of those below it that he may look up. */
static bool
has_children_for(const struct naming *n, struct view user)
{
	struct account_names all;
	struct view rest, name;
	bool has = false;

	account_names(n->owner, n->name, &all);
	rest = str_view(&all.list);
	while (!has && list_next(&rest, &name))
		has = !view_eq(name, n->name) &&
		    may_look_up(n->owner, name, user);
	str_free(&all.list);
	return has;
}

/* Rights go along with a mailbox that is renamed. Otherwise it has come or gone
 * for him when he may look it up and could not, or the other way round. */
static bool
fit_name(void *arg, struct view user, struct message *m)
{
	const struct naming *n = arg;
	bool now = may_look_up(n->owner, n->name, user);

	if (n->old.n > 0 ? !now : now == list_has(n->before, user))
		return false;
	m->watched.state = (uint8_t)((now ? WATCH_EXISTS : 0) |
	    (has_children_for(n, user) ? WATCH_CHILDREN : 0) |
	    (listing_is_subscribed(user, m->watched.mailbox) ?
		    WATCH_IS_SUBSCRIBED : 0));
	return true;
}

void
watch_onlookers_tell(struct request *r, struct view owner,
    const struct watch_change *c, struct view before)
{
	struct message m = { .type = MSG_watched, .watched.what = WATCH_NAME };
	struct naming n = { .owner = owner, .name = place_canonical(c->name),
		.before = before };
	struct readers of = { .owner = owner, .name = n.name, .fit = fit_name,
		.arg = &n, .r = r, .session = c->session };
	struct str old = { 0 };

	if (watches == 0 || (before.n == 0 && !acl_is_shared(owner, n.name)))
		return;
	if (c->old.n > 0)
		shared_write(&old, owner, c->old);
	n.old = m.watched.old = str_view(&old);
	tell_readers(&of, &m);
	str_free(&old);
}

void
watch_name(struct request *r, struct view owner, const struct watch_change *c,
    struct view before)
{
	watch_change(r, owner, c);
	watch_onlookers_tell(r, owner, c, before);
}

void
watch_made_or_gone(struct request *r, struct view owner,
    const struct watch_change *c, struct view before)
{
	struct watch_change above = *c;

	watch_name(r, owner, c, before);
	above.name.n = view_rfind(c->name, '/');
	if (above.name.n < c->name.n)
		watch_change(r, owner, &above);
}

void
watch_lost(void)
{
	struct message m = { .type = MSG_watched,
		.watched.what = WATCH_LOST };
	struct watch *w;

	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH (w, &buckets[i], hashed) {
			m.watched.session = w->session;
			if (w->link->channel != NULL)
				channel_send(w->link->channel, &m);
		}
}
