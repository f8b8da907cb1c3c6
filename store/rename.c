/* SPDX-License-Identifier: ISC */
/*
 * rename - a mailbox and those below it get new names; parts of folder.h
 *
 * The intent is noted first. Directories are renamed, then all rows
 * in one transaction; until that is safe, the old names are the ones that
 * count, and a restart begins again.
 */
#include <unistd.h>

#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/attributes.h"
#include "store/copy.h"
#include "store/folder.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/shares.h"
#include "store/watch.h"

static void
new_name(struct view name, struct view from, struct view to, struct str *out)
{
	str_add(out, to);
	str_add(out, view_skip(name, from.n));
}

/* Directories of these mailboxes get the names that go with the new ones. */
static bool
move_directories(struct view user, const struct account_names *all,
    struct view from, struct view to, struct why *w)
{
	struct str path = { 0 }, names = { 0 };
	struct view rest = str_view(&all->list), name;
	struct maildir_move m = { 0 };
	bool ok = maildir_path(&path, user, VIEW_NONE, "");

	while (ok && list_next(&rest, &name)) {
		struct str target = { 0 }, old = { 0 }, new = { 0 };

		new_name(name, from, to, &target);
		ok = place_folder(name, &old) &&
		    place_folder(str_view(&target), &new);
		list_put(&names, str_view(&old));
		list_put(&names, str_view(&new));
		str_free(&target);
		str_free(&old);
		str_free(&new);
	}
	m.path = str_c(&path);
	m.names = str_view(&names);
	if (ok)
		pool_call(maildir_move_run, &m);
	str_free(&path);
	str_free(&names);
	return (ok && m.error == 0) ||
	       trouble_errno(w, "Renaming a mailbox", m.error);
}

static void
move_row(struct view user, struct view name, struct view to)
{
	struct header h = { 0 };
	struct kv_key old = index_key_mailbox(user, name);
	struct mailbox *mb = mailbox_find(user, name);

	if (mb != NULL) /* somebody was quick */
		mailbox_deleted(mb);
	if (index_header(user, name, &h) == KV_FOUND) {
		index_put_header(user, to, &h);
		index_delete(INDEX_MAILBOX, &old);
		shares_renamed(user, to, h.mailbox);
	}
	str_free(&h.keywords);
}

/* Directories, then rows; may be repeated after a crash. */
bool
folder_rename_all(
    struct view user, struct view from, struct view to, struct why *w)
{
	struct account_names all;
	struct view rest, name;
	bool ok = account_names(user, from, &all) &&
	    move_directories(user, &all, from, to, w);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name)) {
		struct str target = { 0 };

		new_name(name, from, to, &target);
		move_row(user, name, str_view(&target));
		str_free(&target);
	}
	str_free(&all.list);
	if (ok)
		account_note(user, 'R', from, NULL);
	return ok && request_safe(w);
}

/* There is a directory that no row knows: somebody else's work. */
static bool
is_directory(struct view user, struct view folder)
{
	struct str path = { 0 };
	int fd =
	    maildir_path(&path, user, folder, "") ? maildir_open(path.p) : -1;

	str_free(&path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* No new name is taken or impossible. */
static bool
may_rename(struct view user, struct view from, struct view to, struct why *w)
{
	struct account_names all;
	struct view rest, name;
	bool ok = account_names(user, from, &all) && all.n > 0;

	if (!ok)
		why_never(w, "2.1", "There is no such mailbox");
	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name)) {
		struct str target = { 0 }, folder = { 0 };

		new_name(name, from, to, &target);
		ok = place_folder(str_view(&target), &folder) && folder.n > 0;
		if (!ok)
			why_never(w, "2.0", "Not a valid name of a mailbox");
		else if (account_exists(user, str_view(&target)) ||
			 is_directory(user, str_view(&folder)))
			ok = why_never(
			    w, "2.4", "There is such a mailbox already");
		str_free(&target);
		str_free(&folder);
	}
	str_free(&all.list);
	return ok;
}

/* Nobody works on them under the old names any more. */
static bool
let_go(struct view user, struct view from, struct why *w)
{
	struct account_names all;
	struct view rest, name;
	bool ok = account_names(user, from, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name)) {
		struct mailbox *mb = mailbox_find(user, name);

		if (mb == NULL)
			continue;
		mailbox_ref(mb);
		ok = mailbox_seize(mb, w);
		if (ok) {
			mailbox_write_headers();
			mailbox_deleted(mb);
		}
		mailbox_unref(mb);
	}
	str_free(&all.list);
	return ok;
}

