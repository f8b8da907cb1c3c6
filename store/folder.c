/* SPDX-License-Identifier: ISC */
/*
 * folder - making and removing mailboxes, and what a crash left undone
 *
 * Rows in INDEX_FOLDERS, by letter: D a directory that has to go out of the
 * way (value: its name in the trash), T trash that has to be removed, R a
 * renaming (value: the new name), A attributes whose file may be newer.
 */
#include <stdio.h>

#include "lib/base/log.h"
#include "lib/mail/uses.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/attributes.h"
#include "store/cache.h"
#include "store/folder.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/shares.h"
#include "store/watch.h"

/* posthouse-mailbox of a mailbox that is for this. */
static void
uses_text(uint32_t uses, struct str *out)
{
	struct attribute use = { .name = VIEW_LIT("use") };
	struct str words = { 0 };

	if (uses == 0)
		return;
	uses_put(&words, uses);
	use.value = str_view(&words);
	attributes_text_edit(VIEW_NONE, &use, 1, out);
	str_free(&words);
}

bool
folder_make(struct view user, struct view name, uint32_t uses, struct why *w)
{
	struct header h = { .uidnext = 1, .first_recent = 1 };
	struct str path = { 0 }, folder = { 0 }, text = { 0 };
	struct maildir_create c = { 0 };
	bool ok = place_folder(name, &folder) && folder.n > 0 &&
		  maildir_path(&path, user, str_view(&folder), "");

	if (ok) {
		h.mailbox = index_mailbox_new();
		h.uidvalidity = c.uidvalidity = mailbox_uidvalidity(user);
		c.path = path.p;
		uses_text(uses, &text);
		c.attributes = str_view(&text);
		pool_call(maildir_create_run, &c);
	}
	str_free(&path);
	str_free(&folder);
	str_free(&text);
	if (!ok)
		return why_never(w, "2.0", "Not a valid name of a mailbox");
	if (c.error != 0)
		return trouble_errno(w, "Making a mailbox", c.error);
	index_put_header(user, name, &h); /* whatever is in it: not known */
	attributes_adopt(user, name);
	return request_safe(w) || request_unfinished(w);
}

bool
folder_may_make(struct view user, struct view name, struct why *w)
{
	struct kv_key old = index_key_folder(user, 'D', name);
	struct account_names all;
	struct view v;
	bool ok;

	if (!old.full && index_get(INDEX_FOLDERS, &old, &v) == KV_FOUND)
		return why_later(w, "3.0", "The old mailbox is being removed");
	if (account_exists(user, name) ||
	    view_is(place_canonical(name), "INBOX"))
		return why_never(w, "2.4", "There is such a mailbox already");
	ok = account_names(user, VIEW_NONE, &all) && all.n < ACCOUNT_MAILBOXES;
	str_free(&all.list);
	return ok || why_never(w, "2.2", "There are too many mailboxes");
}

static bool
create_locked(struct request *r, const struct access *a, struct why *w)
{
	const struct msg_mailbox_create *m = &r->m.mailbox_create;
	struct message reply = { .type = MSG_mailbox_created };
	struct header h = { 0 };
	struct str id = { 0 };

	if (!trouble_space(w) || !access_may_make(a, w) ||
	    !folder_may_make(a->owner, a->name, w) ||
	    !folder_make(a->owner, a->name, m->uses & USES_SETTABLE, w) ||
	    !acl_inherit(a->owner, a->name, w))
		return false;
	watch_made_or_gone(r, a->owner, &(struct watch_change){
	    .what = WATCH_NAME, .name = a->name, .session = m->session },
	    VIEW_NONE);
	if (index_header(a->owner, a->name, &h) == KV_FOUND)
		attributes_id(a->owner, a->name, &h, &id);
	reply.mailbox_created.id = str_view(&id);
	request_reply(r, &reply);
	str_free(&h.keywords);
	str_free(&id);
	return true;
}

bool
folder_create(struct request *r, struct why *w)
{
	const struct msg_mailbox_create *m = &r->m.mailbox_create;

	return account_work_on(r, m->session, m->mailbox, create_locked, w);
}

/*
 * Removing
 */

/* Out of the way; then its name is free. */
static bool
move_away(struct view user, struct view name, const char *trash, struct why *w)
{
	struct str path = { 0 }, folder = { 0 }, names = { 0 };
	struct maildir_move m = { 0 };

	account_paths(user, name, &path, &folder);
	list_put(&names, str_view(&folder));
	list_put(&names, view_of(trash));
	m.path = path.p;
	m.names = str_view(&names);
	pool_call(maildir_move_run, &m);
	str_free(&path);
	str_free(&names);
	str_free(&folder);
	if (m.error != 0)
		return trouble_errno(w, "Removing a mailbox", m.error);
	account_note(user, 'D', name, NULL);
	return true;
}

