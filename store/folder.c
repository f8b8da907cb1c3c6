/* SPDX-License-Identifier: ISC */
/*
 * folder - a user's mailboxes as a whole
 *
 * Rows in INDEX_FOLDERS, by letter: D a directory that has to go out of the
 * way (value: its name in the trash), T trash that has to be removed, R a
 * renaming (value: the new name).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/file.h"
#include "lib/proc/pool.h"
#include "store/durable.h"
#include "store/folder.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/modify.h"

#define MAILBOXES_MOST	2000	/* of one user: they fit into one message */

/*
 * One at a time
 */

struct lock {
	LIST_ENTRY(lock) all;
	struct view user;
	struct fiber_queue waiting;
	unsigned users;
	bool taken;
};
static LIST_HEAD(, lock) locks = LIST_HEAD_INITIALIZER(locks);

static struct lock *
lock_find(struct view user)
{
	struct lock *l;

	LIST_FOREACH(l, &locks, all)
		if (view_eq(l->user, user))
			return l;
	return NULL;
}

static struct lock *
lock_take(struct view user)
{
	struct lock *l = lock_find(user);

	if (l == NULL) {
		char *copy = xmalloc(user.n);

		l = xcalloc(1, sizeof(*l));
		memcpy(copy, user.p, user.n);
		l->user = view_bytes(copy, user.n);
		LIST_INSERT_HEAD(&locks, l, all);
	}
	l->users++;
	while (l->taken)
		fiber_queue_wait(&l->waiting, DEADLINE_NEVER);
	l->taken = true;
	return l;
}

static void
lock_give(struct lock *l)
{
	l->taken = false;
	fiber_queue_wake(&l->waiting);
	if (--l->users > 0)
		return;
	LIST_REMOVE(l, all);
	free((void *)(uintptr_t)l->user.p);
	free(l);
}

/*
 * Small helps
 */

static bool
exists(struct view user, struct view name)
{
	struct header h = { 0 };
	enum kv_result r = index_header(user, place_canonical(name), &h);

	str_free(&h.keywords);
	return r == KV_FOUND;
}

static bool
wait_safe(struct why *w)
{
	if (durable_index_wait())
		return true;
	index_why(w);
	return false;
}

struct names {
	struct str list;
	size_t n;
	struct view prefix;	/* of names wanted: it, or below it */
	size_t user;		/* octets of the key in front */
};

static bool
names_take(void *arg, struct view key, struct view value UNUSED)
{
	struct names *n = arg;
	struct view name = view_skip(key, n->user);

	if (n->prefix.n > 0 && !view_eq(name, n->prefix) &&
	    !(view_starts(name, n->prefix) && name.p[n->prefix.n] == '/'))
		return true;
	list_put(&n->list, name);
	n->n++;
	return true;
}

/* Names in order: all, or prefix and what is below it. */
static bool
names_of(struct view user, struct view prefix, struct names *n)
{
	struct kv_key key = index_key_user(user);

	*n = (struct names){ .prefix = prefix, .user = key.n };
	return index_each(INDEX_MAILBOX, &key, names_take, n) == KV_NONE;
}

/* "<user's directory>" and the folder of a name in it. */
static bool
paths(struct view user, struct view name, struct str *path, struct str *folder)
{
	return maildir_path(path, user, VIEW_NONE, "") &&
	    place_folder(name, folder);
}

/*
 * Creating
 */

static bool
create(struct view user, struct view name, struct why *w)
{
	struct header h = { .uidnext = 1, .first_recent = 1 };
	struct str path = { 0 }, folder = { 0 };
	struct maildir_create c = { 0 };
	bool ok = place_folder(name, &folder) && folder.n > 0 &&
	    maildir_path(&path, user, str_view(&folder), "");

	if (ok) {
		h.mailbox = index_mailbox_new();
		h.uidvalidity = c.uidvalidity = mailbox_uidvalidity(user);
		c.path = path.p;
		pool_call(maildir_create_run, &c);
	}
	str_free(&path);
	str_free(&folder);
	if (!ok)
		return why_never(w, "2.0", "Not a valid name of a mailbox");
	if (c.error != 0)
		return trouble_errno(w, "Making a mailbox", c.error);
	index_put_header(user, name, &h);	/* whatever is in it: not known */
	return wait_safe(w);
}

static bool
may_create(struct view user, struct view name, struct why *w)
{
	struct names all;
	bool ok;

	if (exists(user, name) || view_is(place_canonical(name), "INBOX"))
		return why_never(w, "2.0", "There is such a mailbox already");
	ok = names_of(user, VIEW_NONE, &all) && all.n < MAILBOXES_MOST;
	str_free(&all.list);
	return ok || why_never(w, "2.2", "There are too many mailboxes");
}

