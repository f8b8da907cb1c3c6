/* SPDX-License-Identifier: ISC */
/*
 * load - from the index, or from the files, or from both
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/message.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/behind.h"
#include "store/compare.h"
#include "store/durable.h"
#include "store/find.h"
#include "store/folder.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/newcomer.h"
#include "store/seen.h"

uint32_t
mailbox_uidvalidity(struct view user)
{
	struct kv_key key = index_key_about("uidvalidity", user);
	uint32_t now = (uint32_t)clock_wall();
	struct view v;
	char p[4];

	if (index_get(INDEX_ABOUT, &key, &v) == KV_FOUND && v.n == 4 &&
	    kv_read_u32(v.p) >= now)
		now = kv_read_u32(v.p) + 1;
	kv_write_u32(p, now);
	index_put(INDEX_ABOUT, &key, view_bytes(p, sizeof(p)));
	return now;
}

bool
mailbox_settle(struct mailbox *mb, struct why *w)
{
	return durable_reached(mb->write_mark) || request_safe(w);
}

static bool
is_lagging(const struct mailbox *mb)
{
	for (size_t i = 0; i < mb->records.n; i++) {
		struct entry e;

		records_at(&mb->records, i, &e);
		if (e.letters != place_letters(e.r.flags, e.r.keywords))
			return true;
	}
	return false;
}

bool
mailbox_load(struct mailbox *mb, struct why *w)
{
	if (mb->loaded)
		return true;
	if (records_load(&mb->records, mb->h.mailbox) &&
	    mb->records.n == mb->h.count) {
		mb->loaded = true;
		if (is_lagging(mb))
			behind_letters(mb);
		return true;
	}
	records_free(&mb->records);
	if (!index_broken()) {
		log_error("index", "wrong user=%s mailbox=%s",
		    log_quote(view_of(mb->user)), log_quote(view_of(mb->name)));
		mb->h.known = false; /* the next who loads it makes it anew */
		mailbox_touch(mb);
		mailbox_write_headers();
		mailbox_stale(mb);
	}
	return why_later(w, "3.0", "The mailbox is being restored");
}

/*
 * The user
 */

static bool
is_name(struct view user, struct view name)
{
	struct str path = { 0 };
	bool ok = place_user(user, &path) && place_folder(name, &path);

	str_free(&path);
	return ok;
}

/* Users whom a fiber is getting to know; others who want to wait for it. */
struct meeting {
	LIST_ENTRY(meeting) next;
	struct view user;
};
static LIST_HEAD(, meeting) meetings = LIST_HEAD_INITIALIZER(meetings);
static struct fiber_queue met;

static bool
is_being_met(struct view user)
{
	struct meeting *m;

	LIST_FOREACH(m, &meetings, next)
		if (view_eq(m->user, user))
			return true;
	return false;
}

static bool
meet(struct view user, struct why *w)
{
	struct kv_key key = index_key_about("user", user);
	struct meeting m = { .user = user };
	bool ok;

	LIST_INSERT_HEAD(&meetings, &m, next);
	ok = mailbox_find_folders(user, w);
	if (ok) {
		newcomer_welcome(user);
		index_put(INDEX_ABOUT, &key, VIEW_NONE);
	}
	LIST_REMOVE(&m, next);
	fiber_queue_wake_all(&met);
	return ok;
}

bool
mailbox_know_user(struct view user, struct why *w)
{
	struct kv_key key = index_key_about("user", user);
	struct view v;
	enum kv_result r;

	if (!is_name(user, VIEW_NONE))
		return why_never(w, "1.1", "Not the name of a user");
	if (!folder_recover(user, w))
		return false;
	while (is_being_met(user))
		fiber_queue_wait(&met, DEADLINE_NEVER);
	r = index_get(INDEX_ABOUT, &key, &v);
	if (r == KV_NONE)
		return meet(user, w);
	if (r == KV_TROUBLE)
		index_why(w);
	return r != KV_TROUBLE;
}

/*
 * One mailbox
 */

static bool
make_directory(struct mailbox *mb, struct why *w)
{
	struct str path = { 0 };
	struct maildir_create c = { .uidvalidity = mb->h.uidvalidity };

	mailbox_path(mb, &path);
	c.path = path.p;
	pool_call(maildir_create_run, &c);
	str_free(&path);
	return c.error == 0 ||
	       trouble_errno(w, "Making a mailbox directory", c.error);
}

/* A row for an INBOX that nobody has made: whatever is in its directory
 * belongs to it. */
static bool
make_inbox(struct mailbox *mb, struct why *w)
{
	if (!trouble_space(w))
		return false;
	mb->h = (struct header){ .uidnext = 1, .first_recent = 1 };
	mb->h.mailbox = index_mailbox_new();
	mb->h.uidvalidity = mailbox_uidvalidity(view_of(mb->user));
	return make_directory(mb, w);
}