static void
remove_trash(struct view user, const char *trash)
{
	struct str path = { 0 };
	struct maildir_remove m = { .name = trash };

	maildir_path(&path, user, VIEW_NONE, "");
	m.path = path.p;
	pool_call(maildir_remove_run, &m);
	str_free(&path);
	if (m.error == 0)
		account_note(user, 'T', view_of(trash), NULL);
}

/* It is seized, and loses its own name here. */
static bool
remove_mailbox(struct mailbox *mb, struct view name, const char *trash,
    struct why *w)
{
	struct view user = view_of(mb->user);
	struct kv_key row = index_key_mailbox(user, name);

	index_delete(INDEX_MAILBOX, &row);
	shares_gone(user, name, mb->h.mailbox);
	index_forget(mb->h.mailbox);
	cache_drop(mb->h.mailbox);
	account_note(user, 'D', name, trash);
	account_note(user, 'T', view_of(trash), "");
	mailbox_deleted(mb);
	return (request_safe(w) && move_away(user, name, trash, w)) ||
	       request_unfinished(w);
}

static bool
delete_locked(struct request *r, const struct access *a, struct why *w)
{
	struct view user = a->owner, name = a->name;
	struct str onlookers = { 0 };
	struct mailbox *mb;
	char trash[40];
	bool ok;

	if (!access_needs(a, RIGHT_REMOVE, w))
		return false;
	if (view_is(place_canonical(name), "INBOX"))
		return why_never(w, "2.0", "INBOX cannot be removed");
	mb = mailbox_get(user, name, w);
	if (mb == NULL)
		return false;
	snprintf(trash, sizeof(trash), MAILDIR_TRASH "%u", mb->h.mailbox);
	ok = mailbox_seize(mb, w);
	if (ok) {
		watch_onlookers(user, name, &onlookers);
		ok = remove_mailbox(mb, name, trash, w);
	}
	mailbox_unref(mb);
	if (ok)
		watch_made_or_gone(r, user, &(struct watch_change){
		    .what = WATCH_NAME, .name = name,
		    .session = r->m.mailbox_delete.session },
		    str_view(&onlookers));
	str_free(&onlookers);
	if (!ok)
		return false;
	why_done(w, "0.0", "Removed");
	if (r->link->channel != NULL)
		channel_answer(r->link->channel, r->tag, w);
	remove_trash(user, trash);
	return true;
}

bool
folder_delete(struct request *r, struct why *w)
{
	const struct msg_mailbox_delete *m = &r->m.mailbox_delete;

	return account_work_on(r, m->session, m->mailbox, delete_locked, w);
}

/*
 * After a crash
 */

struct notes {
	struct str list; /* kind and name, value */
	size_t user;
};

static bool
notes_take(void *arg, struct view key, struct view value)
{
	struct notes *n = arg;

	list_put(&n->list, view_skip(key, n->user));
	list_put(&n->list, value);
	return true;
}

/* What fails stays noted for the next time and keeps nobody from his mail. */
static void
recover_one(struct view user, struct view what, struct view value)
{
	struct view name = view_skip(what, 1);
	struct str text = { 0 };
	struct why w = { 0 };
	bool ok = true;

	str_add(&text, what.p[0] == 'T' ? name : value);
	if (what.p[0] == 'R')
		ok = folder_rename_all(user, name, value, &w);
	else if (what.p[0] == 'D' && !account_exists(user, name))
		ok = move_away(user, name, text.p, &w);
	else if (what.p[0] == 'D')
		account_note(user, 'D', name, NULL); /* made again since */
	else if (what.p[0] == 'T')
		remove_trash(user, text.p);
	else if (what.p[0] == 'A') {
		attributes_adopt(user, name);
		account_note(user, 'A', name, NULL);
	}
	if (!ok)
		log_warning("store",
		    "not-finished user=%s what=%s reason=\"%s\"",
		    log_quote(user), log_quote(what), w.text);
	str_free(&text);
}

bool
folder_recover(struct view user, struct why *w)
{
	struct kv_key key = index_key_user(user);
	struct notes n = { .user = key.n };
	struct view rest, what, value;
	struct account_lock *l;

	if (account_is_locked(user))
		return true;
	if (index_each(INDEX_FOLDERS, &key, notes_take, &n) != KV_NONE) {
		index_why(w);
		str_free(&n.list);
		return false;
	}
	if (n.list.n == 0)
		return true;
	l = account_lock(user);
	rest = str_view(&n.list);
	while (list_next(&rest, &what) && list_next(&rest, &value))
		if (what.n > 1)
			recover_one(user, what, value);
	account_unlock(l);
	str_free(&n.list);
	return true;
}
