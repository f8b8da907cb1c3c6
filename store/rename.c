/* SPDX-License-Identifier: ISC */
/*
 * rename - a mailbox and those below it get new names; parts of folder.h
 *
 * The intent is noted first. Directories are renamed one by one, then all rows
 * in one transaction; until that is safe, the old names are the ones that
 * count, and a restart begins again.
 */
#include <unistd.h>

#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/copy.h"
#include "store/folder.h"
#include "store/load.h"
#include "store/maildir.h"

static void
new_name(struct view name, struct view from, struct view to, struct str *out)
{
	str_add(out, to);
	str_add(out, view_skip(name, from.n));
}

static bool
move_directory(
    struct view user, struct view name, struct view to, struct why *w)
{
	struct str path = { 0 }, old = { 0 }, new = { 0 };
	struct maildir_move m = { 0 };
	bool ok =
	    account_paths(user, name, &path, &old) && place_folder(to, &new);

	if (ok) {
		m.path = path.p;
		m.from = old.p;
		m.to = new.p;
		pool_call(maildir_move_run, &m);
	}
	str_free(&path);
	str_free(&old);
	str_free(&new);
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
	bool ok = account_names(user, from, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name)) {
		struct str target = { 0 };

		new_name(name, from, to, &target);
		ok = move_directory(user, name, str_view(&target), w);
		str_free(&target);
	}
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

static bool
rename_inbox(struct view user, struct view to, struct why *w)
{
	struct mailbox *inbox, *target;
	bool ok;

	if (!folder_may_make(user, to, w) || !folder_make(user, to, w))
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
	if (!may_rename(user, from, to, w) || !let_go(user, from, w))
		return false;
	str_add(&value, to);
	account_note(user, 'R', from, value.p);
	ok = request_safe(w) && folder_rename_all(user, from, to, w);
	str_free(&value);
	return ok;
}

static bool
rename_locked(struct request *r, struct view user, struct why *w)
{
	struct view from = r->m.mailbox_rename.from,
		    to = r->m.mailbox_rename.to;
	bool ok;

	if (view_is(place_canonical(from), "INBOX"))
		ok = rename_inbox(user, to, w);
	else
		ok = rename_some(user, from, to, w);
	if (ok)
		why_done(w, "0.0", "Renamed");
	return false;
}

bool
folder_rename(struct request *r, struct why *w)
{
	return account_work(r, r->m.mailbox_rename.session, rename_locked, w);
}