static bool
open_directory(struct mailbox *mb, bool *made, struct why *w)
{
	mb->cur = maildir_open(mb->cur_path);
	if (mb->cur < 0 && maildir_missing(errno)) {
		*made = true;
		if (!make_directory(mb, w))
			return false;
		mb->cur = maildir_open(mb->cur_path);
	}
	return mb->cur >= 0 || trouble_errno(w, "Opening a mailbox", errno);
}

/* What rows of old form do not tell. */
static bool
add_deleted(struct mailbox *mb, struct why *w)
{
	if (!mailbox_load(mb, w))
		return false;
	mb->h.deleted_octets = 0;
	for (size_t i = 0; i < mb->records.n; i++) {
		struct entry e;

		records_at(&mb->records, i, &e);
		if (e.r.flags & FLAG_DELETED)
			mb->h.deleted_octets += e.r.size;
	}
	mailbox_touch(mb);
	return true;
}

static bool
fill(struct mailbox *mb, struct why *w)
{
	enum kv_result r;
	bool made = false;

	if (!mailbox_know_user(view_of(mb->user), w))
		return false;
	if (account_is_renaming(view_of(mb->user), view_of(mb->name)))
		return why_later(w, "3.0", "The mailbox is being renamed");
	r = index_header(view_of(mb->user), view_of(mb->name), &mb->h);
	if (r == KV_TROUBLE) {
		index_why(w);
		return false;
	}
	if (r == KV_NONE && strcmp(mb->name, "INBOX") != 0)
		return why_never(w, "2.1", "There is no such mailbox");
	if (r == KV_NONE && !make_inbox(mb, w))
		return false;
	if (!open_directory(mb, &made, w))
		return false;
	mb->next_uid = mb->h.uidnext;
	if (!mb->h.known)
		return compare(mb, COMPARE_FILES, w);
	if (mb->h.deleted_octets == INDEX_UNKNOWN && !add_deleted(mb, w))
		return false;
	mb->working = index_has_rows(INDEX_WORKING, mb->h.mailbox);
	if ((mb->working || made) && !compare(mb, COMPARE_CRASH, w))
		return false;
	if (index_has_rows(INDEX_GONE, mb->h.mailbox))
		behind_sweep(mb);
	seen_begin(mb);
	return true;
}

static struct mailbox *
get_new(struct view user, struct view name, struct why *w)
{
	struct mailbox *mb = mailbox_new(user, name);

	mailbox_ref(mb);
	if (fill(mb, w) && !mb->stale && !mb->deleted) {
		mailbox_ready(mb);
		return mb;
	}
	if (mb->deleted)
		why_later(w, "3.0", "The mailbox is being renamed");
	else if (mb->stale)
		why_later(w, "3.0", "The mailbox is being restored");
	else
		mailbox_stale(mb);
	mailbox_unref(mb);
	return NULL;
}

struct mailbox *
mailbox_get(struct view user, struct view name, struct why *w)
{
	if (!is_name(user, name)) {
		why_never(w, "2.0", "Not a valid name of a mailbox");
		return NULL;
	}
	for (int i = 0; i < 3; i++) {
		struct mailbox *mb = mailbox_find(user, name);

		if (mb == NULL)
			return get_new(user, name, w);
		mailbox_ref(mb);
		if (mailbox_usable(mb, w))
			return mb;
		mailbox_unref(mb);
	}
	return NULL;
}

bool
mailbox_rebuild(struct mailbox *mb, struct why *w)
{
	bool ok;

	if (!mailbox_seize(mb, w))
		return false;
	ok = mailbox_load(mb, w) && compare(mb, COMPARE_REBUILD, w);
	mailbox_ready(mb);
	return ok;
}

bool
mailbox_check(struct mailbox *mb, struct differences *found, struct why *w)
{
	bool ok;

	if (!mailbox_seize(mb, w))
		return false;
	ok = compare_look(mb, found, w);
	mailbox_ready(mb);
	return ok;
}

/*
 * After a crash
 */

static unsigned recoveries;	/* under way */

static bool
working_take(void *arg, struct view key UNUSED, struct view value)
{
	list_put(arg, value);
	return true;
}

static void
recover_run(void *arg UNUSED)
{
	struct kv_key all = { .n = 0 };
	struct str list = { 0 };
	struct view rest, name;

	index_each(INDEX_WORKING, &all, working_take, &list);
	rest = str_view(&list);
	while (list_next(&rest, &name)) {
		struct view user = view_cut(&name, '\0');
		struct mailbox *mb;
		struct why w;

		if (user.n == 0 || name.n == 0)
			continue;
		mb = mailbox_get(user, name, &w);
		if (mb != NULL)
			mailbox_unref(mb);
	}
	str_free(&list);
	recoveries--;
}

void
load_begin(void)
{
	recoveries++;
	fiber_start(recover_run, NULL);
}

bool
load_is_under_way(void)
{
	return recoveries > 0;
}
