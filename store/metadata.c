/* SPDX-License-Identifier: ISC */
/*
 * metadata - entries to attributes and back
 */
#include <stdlib.h>

#include "lib/mail/shared.h"
#include "lib/mail/uses.h"
#include "lib/proc/settings.h"
#include "store/account.h"
#include "store/attributes.h"
#include "store/load.h"
#include "store/metadata.h"
#include "store/watch.h"

#define SPECIALUSE "/private/specialuse"
#define SHARED	   "/shared/"
#define PRIVATE	   "/private/"
#define ROOM_OTHERS (ATTRIBUTES_TEXT_MAX / 2)	/* for all but the owner */

static struct {
	size_t size, entries;
	char *admin, *comment;
} rules;

void
metadata_begin(const struct settings *s)
{
	free(rules.admin);
	free(rules.comment);
	rules.size = (size_t)s->imap_metadata_size;
	rules.entries = (size_t)s->imap_metadata_entries;
	rules.admin = xstrdup(s->imap_admin);
	rules.comment = xstrdup(s->imap_comment);
}

static bool
is_server(const struct access *a)
{
	return a->name.n == 0;
}

/* Part of an attribute's name: without '/', and so that none are alike. */
static void
put_user(struct str *out, struct view user)
{
	for (size_t i = 0; i < user.n; i++)
		if (user.p[i] == '/' || user.p[i] == '%')
			str_addf(out, "%%%02X", (unsigned char)user.p[i]);
		else
			str_addc(out, user.p[i]);
}

/* In front of the attributes that /private is made of. */
static void
private_prefix(const struct access *a, struct view user, struct str *out)
{
	if (is_server(a)) {
		str_adds(out, "server-private/");
		return;
	}
	str_adds(out, "private/");
	put_user(out, user);
	str_addc(out, '/');
}

static bool
needs(const struct access *a, uint32_t more, struct why *w)
{
	if (is_server(a))
		return true;
	return access_needs(a, RIGHT_LOOKUP | more, w) &&
	    (metadata_may(a->rights) || access_needs(a, RIGHT_READ, w));
}

/* ---- reading ---- */

struct getting {
	struct str *list;
	struct str prefix;	/* of what is private */
	const struct access *a;
};

static void
put_entry(struct getting *g, const char *kind, struct view path,
    struct view value)
{
	struct str name = { 0 };

	str_adds(&name, kind);
	str_add(&name, path);
	list_put(g->list, str_view(&name));
	list_put(g->list, value);
	str_free(&name);
}

static bool
take_attribute(void *arg, struct view name, struct view value)
{
	struct getting *g = arg;

	if (view_starts(name, str_view(&g->prefix)))
		put_entry(g, PRIVATE, view_skip(name, g->prefix.n), value);
	else if (is_server(g->a))
		return true;
	else if (view_starts(name, VIEW_LIT("shared/")))
		put_entry(g, SHARED, view_skip(name, strlen("shared/")), value);
	else if (view_is(name, "use") && access_is_own(g->a))
		put_entry(g, SPECIALUSE, VIEW_NONE, value);
	return true;
}

static void
put_settings(struct getting *g)
{
	if (rules.admin[0] != '\0')
		put_entry(g, "/shared/admin", VIEW_NONE, view_of(rules.admin));
	if (rules.comment[0] != '\0')
		put_entry(g, "/shared/comment", VIEW_NONE,
		    view_of(rules.comment));
}

bool
metadata_list(const struct access *a, struct str *entries, struct why *w)
{
	struct getting g = { .list = entries, .a = a };
	enum kv_result found;

	if (!needs(a, 0, w))
		return false;
	if (!account_exists(a->owner, a->name) &&
	    !view_is(place_canonical(a->name), "INBOX"))
		return access_no_such(w);
	if (is_server(a))
		put_settings(&g);
	private_prefix(a, a->user, &g.prefix);
	found = attributes_each(a->owner, a->name, VIEW_NONE, take_attribute,
	    &g);
	str_free(&g.prefix);
	if (found == KV_TROUBLE)
		index_why(w);
	return found != KV_TROUBLE;
}

bool
metadata_get(struct request *r, struct why *w)
{
	const struct msg_metadata_get *m = &r->m.metadata_get;
	struct message reply = { .type = MSG_metadata };
	struct str entries = { 0 };
	struct access a;
	bool ok = access_find(r, m->session, m->mailbox, &a, w) &&
	    metadata_list(&a, &entries, w);

	if (ok && entries.n > FRAME_MAX - 1024)
		ok = why_never(w, "5.3", "That is too much for one answer");
	if (ok) {
		reply.metadata.entries = str_view(&entries);
		request_reply(r, &reply);
	}
	str_free(&entries);
	return ok;
}

/* ---- writing ---- */

struct setting {
	const struct access *a;
	struct arena *arena;
	struct attribute *changes;
	struct view *entries;	/* their names as the client has them */
	size_t n;
	uint32_t more;		/* rights that are needed */
};

/* The special uses, spelled as they are here. */
static bool
change_uses(struct setting *s, struct attribute *a, struct why *w)
{
	struct str words = { 0 };
	size_t strange = 0;
	uint32_t uses;

	if (!access_is_own(s->a))
		return why_never(w, "7.0", "Only its owner says what a mailbox "
				 "is for");
	a->name = VIEW_LIT("use");
	if (a->value.p == NULL)
		return true;
	uses = uses_parse(a->value, &strange);
	if (strange > 0 || (uses & ~USES_SETTABLE) != 0)
		return why_never(w, "5.1", "No mailbox has such a use");
	uses_put(&words, uses);
	a->value = uses == 0 ? (struct view){ NULL, 0 } :
			       arena_view(s->arena, str_view(&words));
	str_free(&words);
	return true;
}

