/* SPDX-License-Identifier: ISC */
/*
 * account - locks, names and notes of users
 */
#include <stdlib.h>
#include <string.h>

#include <bsd/sys/queue.h>

#include "store/account.h"
#include "store/acl.h"
#include "store/load.h"
#include "store/maildir.h"

struct account_lock {
	LIST_ENTRY(account_lock) all;
	struct view user;
	struct fiber_queue waiting;
	unsigned users;
	bool taken;
};
static LIST_HEAD(, account_lock) locks = LIST_HEAD_INITIALIZER(locks);

static struct account_lock *
lock_find(struct view user)
{
	struct account_lock *l;

	LIST_FOREACH (l, &locks, all)
		if (view_eq(l->user, user))
			return l;
	return NULL;
}

struct account_lock *
account_lock(struct view user)
{
	struct account_lock *l = lock_find(user);

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

bool
account_is_locked(struct view user)
{
	return lock_find(user) != NULL;
}

void
account_unlock(struct account_lock *l)
{
	l->taken = false;
	fiber_queue_wake(&l->waiting);
	if (--l->users > 0)
		return;
	LIST_REMOVE(l, all);
	free((void *)(uintptr_t)l->user.p);
	free(l);
}

/* A note that outlived its renaming keeps nobody from his mail. */
bool
account_is_renaming(struct view user, struct view name)
{
	while (account_is_locked(user)) {
		struct kv_key key = index_key_folder(user, 'R', name);
		size_t slash = view_rfind(name, '/');
		struct view to;

		if (!key.full && index_get(INDEX_FOLDERS, &key, &to) ==
		    KV_FOUND)
			return true;
		if (slash >= name.n)
			return false;
		name.n = slash;
	}
	return false;
}

bool
account_exists(struct view user, struct view name)
{
	struct header h = { 0 };
	enum kv_result r = index_header(user, place_canonical(name), &h);

	str_free(&h.keywords);
	return r == KV_FOUND;
}

static bool
names_take(void *arg, struct view key, struct view value UNUSED)
{
	struct account_names *n = arg;
	struct view name = view_skip(key, n->user);

	if (n->prefix.n > 0 && !view_eq(name, n->prefix) &&
	    !(view_starts(name, n->prefix) && name.p[n->prefix.n] == '/'))
		return true;
	list_put(&n->list, name);
	n->n++;
	return true;
}

/* Names in order: all, or prefix and what is below it. */
bool
account_names(struct view user, struct view prefix, struct account_names *n)
{
	struct kv_key key = index_key_user(user);

	*n = (struct account_names){ .prefix = prefix, .user = key.n };
	return index_each(INDEX_MAILBOX, &key, names_take, n) == KV_NONE;
}

/* "<user's directory>" and the folder of a name in it. */
bool
account_paths(
    struct view user, struct view name, struct str *path, struct str *folder)
{
	return maildir_path(path, user, VIEW_NONE, "") &&
	       place_folder(name, folder);
}

void
account_note(struct view user, char kind, struct view name, const char *value)
{
	struct kv_key key = index_key_folder(user, kind, name);

	if (value != NULL)
		index_put(INDEX_FOLDERS, &key, view_of(value));
	else
		index_delete(INDEX_FOLDERS, &key);
}

/* Run f under the user's lock with his mailboxes known. */
bool
account_work(struct request *r, uint64_t session,
    bool (*f)(struct request *, struct view user, struct why *), struct why *w)
{
	const char *name = request_user(r, session, w);
	struct view user = view_of(name ? name : "");
	struct account_lock *l;
	bool ok;

	if (name == NULL || !mailbox_know_user(user, w))
		return false;
	l = account_lock(user);
	ok = f(r, user, w);
	account_unlock(l);
	return ok;
}

/* Rights are asked for once more, with the lock that changes of them take. */
bool
account_work_on(struct request *r, uint64_t session, struct view name,
    bool (*f)(struct request *, const struct access *, struct why *),
    struct why *w)
{
	struct account_lock *l;
	struct access a;
	bool ok;

	if (!access_find(r, session, name, &a, w))
		return false;
	l = account_lock(a.owner);
	a.rights = acl_rights(a.owner, a.name, a.user);
	ok = f(r, &a, w);
	account_unlock(l);
	return ok;
}
