/* SPDX-License-Identifier: ISC */
/*
 * find - from the directory to rows, and each id once
 */
#include <stdlib.h>

#include "lib/proc/message.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/attributes.h"
#include "store/find.h"
#include "store/maildir.h"

struct found {
	uint64_t id;
	struct view name;	/* in the arena */
	bool is_new;		/* had no row */
};

struct finding {
	struct view user;
	struct arena arena;
	struct found *found;
	size_t n, size;
	uint32_t greatest;	/* UIDVALIDITY */
};

/* The name of a mailbox; empty: it is none. */
static struct view
name_of(struct finding *f, struct view folder)
{
	struct str name = { 0 };
	struct view v = VIEW_NONE;

	if (folder.n == 0)
		return VIEW_LIT("INBOX");
	if (place_mailbox(folder, &name))
		v = arena_view(&f->arena, str_view(&name));
	str_free(&name);
	return v;
}

static void
note(struct finding *f, uint64_t id, struct view name, bool is_new)
{
	f->found = xgrow(f->found, f->n, &f->size, sizeof(*f->found));
	f->found[f->n++] = (struct found){ id, name, is_new };
}

static void
note_folder(struct finding *f, struct view folder, uint32_t uidvalidity,
    struct view attributes)
{
	struct header h = { .uidnext = 1, .first_recent = 1 };
	struct view name = name_of(f, folder);
	enum kv_result r =
	    name.n > 0 ? index_header(f->user, name, &h) : KV_TROUBLE;

	if (r == KV_NONE) {
		h.mailbox = index_mailbox_new();
		h.uidvalidity = uidvalidity;
		index_put_header(f->user, name, &h);
		attributes_take(f->user, name, attributes);
	}
	if (r != KV_TROUBLE && uidvalidity != 0)
		note(f, attributes_id_of(f->user, uidvalidity, attributes),
		    name, r == KV_NONE);
	if (uidvalidity > f->greatest)
		f->greatest = uidvalidity;
	str_free(&h.keywords);
}

/* No UIDVALIDITY is given again, although the index forgot which were. */
static void
above_all(struct view user, uint32_t greatest)
{
	struct kv_key key = index_key_about("uidvalidity", user);
	struct view v;
	char p[4];

	if (index_get(INDEX_ABOUT, &key, &v) == KV_FOUND && v.n == 4 &&
	    kv_read_u32(v.p) >= greatest)
		return;
	kv_write_u32(p, greatest);
	index_put(INDEX_ABOUT, &key, view_bytes(p, sizeof(p)));
}

/* Of those with one id the one that was known is first. */
static int
by_id(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->is_new != y->is_new)
		return x->is_new ? 1 : -1;
	return view_cmp(x->name, y->name);
}

static bool
each_its_own(struct finding *f, struct why *w)
{
	struct account_lock *lock = NULL;
	bool ok = true;

	if (f->n > 0)
		qsort(f->found, f->n, sizeof(*f->found), by_id);
	for (size_t i = 1; ok && i < f->n; i++) {
		if (f->found[i].id != f->found[i - 1].id)
			continue;
		/* who holds the lock may be waiting for us: the next time */
		if (lock == NULL && account_is_locked(f->user))
			break;
		if (lock == NULL)
			lock = account_lock(f->user);
		ok = attributes_new_id(f->user, f->found[i].name, w);
	}
	if (lock != NULL)
		account_unlock(lock);
	return ok;
}

static void
remove_trash(const char *path, struct view list)
{
	struct view name;

	while (list_next(&list, &name)) {
		struct str text = { 0 };
		struct maildir_remove r = { .path = path };

		str_add(&text, name);
		r.name = text.p;
		pool_call(maildir_remove_run, &r);
		str_free(&text);
	}
}

static void
note_all(struct finding *f, const struct maildir_list *l)
{
	struct view rest = str_view(&l->folders),
		    validities = str_view(&l->validities),
		    attributes = str_view(&l->attributes), folder, text;
	uint32_t uidvalidity;

	while (list_next(&rest, &folder) &&
	       list_next_u32(&validities, &uidvalidity) &&
	       list_next(&attributes, &text))
		note_folder(f, folder, uidvalidity, text);
	above_all(f->user, f->greatest);
}

bool
mailbox_find_folders(struct view user, struct why *w)
{
	struct finding f = { 0 };
	struct maildir_list l = { 0 };
	struct str path = { 0 };
	bool ok;

	if (!maildir_path(&path, user, VIEW_NONE, "")) {
		str_free(&path);
		return why_never(w, "1.1", "Not the name of a user");
	}
	arena_init(&f.arena);
	f.user = arena_view(&f.arena, user);
	l.path = path.p;
	pool_call(maildir_list_run, &l);
	ok = l.error == 0 || maildir_missing(l.error) ||
	     trouble_errno(w, "Reading the user's directory", l.error);
	if (ok) {
		note_all(&f, &l);
		ok = each_its_own(&f, w);
		remove_trash(path.p, str_view(&l.trash));
	}
	maildir_list_free(&l);
	str_free(&path);
	free(f.found);
	arena_reset(&f.arena);
	return ok;
}
