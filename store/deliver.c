/* SPDX-License-Identifier: ISC */
/*
 * deliver - the hot path: for a mailbox in memory, one new name, no fiber
 *
 * A small mail has no file in the spool yet: its octets come along, and the file
 * is made here. A mailbox that is not at hand, or a spool on another file system,
 * is dealt with in a fiber; then all ways go on alike.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/record.h"
#include "lib/mail/rights.h"
#include "lib/mail/spool.h"
#include "lib/proc/pool.h"
#include "store/acl.h"
#include "store/arrival.h"
#include "store/change.h"
#include "store/deliver.h"
#include "store/durable.h"
#include "store/fresh.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/quota.h"

struct delivery {
	TAILQ_ENTRY(delivery) under_way;
	struct link *link;
	uint32_t tag;
	uint64_t mail;
	uint32_t rcpt;
	uint64_t size;
	int64_t arrival_time;
	bool again;
	struct arrival arrival;
	struct entry entry;
	struct view user, mailbox, content; /* in text */
	char text[];
};

static TAILQ_HEAD(, delivery) under_way = TAILQ_HEAD_INITIALIZER(under_way);
static int content_dir = -1;
static dev_t content_disk;

bool
deliver_begin(const char *spool_dir)
{
	struct str path = { 0 };
	struct stat st;

	str_addf(&path, "%s/content", spool_dir);
	(void)file_mkdirs(path.p, 0770); /* queue's, if it came first */
	content_dir = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	str_free(&path);
	if (content_dir < 0 || fstat(content_dir, &st) < 0)
		return false;
	content_disk = st.st_dev;
	return true;
}

static void
delivery_end(struct delivery *d, const struct why *w)
{
	TAILQ_REMOVE(&under_way, d, under_way);
	if (d->link->channel != NULL)
		channel_answer(d->link->channel, d->tag, w);
	link_unref(d->link);
	free(d);
}

static bool
remember(struct arrival *a)
{
	fresh_note(a->mb, a->entries);
	return true;
}

static void
delivered(struct arrival *a, bool ok)
{
	struct delivery *d = a->arg;
	struct why w;

	if (ok)
		why_done(&w, "1.5", "delivered to mailbox");
	else if (index_broken())
		index_why(&w);
	else
		why_later(&w, "3.0", "The mailbox could not be written");
	delivery_end(d, &w);
}

/* (mail, recipient) is in a mailbox, or on its way. */
static bool
is_delivered(const struct delivery *d, struct spool_source *s, bool *moving)
{
	const struct delivery *o;

	*moving = false;
	TAILQ_FOREACH (o, &under_way, under_way)
		if (o != d && o->mail == d->mail && o->rcpt == d->rcpt)
			*moving = true;
	return fresh_find(s);
}

static void
fill_entry(struct delivery *d, struct mailbox *mb)
{
	d->entry = (struct entry){ .kind = PLACE_DELIVERED, .number = d->rcpt };
	d->entry.r.uid = change_uid(mb);
	d->entry.r.size = d->size;
	d->entry.r.date = d->arrival_time;
	d->entry.r.saved = clock_wall();
	d->entry.r.content = d->mail;
	d->arrival = (struct arrival){ .mb = mb,
		.entries = &d->entry,
		.n = 1,
		.rows = remember,
		.done = delivered,
		.arg = d };
}

/* Returns errno, or 0. */
static int
make_link(struct delivery *d, int from_dir, const char *from)
{
	struct str name = { 0 };
	int error;

	mailbox_file_name(&d->entry, &name);
	error = linkat(from_dir, from, d->arrival.mb->cur, name.p, 0) < 0 ?
		    errno :
		    0;
	str_free(&name);
	return error;
}

/* All of it into a new file: 0, or errno, and nothing is left of it. EXDEV: what
 * makes the spool's file system safe leaves this one out. A crash in between
 * leaves a name that no row knows: see STORE.md. */
static int
make_file(struct delivery *d)
{
	struct str name = { 0 };
	struct stat st;
	int dir = d->arrival.mb->cur, error = 0, fd;

	mailbox_file_name(&d->entry, &name);
	fd = openat(dir, name.p,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		error = errno;
	else if (st.st_dev != content_disk)
		error = EXDEV;
	else if (!file_write_all(fd, d->content))
		error = errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && error != 0)
		unlinkat(dir, name.p, 0);
	str_free(&name);
	return error;
}

/*
 * The other file system
 */

