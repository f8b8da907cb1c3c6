/* SPDX-License-Identifier: ISC */
/*
 * mailbox - the cache: finding, keeping, giving back
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/durable.h"
#include "store/event.h"
#include "store/mailbox.h"
#include "store/maildir.h"
#include "store/quota.h"
#include "store/seen.h"

#define BUCKETS	   8192
#define WORKING_MS 60000 /* after that long at rest: no unknown names */

LIST_HEAD(mailbox_bucket, mailbox);
TAILQ_HEAD(mailbox_list, mailbox);

static struct mailbox_bucket buckets[BUCKETS];
static struct mailbox_list used_list = TAILQ_HEAD_INITIALIZER(used_list);
static struct mailbox_list changed_list = TAILQ_HEAD_INITIALIZER(changed_list);
static unsigned count, most = 1000;

static struct mailbox_bucket *
bucket(struct view user, struct view name)
{
	uint32_t h = view_hash(view_hash(VIEW_HASH, user), name);

	return &buckets[h % BUCKETS];
}

void
mailbox_begin(unsigned limit)
{
	most = limit;
}

struct mailbox *
mailbox_find(struct view user, struct view name)
{
	struct mailbox *mb;

	name = place_canonical(name);
	LIST_FOREACH (mb, bucket(user, name), hashed)
		if (view_is(user, mb->user) && view_is(name, mb->name))
			return mb;
	return NULL;
}

struct mailbox *
mailbox_peek(struct view user, struct view name)
{
	struct mailbox *mb = mailbox_find(user, name);

	if (mb == NULL || !mb->ready)
		return NULL;
	TAILQ_REMOVE(&used_list, mb, used);
	TAILQ_INSERT_TAIL(&used_list, mb, used);
	mb->last_use = clock_ms();
	return mb;
}

static void
drop(struct mailbox *mb)
{
	must(mb->refs == 0 && LIST_EMPTY(&mb->handles) && !mb->is_lagging);
	if (mb->is_changed) {
		index_put_header(view_of(mb->user), view_of(mb->name), &mb->h);
		TAILQ_REMOVE(&changed_list, mb, changed);
	}
	LIST_REMOVE(mb, hashed);
	TAILQ_REMOVE(&used_list, mb, used);
	count--;
	if (mb->cur >= 0)
		close(mb->cur);
	if (mb->snapshot >= 0)
		close(mb->snapshot);
	if (mb->uidls >= 0)
		close(mb->uidls);
	records_free(&mb->records);
	seen_end(mb);
	str_free(&mb->h.keywords);
	quota_unref(mb->quota);
	free(mb->user);
	free(mb->name);
	free(mb->cur_path);
	free(mb);
}

/* Its names are all in rows now and on disk, and those rows are older than this
 * write. */
static void
rest(struct mailbox *mb)
{
	struct kv_key key = index_key_number(mb->h.mailbox);

	if (!mb->working || mb->renamed || mb->sweeping || mb->stale ||
	    mb->deleted)
		return;
	index_delete(INDEX_WORKING, &key);
	mb->working = false;
}

static void
names_synced(void *arg, bool ok)
{
	struct mailbox *mb = arg;

	mb->renamed = mb->renamed || !ok;
	mailbox_unref(mb);
}

/* Old names that come back after a power cut are told by the note only. */
static void
sync_names(struct mailbox *mb)
{
	mailbox_ref(mb);
	mb->renamed = false;
	durable_dir(mb->cur, &mb->cur_mark);
	durable_names(names_synced, mb);
}

static bool
at_rest(const struct mailbox *mb)
{
	return mb->refs == 0 && mb->busy == 0 && !mb->is_lagging &&
	       durable_reached(mb->write_mark);
}

static void
make_room(void)
{
	struct mailbox *mb, *next;

	for (mb = TAILQ_FIRST(&used_list); mb != NULL && count >= most;
	     mb = next) {
		next = TAILQ_NEXT(mb, used);
		if (at_rest(mb)) {
			rest(mb);
			drop(mb);
		}
	}
}

struct mailbox *
mailbox_new(struct view user, struct view name)
{
	struct mailbox *mb = xcalloc(1, sizeof(*mb));
	struct str path = { 0 }, folder = { 0 };

	make_room();
	name = place_canonical(name);
	str_add(&path, user);
	mb->user = xstrdup(path.p);
	mb->quota = quota_ref(user);
	str_reset(&path);
	str_add(&path, name);
	mb->name = xstrdup(path.p);
	str_reset(&path);
	if (!place_folder(name, &folder) ||
	    !maildir_path(&path, user, str_view(&folder), "cur"))
		str_reset(&path);
	mb->cur_path = xstrdup(str_c(&path));
	str_free(&path);
	str_free(&folder);
	mb->cur = mb->snapshot = mb->uidls = -1;
	LIST_INIT(&mb->handles);
	LIST_INIT(&mb->readers);
	LIST_INSERT_HEAD(bucket(user, name), mb, hashed);
	TAILQ_INSERT_TAIL(&used_list, mb, used);
	mb->last_use = clock_ms();
	count++;
	return mb;
}