/* INBOX stays, with what is noted of it; the messages take a copy along
 * (RFC 5464). */
static bool
copy_metadata(struct view user, struct view to, struct why *w)
{
	return attributes_copy(user, VIEW_LIT("INBOX"), to,
		   VIEW_LIT("shared/"), w) &&
	    attributes_copy(user, VIEW_LIT("INBOX"), to, VIEW_LIT("private/"),
		w);
}

static bool
rename_inbox(struct view user, struct view to, struct why *w)
{
	struct mailbox *inbox, *target;
	bool ok;

	if (!folder_may_make(user, to, w) || !folder_make(user, to, 0, w) ||
	    !copy_metadata(user, to, w))
		return false;
	inbox = mailbox_get(user, VIEW_NONE, w);
	target = inbox ? mailbox_get(user, to, w) : NULL;
	ok = target != NULL && copy_move_all(inbox, target, w);
	if (target != NULL)
		mailbox_unref(target);
	if (inbox != NULL)
		mailbox_unref(inbox);
	return ok;
}

static bool
rename_some(struct view user, struct view from, struct view to, struct why *w)
{
	struct str value = { 0 };
	bool ok;

	if (view_starts(to, from) && (to.n == from.n || to.p[from.n] == '/'))
		return why_never(w, "2.0", "A mailbox cannot go below itself");
	if (!may_rename(user, from, to, w))
		return false;
	/* the note first: what is let go must not be opened again */
	str_add(&value, to);
	account_note(user, 'R', from, value.p);
	ok = let_go(user, from, w);
	if (!ok)
		account_note(user, 'R', from, NULL);
	ok = ok && ((request_safe(w) && folder_rename_all(user, from, to, w)) ||
	    request_unfinished(w));
	str_free(&value);
	return ok;
}

/* The owner hears of the one that was named, and no more of those below it; others
 * hear of each, as they may know one below and not that one. INBOX stays what it
 * was, so its messages are in a new mailbox and not in a renamed one. */
static void
tell_watchers(struct request *r, const struct access *from,
    const struct access *to, struct view before)
{
	bool inbox = view_is(place_canonical(from->name), "INBOX");
	struct view name;

	while (list_next(&before, &name)) {
		struct str new = { 0 };
		struct watch_change c = { .what = WATCH_NAME,
			.old = inbox ? VIEW_NONE : name,
			.session = r->m.mailbox_rename.session };

		new_name(name, inbox ? name : from->name, to->name, &new);
		c.name = str_view(&new);
		if (inbox || view_eq(name, from->name))
			watch_name(r, from->owner, &c, VIEW_NONE);
		else
			watch_onlookers_tell(r, from->owner, &c, VIEW_NONE);
		str_free(&new);
	}
}

/* What the new name means; a mailbox stays its owner's. */
static bool
may_become(struct request *r, const struct access *a, struct access *to,
    struct why *w)
{
	struct view name = r->m.mailbox_rename.to;
	uint32_t instance;

	if (!access_instance(a->user, name, &instance))
		return why_never(w, "2.0", "A mailbox stays its owner's");
	return access_of(r, a->user, name, to, w) &&
	    (view_eq(to->owner, a->owner) ||
		why_never(w, "2.0", "A mailbox stays its owner's")) &&
	    access_may_make(to, w);
}

/* Moving its messages to another mailbox empties INBOX. */
static bool
rename_locked(struct request *r, const struct access *a, struct why *w)
{
	struct view user = a->owner, from = a->name, to;
	bool is_inbox = view_is(place_canonical(from), "INBOX");
	struct account_names before = { 0 };
	struct access target;
	bool ok;

	if (!access_needs(a, is_inbox ? RIGHT_READ | RIGHT_DELETED |
		    RIGHT_EXPUNGE : RIGHT_REMOVE, w) ||
	    !may_become(r, a, &target, w))
		return false;
	to = target.name;
	if (is_inbox) {
		list_put(&before.list, VIEW_LIT("INBOX"));
		ok = rename_inbox(user, to, w);
	} else {
		account_names(user, from, &before);
		ok = rename_some(user, from, to, w);
	}
	if (ok) {
		tell_watchers(r, a, &target, str_view(&before.list));
		why_done(w, "0.0", "Renamed");
	}
	str_free(&before.list);
	return false;
}

bool
folder_rename(struct request *r, struct why *w)
{
	const struct msg_mailbox_rename *m = &r->m.mailbox_rename;

	return account_work_on(r, m->session, m->from, rename_locked, w);
}