/* Run f under the user's lock with his mailboxes known. */
static bool
with_user(struct request *r, uint64_t session,
    bool (*f)(struct request *, struct view user, struct why *), struct why *w)
{
	const char *name = request_user(r, session, w);
	struct view user = view_of(name ? name : "");
	struct lock *l;
	bool ok;

	if (name == NULL || !mailbox_know_user(user, w))
		return false;
	l = lock_take(user);
	ok = f(r, user, w);
	lock_give(l);
	return ok;
}

static bool
create_locked(struct request *r, struct view user, struct why *w)
{
	struct view name = r->m.mailbox_create.mailbox;

	if (trouble_space(w) && may_create(user, name, w) &&
	    create(user, name, w))
		why_done(w, "0.0", "Created");
	return false;
}

bool
folder_create(struct request *r, struct why *w)
{
	return with_user(r, r->m.mailbox_create.session, create_locked, w);
}

/*
 * Removing
 */

static void
note(struct view user, char kind, struct view name, const char *value)
{
	struct kv_key key = index_key_folder(user, kind, name);

	if (value != NULL)
		index_put(INDEX_FOLDERS, &key, view_of(value));
	else
		index_delete(INDEX_FOLDERS, &key);
}

/* Out of the way; then its name is free. */
static bool
move_away(struct view user, struct view name, const char *trash, struct why *w)
{
	struct str path = { 0 }, folder = { 0 };
	struct maildir_move m = { .to = trash };

	paths(user, name, &path, &folder);
	m.path = path.p;
	m.from = str_c(&folder);
	pool_call(maildir_move_run, &m);
	str_free(&path);
	str_free(&folder);
	if (m.error != 0)
		return trouble_errno(w, "Removing a mailbox", m.error);
	note(user, 'D', name, NULL);
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
		note(user, 'T', view_of(trash), NULL);
}

static bool
remove_mailbox(struct mailbox *mb, struct view name, char *trash, struct why *w)
{
	struct view user = view_of(mb->user);
	struct kv_key row = index_key_mailbox(user, name);
	bool ok;

	if (!mailbox_seize(mb, w))
		return false;
	index_delete(INDEX_MAILBOX, &row);
	index_forget(mb->h.mailbox);
	note(user, 'D', name, trash);
	note(user, 'T', view_of(trash), "");
	mailbox_deleted(mb);
	ok = wait_safe(w);
	return ok && move_away(user, name, trash, w);
}

static bool
delete_locked(struct request *r, struct view user, struct why *w)
{
	struct view name = r->m.mailbox_delete.mailbox;
	struct mailbox *mb;
	char trash[40];
	bool ok;

	if (view_is(place_canonical(name), "INBOX"))
		return why_never(w, "2.0", "INBOX cannot be removed");
	mb = mailbox_get(user, name, w);
	if (mb == NULL)
		return false;
	snprintf(trash, sizeof(trash), MAILDIR_TRASH "%u", mb->h.mailbox);
	ok = remove_mailbox(mb, name, trash, w);
	mailbox_unref(mb);
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
	return with_user(r, r->m.mailbox_delete.session, delete_locked, w);
}

/*
 * Renaming
 */

static void
new_name(struct view name, struct view from, struct view to, struct str *out)
{
	str_add(out, to);
	str_add(out, view_skip(name, from.n));
}

static bool
move_directory(struct view user, struct view name, struct view to, struct why *w)
{
	struct str path = { 0 }, old = { 0 }, new = { 0 };
	struct maildir_move m = { 0 };
	bool ok = paths(user, name, &path, &old) && place_folder(to, &new);

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

	if (index_header(user, name, &h) == KV_FOUND) {
		index_put_header(user, to, &h);
		index_delete(INDEX_MAILBOX, &old);
	}
	str_free(&h.keywords);
}

/* Directories, then rows; may be repeated after a crash. */
static bool
rename_all(struct view user, struct view from, struct view to, struct why *w)
{
	struct names all;
	struct view rest, name;
	bool ok = names_of(user, from, &all);

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
		note(user, 'R', from, NULL);
	return ok && wait_safe(w);
}