struct copying {
	int to_dir; /* of the mailbox */
	const char *from, *to;
	struct view content; /* instead of from; empty: there is a file */
	int error;
};

static bool
copy_bytes(int from, int to)
{
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, 1 << 20, 0);

		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			break;
	}
	if (errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
	    errno != EOPNOTSUPP)
		return false;
	for (;;) {
		char block[16384];
		ssize_t n = read(from, block, sizeof(block));

		if (n <= 0)
			return n == 0;
		if (!file_write_all(to, view_bytes(block, (size_t)n)))
			return false;
	}
}

static bool
copy_file(const char *name, int to)
{
	int from = openat(content_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool ok = from >= 0 && copy_bytes(from, to) && fstat(from, &st) == 0;

	if (ok) {
		struct timespec times[2] = { st.st_atim, st.st_mtim };

		ok = futimens(to, times) == 0;
	}
	if (from >= 0)
		close(from);
	return ok;
}

static void
copy_run(void *arg)
{
	struct copying *c = arg;
	int to = openat(c->to_dir, c->to,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = to >= 0 && (c->content.n > 0 ?
	    file_write_all(to, c->content) : copy_file(c->from, to)) &&
	    fsync(to) == 0;

	c->error = ok ? 0 : errno;
	if (to >= 0)
		close(to);
}

/* Copy to tmp/, then link from there as if it were the spool. */
static bool
link_copy(struct delivery *d, struct mailbox *mb, struct why *w)
{
	char from[SPOOL_NAME_MAX], to[48];
	struct copying c = { .from = from, .to = to, .content = d->content };
	struct str path = { 0 };
	int error;

	spool_name(d->mail, from);
	snprintf(to, sizeof(to), "%016llX.R%u", (unsigned long long)d->mail,
	    d->rcpt);
	mailbox_path(mb, &path);
	str_adds(&path, "/tmp");
	c.to_dir = maildir_open(path.p);
	str_free(&path);
	if (c.to_dir < 0)
		return trouble_errno(w, "Opening the mailbox", errno);
	pool_call(copy_run, &c);
	error = c.error;
	if (error == 0 && mailbox_usable(mb, w)) {
		fill_entry(d, mb);
		error = make_link(d, c.to_dir, to);
		if (error == 0)
			arrival_start(&d->arrival);
	} else if (error == 0)
		error = -1;
	unlinkat(c.to_dir, to, 0);
	close(c.to_dir);
	if (error > 0)
		return trouble_errno(w, "Copying into the mailbox", error);
	return error == 0;
}

/*
 * The ways
 */

/* True when it is under way; false: *error is errno, 0 when answered by w. */
static bool
link_now(struct delivery *d, struct mailbox *mb, int *error)
{
	char from[SPOOL_NAME_MAX];

	spool_name(d->mail, from);
	fill_entry(d, mb);
	d->arrival.fresh = true;
	*error = d->content.n > 0 ? make_file(d) :
	    make_link(d, content_dir, from);
	if (*error == 0)
		arrival_start(&d->arrival);
	else
		change_uid_back(mb, d->entry.r.uid);
	return *error == 0;
}

/* It may have been there for a moment only: what is said of it counts when its
 * row is safe, and still there. */
static void
say_delivered(struct mailbox *mb, struct spool_source *s, struct why *w)
{
	if (!fresh_mend(mb, s, w))
		return;
	if (durable_index_wait() && fresh_find(s))
		why_done(w, "1.5", "delivered to mailbox before");
	else
		why_later(w, "3.0", "The mailbox could not be written");
}

static bool
check_again(struct delivery *d, struct mailbox *mb, struct why *w)
{
	char from[SPOOL_NAME_MAX];
	struct spool_source source = { .kind = PLACE_DELIVERED,
		.dir = content_dir,
		.name = spool_name(d->mail, from),
		.mail = d->mail,
		.rcpt = d->rcpt };
	bool moving;

	if (!d->again)
		return true;
	if (is_delivered(d, &source, &moving)) {
		say_delivered(mb, &source, w);
		return false;
	}
	if (moving)
		return why_later(w, "3.0", "This delivery is under way");
	return true;
}

/* Mail to user+mailbox comes with the rights of the user, for whom it is. */
static void
choose_mailbox(struct delivery *d)
{
	if (d->mailbox.n > 0 &&
	    !(acl_rights(d->user, d->mailbox, d->user) & RIGHT_POST))
		d->mailbox = VIEW_NONE;
}

static bool
has_room(const struct delivery *d, struct mailbox *mb, struct why *w)
{
	struct quota_need need = { d->size, 1, true };

	return quota_room(mb->quota, &need, w);
}

static struct mailbox *
target(struct delivery *d, struct why *w)
{
	struct mailbox *mb;

	if (!mailbox_know_user(d->user, w))
		return NULL;
	choose_mailbox(d);
	mb = mailbox_get(d->user, d->mailbox, w);

	if (mb == NULL && w->verdict == VERDICT_NEVER && d->mailbox.n > 0) {
		d->mailbox = VIEW_NONE;
		mb = mailbox_get(d->user, d->mailbox, w);
	}
	return mb;
}

static bool
deliver_slowly(struct delivery *d, struct why *w)
{
	struct mailbox *mb = target(d, w);
	bool ok = false;
	int error;

	if (mb == NULL)
		return false;
	if (check_again(d, mb, w) && arrival_prepare(mb, w) &&
	    has_room(d, mb, w)) {
		ok = link_now(d, mb, &error);
		if (!ok &&
		    (error == EXDEV || error == EMLINK || error == EPERM))
			ok = link_copy(d, mb, w);
		else if (!ok)
			trouble_errno(w, "Linking into the mailbox", error);
	}
	mailbox_unref(mb);
	return ok;
}

static void
slow_run(void *arg)
{
	struct delivery *d = arg;
	struct why w = { 0 };

	if (!deliver_slowly(d, &w))
		delivery_end(d, &w);
}

static struct view
keep(char **at, struct view v)
{
	struct view copy = { *at, v.n };

	memcpy(*at, v.p, v.n);
	*at += v.n;
	return copy;
}

static struct delivery *
delivery_new(struct channel *c, uint32_t tag, const struct msg_deliver *m)
{
	struct delivery *d = xmalloc(sizeof(*d) + m->user.n + m->mailbox.n +
	    m->content.n);
	char *at = d->text;

	*d = (struct delivery){ .link = link_of(c),
		.tag = tag,
		.mail = m->mail,
		.rcpt = m->rcpt,
		.size = m->size,
		.arrival_time = m->arrival,
		.again = m->again != 0 };
	link_ref(d->link);
	d->user = keep(&at, m->user);
	d->mailbox = keep(&at, m->mailbox);
	d->content = keep(&at, m->content);
	TAILQ_INSERT_TAIL(&under_way, d, under_way);
	return d;
}

void
deliver(struct channel *c, uint32_t tag, struct msg_deliver *m)
{
	struct delivery *d = delivery_new(c, tag, m);
	struct mailbox *mb;
	struct why w;
	int error;

	if (m->rcpt > UINT32_MAX >> 2 ||
	    (m->content.n > 0 && m->content.n != m->size)) {
		why_never(&w, "3.0", "No such delivery");
		delivery_end(d, &w);
		return;
	}
	if (!trouble_space(&w)) {
		delivery_end(d, &w);
		return;
	}
	choose_mailbox(d);
	mb = d->again ? NULL : mailbox_peek(d->user, d->mailbox);
	if (mb != NULL && !has_room(d, mb, &w)) {
		delivery_end(d, &w);
		return;
	}
	if (mb == NULL || !mailbox_working(mb) || !link_now(d, mb, &error))
		fiber_start(slow_run, d);
}

void
settled(struct channel *c UNUSED, uint32_t tag UNUSED, struct msg_settled *m)
{
	struct view list = m->mails;
	uint64_t mail;

	while (list_next_u64(&list, &mail)) {
		struct kv_key key = { .n = 0 };

		kv_key_u64(&key, mail);
		index_delete_all(INDEX_DELIVERED, &key);
	}
}

struct old {
	uint64_t before;
	uint64_t mail[256];
	size_t n;
};

static bool
is_old(void *arg, struct view key, struct view value UNUSED)
{
	struct old *o = arg;

	if (key.n != 12 || kv_read_u64(key.p) >= o->before ||
	    o->n == nitems(o->mail))
		return false;
	o->mail[o->n++] = kv_read_u64(key.p);
	return true;
}

void
deliver_forget(int64_t seconds)
{
	struct old old = { .before = (uint64_t)(clock_wall_us() -
						seconds * 1000000) };
	struct kv_key all = { .n = 0 };

	index_each(INDEX_DELIVERED, &all, is_old, &old);
	for (size_t i = 0; i < old.n; i++) {
		struct kv_key key = { .n = 0 };

		kv_key_u64(&key, old.mail[i]);
		index_delete_all(INDEX_DELIVERED, &key);
	}
}