void
mailbox_path(const struct mailbox *mb, struct str *out)
{
	str_addn(out, mb->cur_path, strlen(mb->cur_path) - strlen("/cur"));
}

void
mailbox_ref(struct mailbox *mb)
{
	mb->refs++;
	mb->last_use = clock_ms();
}

void
mailbox_unref(struct mailbox *mb)
{
	must(mb->refs > 0);
	if (--mb->refs == 0 && (mb->stale || mb->deleted) && !mb->is_lagging)
		drop(mb);
}

bool
mailbox_usable(struct mailbox *mb, struct why *w)
{
	while (!mb->ready && !mb->stale && !mb->deleted)
		fiber_queue_wait(&mb->waiting, DEADLINE_NEVER);
	if (mb->deleted)
		return why_never(w, "2.1", "The mailbox has been deleted");
	if (mb->stale)
		return why_later(w, "3.0", "The mailbox is being restored");
	return true;
}

bool
mailbox_seize(struct mailbox *mb, struct why *w)
{
	do {
		if (!mailbox_usable(mb, w))
			return false;
		mb->ready = false;
		while (mb->busy > 0 && !mb->stale)
			fiber_sleep(1);
		if (!mb->stale && !mb->deleted)
			return true;
		mailbox_ready(mb);
	} while (true);
}

void
mailbox_ready(struct mailbox *mb)
{
	mb->ready = true;
	fiber_queue_wake_all(&mb->waiting);
}

bool
mailbox_working(struct mailbox *mb)
{
	struct kv_key key = index_key_number(mb->h.mailbox);

	if (!mb->working) {
		struct kv_key name =
		    index_key_mailbox(view_of(mb->user), view_of(mb->name));

		index_put(INDEX_WORKING, &key, kv_key_view(&name));
		mb->working = true;
		mb->working_mark = durable_mark();
	}
	return durable_reached(mb->working_mark);
}

void
mailbox_touch(struct mailbox *mb)
{
	mb->write_mark = durable_mark();
	mb->last_use = clock_ms();
	if (mb->is_changed || mb->stale || mb->deleted)
		return;
	mb->is_changed = true;
	TAILQ_INSERT_TAIL(&changed_list, mb, changed);
}

void
mailbox_write_headers(void)
{
	struct mailbox *mb;

	while ((mb = TAILQ_FIRST(&changed_list)) != NULL) {
		TAILQ_REMOVE(&changed_list, mb, changed);
		mb->is_changed = false;
		if (!mb->stale && !mb->deleted)
			index_put_header(
			    view_of(mb->user), view_of(mb->name), &mb->h);
	}
}

/* Out of the way of the one that will take its place; sessions are told. */
static void
retire(struct mailbox *mb)
{
	if (mb->is_changed)
		TAILQ_REMOVE(&changed_list, mb, changed);
	mb->is_changed = false;
	LIST_REMOVE(mb, hashed);
	LIST_INSERT_HEAD(&buckets[0], mb, hashed);
	mb->name[0] = '\0';
	fiber_queue_wake_all(&mb->waiting);
	quota_forget(mb->quota);
	mailbox_ref(mb);
	event_deleted(mb);
	mailbox_unref(mb);
}

void
mailbox_stale(struct mailbox *mb)
{
	mb->stale = true;
	retire(mb);
}

void
mailbox_deleted(struct mailbox *mb)
{
	mb->deleted = true;
	retire(mb);
}

void
mailbox_all_stale(void)
{
	struct mailbox *mb, *next;

	for (mb = TAILQ_FIRST(&used_list); mb != NULL; mb = next) {
		next = TAILQ_NEXT(mb, used);
		if (!mb->stale && !mb->deleted)
			mailbox_stale(mb);
	}
	quota_forget_all();
}

void
mailbox_tidy(int64_t older_than)
{
	struct mailbox *mb, *next;
	int64_t now = clock_ms();

	for (mb = TAILQ_FIRST(&used_list); mb != NULL; mb = next) {
		next = TAILQ_NEXT(mb, used);
		if (!at_rest(mb) || mb->last_use > older_than)
			continue;
		if (mb->working && now - mb->last_use >= WORKING_MS) {
			rest(mb);
			if (mb->renamed)
				sync_names(mb);
		}
		if (mb->loaded) {
			records_free(&mb->records);
			mb->loaded = false;
		}
		if (mb->snapshot >= 0)
			close(mb->snapshot);
		mb->snapshot = -1;
	}
}

void
mailbox_end(void)
{
	struct mailbox *mb;

	TAILQ_FOREACH (mb, &used_list, used) {
		if (mb->renamed)
			mb->renamed = fsync(mb->cur) < 0;
		if (mb->busy == 0 && !mb->is_lagging)
			rest(mb);
	}
	mailbox_write_headers();
}

void
mailbox_file_name(const struct entry *e, struct str *out)
{
	struct place_message m = { .kind = (enum place_kind)e->kind,
		.number = e->number,
		.content = e->r.content,
		.size = e->r.size,
		.uid = e->r.uid,
		.letters = e->letters };

	place_write(out, &m, index_host());
}