/* No new name is taken or impossible. */
static bool
may_rename(struct view user, struct view from, struct view to, struct why *w)
{
	struct names all;
	struct view rest, name;
	bool ok = names_of(user, from, &all) && all.n > 0;

	if (!ok)
		why_never(w, "2.1", "There is no such mailbox");
	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name)) {
		struct str target = { 0 }, folder = { 0 };

		new_name(name, from, to, &target);
		ok = place_folder(str_view(&target), &folder) && folder.n > 0;
		if (!ok)
			why_never(w, "2.0", "Not a valid name of a mailbox");
		else if (exists(user, str_view(&target)))
			ok = why_never(w, "2.0",
			    "There is such a mailbox already");
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
	struct names all;
	struct view rest, name;
	bool ok = names_of(user, from, &all);

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

	if (!may_create(user, to, w) || !create(user, to, w))
		return false;
	inbox = mailbox_get(user, VIEW_NONE, w);
	target = inbox ? mailbox_get(user, to, w) : NULL;
	ok = target != NULL && modify_move_all(inbox, target, w);
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
		return why_never(
		    w, "2.0", "A mailbox cannot go below itself");
	if (!may_rename(user, from, to, w) || !let_go(user, from, w))
		return false;
	str_add(&value, to);
	note(user, 'R', from, value.p);
	ok = wait_safe(w) && rename_all(user, from, to, w);
	str_free(&value);
	return ok;
}

static bool
rename_locked(struct request *r, struct view user, struct why *w)
{
	struct view from = r->m.mailbox_rename.from, to = r->m.mailbox_rename.to;
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
	return with_user(r, r->m.mailbox_rename.session, rename_locked, w);
}

/*
 * After a crash
 */

struct notes {
	struct str list;	/* kind and name, value */
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

static bool
recover_one(struct view user, struct view what, struct view value, struct why *w)
{
	struct view name = view_skip(what, 1);
	struct str text = { 0 };
	bool ok = true;

	str_add(&text, what.p[0] == 'T' ? name : value);
	if (what.p[0] == 'R')
		ok = rename_all(user, name, value, w);
	else if (what.p[0] == 'D' && !exists(user, name))
		ok = move_away(user, name, text.p, w);
	else if (what.p[0] == 'D')
		note(user, 'D', name, NULL);	/* made again since */
	else if (what.p[0] == 'T')
		remove_trash(user, text.p);
	str_free(&text);
	return ok;
}

bool
folder_recover(struct view user, struct why *w)
{
	struct kv_key key = index_key_user(user);
	struct notes n = { .user = key.n };
	struct view rest, what, value;
	struct lock *l;
	bool ok;

	if (lock_find(user) != NULL)
		return true;
	if (index_each(INDEX_FOLDERS, &key, notes_take, &n) != KV_NONE) {
		index_why(w);
		str_free(&n.list);
		return false;
	}
	if (n.list.n == 0)
		return true;
	l = lock_take(user);
	ok = true;
	rest = str_view(&n.list);
	while (ok && list_next(&rest, &what) && list_next(&rest, &value))
		if (what.n > 1)
			ok = recover_one(user, what, value, w);
	lock_give(l);
	str_free(&n.list);
	return ok;
}

/*
 * Subscriptions: a text file, a name a line
 */

static bool
read_subscriptions(struct view user, struct str *text)
{
	struct str path = { 0 };
	int dir, fd;
	bool ok;

	maildir_path(&path, user, VIEW_NONE, "");
	dir = maildir_open(str_c(&path));
	str_free(&path);
	if (dir < 0)
		return maildir_missing(errno);
	fd = maildir_open_file(dir, MAILDIR_SUBSCRIPTIONS);
	ok = fd < 0 ? maildir_missing(errno) :
		      file_read_fd(fd, MAILDIR_FILE_MAX * 16, text);
	if (fd >= 0)
		close(fd);
	close(dir);
	return ok;
}

/* The lines without this name, and with it if on. */
static void
edit_subscriptions(struct view text, struct view name, bool on, struct str *out)
{
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		if (line.n == 0 || view_eq(line, name))
			continue;
		str_add(out, line);
		str_addc(out, '\n');
	}
	if (on) {
		str_add(out, name);
		str_addc(out, '\n');
	}
}

static bool
write_subscriptions(struct view user, struct view text, struct why *w)
{
	struct str path = { 0 };
	struct maildir_write m = { .name = MAILDIR_SUBSCRIPTIONS, .text = text };

	maildir_path(&path, user, VIEW_NONE, "");
	m.path = str_c(&path);
	pool_call(maildir_write_run, &m);
	str_free(&path);
	return m.error == 0 ||
	    trouble_errno(w, "Writing the subscriptions", m.error);
}