/* The attribute that an entry stands for. */
static bool
change_entry(struct setting *s, struct attribute *a, struct why *w)
{
	struct str name = { 0 };

	if (view_is(a->name, SPECIALUSE) && !is_server(s->a))
		return change_uses(s, a, w);
	if (view_starts(a->name, VIEW_LIT(PRIVATE))) {
		private_prefix(s->a, s->a->user, &name);
		str_add(&name, view_skip(a->name, strlen(PRIVATE)));
	} else if (!view_starts(a->name, VIEW_LIT(SHARED))) {
		return why_never(w, "5.0", "Not the name of an entry");
	} else if (is_server(s->a)) {
		return why_never(w, "7.0", "That is a setting of the server");
	} else {
		s->more |= RIGHT_WRITE;
		str_add(&name, view_skip(a->name, 1));
	}
	a->name = arena_view(s->arena, str_view(&name));
	str_free(&name);
	return true;
}

static bool
read_changes(struct setting *s, const struct msg_metadata_set *m,
    struct why *w)
{
	struct view set = m->set, remove = m->remove, name, value;
	size_t most = 0, removes = 0;

	list_ok(set, &most);
	list_ok(remove, &removes);
	most = most / 2 + removes + 1;
	s->changes = arena_zalloc(s->arena, most * sizeof(*s->changes));
	s->entries = arena_zalloc(s->arena, most * sizeof(*s->entries));
	while (list_next(&set, &name) && list_next(&set, &value)) {
		if (value.n > rules.size)
			return why_never(w, "3.4", "The value is too long");
		s->changes[s->n++] = (struct attribute){ name, value };
	}
	while (list_next(&remove, &name))
		s->changes[s->n++] = (struct attribute){ name, { NULL, 0 } };
	for (size_t i = 0; i < s->n; i++) {
		s->entries[i] = s->changes[i].name;
		if (!change_entry(s, &s->changes[i], w))
			return false;
	}
	return true;
}

/* Values of this user, and octets that others than the owner have. */
struct counting {
	const struct setting *s;
	struct str owner;	/* prefix of what the owner keeps private */
	struct str mine;
	bool after;		/* those that change are counted by themselves */
	size_t values, others;
};

static bool
is_changed(const struct setting *s, struct view name)
{
	for (size_t i = 0; i < s->n; i++)
		if (view_eq(s->changes[i].name, name))
			return true;
	return false;
}

static bool
count_value(void *arg, struct view name, struct view value)
{
	struct counting *c = arg;

	if (c->after && is_changed(c->s, name))
		return true;
	c->values += view_starts(name, VIEW_LIT("shared/")) ||
	    view_starts(name, str_view(&c->mine));
	if (view_starts(name, VIEW_LIT("private/")) &&
	    !view_starts(name, str_view(&c->owner)))
		c->others += name.n + value.n;
	return true;
}

static void
count(struct counting *c, const struct setting *s, bool after)
{
	const struct access *a = s->a;

	*c = (struct counting){ .s = s, .after = after };
	private_prefix(a, a->user, &c->mine);
	private_prefix(a, a->owner, &c->owner);
	attributes_each(a->owner, a->name, VIEW_NONE, count_value, c);
	c->after = false;
	for (size_t i = 0; after && i < s->n; i++)
		if (s->changes[i].value.p != NULL)
			count_value(c, s->changes[i].name, s->changes[i].value);
	str_free(&c->mine);
	str_free(&c->owner);
}

/* What gets less is fine, however much it is. */
static bool
is_room(const struct setting *s, struct why *w)
{
	struct counting before, after;

	count(&before, s, false);
	count(&after, s, true);
	if ((after.values <= before.values || after.values <= rules.entries) &&
	    (after.others <= before.others || after.others <= ROOM_OTHERS))
		return true;
	return why_never(w, "5.3", "There are too many entries");
}

/* Others are told of what all see, of his own only the user himself. */
static void
tell(struct request *r, const struct setting *s)
{
	const struct access *a = s->a;
	struct watch_change c = { .what = is_server(a) ?
		    WATCH_SERVER_METADATA : WATCH_METADATA,
		.session = r->m.metadata_set.session, .name = a->name };

	for (size_t i = 0; i < s->n; i++) {
		c.old = s->entries[i];
		if (view_starts(c.old, VIEW_LIT(SHARED))) {
			watch_metadata(r, a->owner, &c);
			continue;
		}
		c.name = r->m.metadata_set.mailbox;
		watch_change(r, a->user, &c);
		c.name = a->name;
	}
}

static void
set_locked(struct request *r, const struct access *a, struct why *w)
{
	struct setting s = { .a = a, .arena = &r->arena };

	if (!read_changes(&s, &r->m.metadata_set, w) || !needs(a, s.more, w) ||
	    !is_room(&s, w) ||
	    !attributes_set(a->owner, a->name, s.changes, s.n, w))
		return;
	tell(r, &s);
	why_done(w, "0.0", "Noted");
}

/* Rights are asked for again under the lock, as they may have gone. */
bool
metadata_set(struct request *r, struct why *w)
{
	const struct msg_metadata_set *m = &r->m.metadata_set;
	struct account_lock *l;
	struct access a;
	struct mailbox *mb;

	if (!access_find(r, m->session, m->mailbox, &a, w) ||
	    !needs(&a, 0, w))
		return false;
	/* an INBOX that nobody has used yet is made by this */
	mb = mailbox_get(a.owner, a.name, w);
	if (mb == NULL)
		return false;
	l = account_lock(a.owner);
	if (is_server(&a) || access_still(&a, RIGHT_LOOKUP, w))
		set_locked(r, &a, w);
	account_unlock(l);
	mailbox_unref(mb);
	return false;
}