static bool
subscribe_locked(struct request *r, struct view user, struct why *w)
{
	struct view name = place_canonical(r->m.mailbox_subscribe.mailbox);
	struct str old = { 0 }, new = { 0 }, folder = { 0 };
	struct mailbox *inbox = mailbox_get(user, VIEW_NONE, w);
	bool ok = inbox != NULL;

	if (ok && !place_folder(name, &folder))
		ok = why_never(w, "2.0", "Not a valid name of a mailbox");
	if (ok && !read_subscriptions(user, &old))
		ok = trouble_errno(w, "Reading the subscriptions", errno);
	if (ok) {
		edit_subscriptions(str_view(&old), name,
		    r->m.mailbox_subscribe.on != 0, &new);
		ok = write_subscriptions(user, str_view(&new), w);
	}
	if (ok)
		why_done(w, "0.0", "Subscriptions changed");
	if (inbox != NULL)
		mailbox_unref(inbox);
	str_free(&old);
	str_free(&new);
	str_free(&folder);
	return false;
}

bool
folder_subscribe(struct request *r, struct why *w)
{
	return with_user(
	    r, r->m.mailbox_subscribe.session, subscribe_locked, w);
}

/*
 * Listing
 */

struct listed {
	struct view name;
	bool exists, subscribed;
};

static int
by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return view_cmp(x->name, y->name);
}

/* Sorted, each name once. */
static void
put_list(struct listed *l, size_t n, struct str *out)
{
	qsort(l, n, sizeof(*l), by_name);
	for (size_t i = 0; i < n; i++) {
		char letters[3] = "", *p = letters;
		bool is = l[i].exists, sub = l[i].subscribed;

		while (i + 1 < n && view_eq(l[i].name, l[i + 1].name)) {
			i++;
			is |= l[i].exists;
			sub |= l[i].subscribed;
		}
		if (is)
			*p++ = 'e';
		if (sub)
			*p++ = 's';
		list_put(out, l[i].name);
		list_put(out, view_bytes(letters, (size_t)(p - letters)));
	}
}

static void
make_list(struct names *all, struct view text, struct str *out)
{
	struct view rest = str_view(&all->list), name;
	size_t n = 0, lines = 2 + all->n;
	struct listed *l;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	l = xcalloc(lines, sizeof(*l));
	l[n++] = (struct listed){ VIEW_LIT("INBOX"), true, false };
	while (list_next(&rest, &name))
		l[n++] = (struct listed){ name, true, false };
	while (text.n > 0) {
		name = view_cut(&text, '\n');
		if (name.n > 0)
			l[n++] = (struct listed){ name, false, true };
	}
	put_list(l, n, out);
	free(l);
}

bool
folder_list(struct request *r, struct why *w)
{
	const char *name = request_user(r, r->m.mailbox_list.session, w);
	struct view user = view_of(name ? name : "");
	struct message m = { .type = MSG_mailboxes };
	struct str text = { 0 }, out = { 0 };
	struct names all = { 0 };
	bool ok = name != NULL && mailbox_know_user(user, w);

	if (ok && !names_of(user, VIEW_NONE, &all)) {
		index_why(w);
		ok = false;
	}
	if (ok && !read_subscriptions(user, &text))
		ok = trouble_errno(w, "Reading the subscriptions", errno);
	if (ok) {
		make_list(&all, str_view(&text), &out);
		m.mailboxes.names = str_view(&out);
		request_reply(r, &m);
	}
	str_free(&all.list);
	str_free(&text);
	str_free(&out);
	return ok;
}

/*
 * Making indexes again
 */

static bool
rebuild_one(struct view user, struct view name, struct why *w)
{
	struct mailbox *mb = mailbox_get(user, name, w);
	bool ok = mb != NULL && mailbox_rebuild(mb, w);

	if (mb != NULL)
		mailbox_unref(mb);
	return ok;
}

static bool
rebuild_all(struct view user, struct why *w)
{
	struct names all = { 0 };
	struct view rest, name;
	bool ok = mailbox_find_folders(user, w) &&
	    names_of(user, VIEW_NONE, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name))
		ok = rebuild_one(user, name, w);
	str_free(&all.list);
	return ok;
}

bool
folder_rebuild(struct request *r, struct why *w)
{
	const char *name = request_user(r, r->m.mailbox_rebuild.session, w);
	struct view user = view_of(name ? name : "");
	struct view mailbox = r->m.mailbox_rebuild.mailbox;

	if (name == NULL || !mailbox_know_user(user, w))
		return false;
	if (mailbox.n > 0 ? rebuild_one(user, mailbox, w) : rebuild_all(user, w))
		why_done(w, "0.0", "Made again from the files");
	return false;
}
