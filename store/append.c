/* SPDX-License-Identifier: ISC */
/*
 * append - files in tmp/ that become messages
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/proc/pool.h"
#include "store/access.h"
#include "store/acl.h"
#include "store/append.h"
#include "store/arrival.h"
#include "store/behind.h"
#include "store/change.h"
#include "store/held.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/modify.h"
#include "store/quota.h"

/* Open in one session at once: one is written anew while all are open. */
#define APPENDS_OPEN (APPENDS_MAX + 1)

struct append {
	LIST_ENTRY(append) of_link;
	uint64_t number; /* time in microseconds, never twice: content id */
	uint64_t session;
	struct mailbox *mb; /* a reference */
	int tmp; /* directory */
	int fd;
	bool committing;
	char name[APPEND_NAME_MAX];
	/* while being committed: */
	int64_t date;
	uint64_t size;
	bool held; /* its octets go into the journal */
	char *octets;
	int error;
};

static uint64_t last_number;

static void
append_free(struct append *a, bool remove)
{
	if (remove)
		unlinkat(a->tmp, a->name, 0);
	LIST_REMOVE(a, of_link);
	free(a->octets);
	close(a->fd);
	close(a->tmp);
	mailbox_unref(a->mb);
	free(a);
}

void
append_end_session(struct link *l, uint64_t session)
{
	struct append *a, *next;

	LIST_FOREACH_SAFE (a, &l->appends, of_link, next)
		if (a->session == session && !a->committing)
			append_free(a, true);
}

void
append_end_link(struct link *l)
{
	struct append *a, *next;

	LIST_FOREACH_SAFE (a, &l->appends, of_link, next)
		if (!a->committing)
			append_free(a, true);
}

static struct append *
append_find(struct link *l, uint64_t number)
{
	struct append *a;

	LIST_FOREACH (a, &l->appends, of_link)
		if (a->number == number && !a->committing)
			return a;
	return NULL;
}

static size_t
append_count(const struct link *l, uint64_t session)
{
	struct append *a;
	size_t n = 0;

	LIST_FOREACH (a, &l->appends, of_link)
		n += a->session == session;
	return n;
}

uint64_t
append_number(char name[APPEND_NAME_MAX])
{
	uint64_t number = (uint64_t)clock_wall_us();

	if (number <= last_number)
		number = last_number + 1;
	last_number = number;
	snprintf(name, APPEND_NAME_MAX, "%016llX", (unsigned long long)number);
	return number;
}

static bool
append_make(struct append *a)
{
	struct str path = { 0 };

	mailbox_path(a->mb, &path);
	str_adds(&path, "/tmp");
	a->tmp = maildir_open(path.p);
	str_free(&path);
	if (a->tmp < 0)
		return false;
	a->number = append_number(a->name);
	a->fd = openat(a->tmp, a->name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (a->fd < 0)
		close(a->tmp);
	return a->fd >= 0;
}

/* Takes the caller's reference to mb when it succeeds. */
static bool
append_new(struct request *r, struct mailbox *mb, struct why *w)
{
	struct append *a = xcalloc(1, sizeof(*a));
	struct message m = { .type = MSG_append_opened };

	a->mb = mb;
	a->session = r->m.append_open.session;
	/* so that a restart looks for the file; nobody waits for that note */
	mailbox_working(mb);
	if (!append_make(a)) {
		free(a);
		return trouble_errno(w, "Making a file", errno);
	}
	m.append_opened.content = fcntl(a->fd, F_DUPFD_CLOEXEC, 0);
	LIST_INSERT_HEAD(&r->link->appends, a, of_link);
	if (m.append_opened.content < 0 || r->link->channel == NULL) {
		trouble_errno(w, "Passing a file", errno);
		mailbox_ref(mb);
		append_free(a, true);
		if (m.append_opened.content >= 0)
			close(m.append_opened.content);
		return false;
	}
	m.append_opened.append = a->number;
	request_reply(r, &m);
	return true;
}

bool
append_open(struct request *r, struct why *w)
{
	const struct msg_append_open *m = &r->m.append_open;
	struct mailbox *mb;
	struct access a;

	if (request_user(r, m->session, w) == NULL || !trouble_space(w))
		return false;
	if (append_count(r->link, m->session) >= APPENDS_OPEN)
		return why_later(w, "5.3", "Too many messages at once");
	mb = access_open(r, m->session, m->mailbox, RIGHT_INSERT, &a, w);
	if (mb == NULL)
		return false;
	/* how large it will be is seen at the commit */
	if (quota_room(mb->quota, &(struct quota_need){ 1, 1, false }, w) &&
	    append_new(r, mb, w))
		return true;
	mailbox_unref(mb);
	return false;
}

static bool
read_octets(struct append *a)
{
	a->octets = xmalloc(a->size);
	return file_pread_all(a->fd, a->octets, a->size, 0);
}

/* In a thread: the content is on disk, or read for the journal; its time is the
 * internal date. */
static void
secure_run(void *arg)
{
	struct append *a = arg;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = a->date } };
	struct stat st;

	if (fstat(a->fd, &st) < 0 || futimens(a->fd, times) < 0) {
		a->error = errno;
		return;
	}
	a->held = a->held && held_covers(st.st_dev);
	if ((uint64_t)st.st_size != a->size)
		a->error = EIO;
	else if (a->held ? !read_octets(a) : fsync(a->fd) < 0)
		a->error = errno;
}

struct commit {
	struct request *r;
	struct append *append[APPENDS_MAX];
	struct entry entry[APPENDS_MAX];
	bool seen[APPENDS_MAX];		/* \Seen of who appends */
	size_t n;
	struct mailbox *mb;
	struct access access;
	struct reader *reader;		/* NULL: it is the owner */
	struct mailbox *from;	/* a reference, where a message goes from */
	uint32_t replaces;
	bool gone;		/* it has gone already */
};

/* Flags and keywords of the i-th, from lists that run beside each other. */
static bool
commit_flags(
    struct commit *c, struct entry *e, uint32_t flags, struct view keywords)
{
	struct str list = { 0 };
	bool ok;

	while (keywords.n > 0) {
		struct view word = view_word(&keywords);

		if (word.n > 0)
			list_put(&list, word);
	}
	e->r.flags = flags & FLAG_STORABLE;
	e->r.keywords = UINT64_MAX;
	access_limit(c->access.rights, &e->r.flags, &e->r.keywords);
	if (e->r.keywords == 0)
		str_reset(&list);
	ok = change_keywords(c->mb, str_view(&list), true, &e->r.keywords);
	str_free(&list);
	if (c->reader != NULL) {
		c->seen[e - c->entry] = (e->r.flags & FLAG_SEEN) != 0;
		e->r.flags &= ~(uint32_t)FLAG_SEEN;
	}
	e->letters = place_letters(e->r.flags, e->r.keywords);
	return ok;
}

/* All appends named in the request, of one mailbox, with their sizes. */
static bool
commit_collect(struct commit *c, struct why *w)
{
	const struct msg_append_commit *m = &c->r->m.append_commit;
	struct view numbers = m->appends, sizes = m->sizes, dates = m->dates;
	uint64_t number, size, date;

	while (list_next_u64(&numbers, &number)) {
		struct append *a = append_find(c->r->link, number);

		if (a == NULL || a->session != m->session ||
		    c->n == APPENDS_MAX || !list_next_u64(&sizes, &size) ||
		    !list_next_u64(&dates, &date) ||
		    (c->n > 0 && a->mb != c->append[0]->mb))
			return why_never(w, "5.1", "No such append is open");
		a->committing = true;
		a->size = size;
		a->date = (int64_t)date;
		c->append[c->n++] = a;
	}
	if (c->n == 0)
		return why_never(w, "5.1", "Nothing to append");
	c->mb = c->append[0]->mb;
	return true;
}

static bool
commit_entries(struct commit *c, struct why *w)
{
	const struct msg_append_commit *m = &c->r->m.append_commit;
	struct view flags = m->flags, keywords = m->keywords;

	for (size_t i = 0; i < c->n; i++) {
		struct entry *e = &c->entry[i];
		struct view words;
		uint32_t bits;

		*e = (struct entry){ .kind = PLACE_APPENDED };
		e->r.size = c->append[i]->size;
		e->r.date = c->append[i]->date;
		e->r.saved = clock_wall();
		e->r.content = c->append[i]->number;
		if (!list_next_u32(&flags, &bits) ||
		    !list_next(&keywords, &words))
			return why_never(w, "5.1", "Lists of unequal length");
		if (!commit_flags(c, e, bits, words))
			return why_never(w, "5.3", "Too many keywords");
	}
	return true;
}

/* Rename all into cur/ under new UIDs. */
static bool
commit_names(struct commit *c, struct arrival *a, struct why *w)
{
	for (size_t i = 0; i < c->n; i++) {
		struct str name = { 0 };
		int error;

		c->entry[i].r.uid = change_uid(c->mb);
		mailbox_file_name(&c->entry[i], &name);
		error = renameat(c->append[i]->tmp, c->append[i]->name,
			    c->mb->cur, name.p) < 0 ?
			    errno :
			    0;
		str_free(&name);
		if (error != 0) {
			arrival_undo(a, i);
			return trouble_errno(w, "Naming a message", error);
		}
	}
	return true;
}

static uint64_t
commit_octets(const struct commit *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum += c->append[i]->size;
	return sum;
}

/* All of one request have their octets in the journal, or none. */
static bool
commit_secure(struct commit *c, struct why *w)
{
	void *args[APPENDS_MAX];
	bool held = held_takes(commit_octets(c));

	for (size_t i = 0; i < c->n; i++) {
		args[i] = c->append[i];
		c->append[i]->held = held;
	}
	pool_map(secure_run, args, c->n);
	for (size_t i = 0; i < c->n; i++)
		if (c->append[i]->error != 0)
			return trouble_errno(
			    w, "Syncing a message", c->append[i]->error);
	return true;
}

/* Without a wait before the round is asked for. */
static void
commit_hold(struct commit *c, struct arrival *a)
{
	/* they lie in one directory */
	a->held = c->append[0]->held;
	for (size_t i = 0; a->held && i < c->n; i++)
		held_put(c->mb, &c->entry[i],
		    view_bytes(c->append[i]->octets, c->append[i]->size));
}

static bool
commit_fits(const struct commit *c, struct why *w)
{
	struct quota_need need = { commit_octets(c), c->n, false };

	return quota_room(c->mb->quota, &need, w);
}

static void
commit_reply(struct commit *c)
{
	struct message m = { .type = MSG_appended };
	struct numset_text t;
	struct str uids = { 0 };

	numset_begin(&t, &uids);
	for (size_t i = 0; i < c->n; i++)
		numset_put(&t, c->entry[i].r.uid);
	numset_end(&t);
	m.appended.uidvalidity = c->mb->h.uidvalidity;
	m.appended.uids = str_view(&uids);
	request_reply(c->r, &m);
	str_free(&uids);
}

/* What the user may do may have changed since he began. */
static bool
commit_rights(struct commit *c, struct why *w)
{
	struct access *a = &c->access;
	const char *user = request_user(c->r,
	    c->r->m.append_commit.session, w);

	if (user == NULL)
		return false;
	*a = (struct access){ .user = view_of(user),
		.owner = view_of(c->mb->user), .name = view_of(c->mb->name) };
	return access_still(a, RIGHT_INSERT, w) &&
	    access_reader(a, c->mb, &c->reader, w);
}

/* REPLACE: in the transaction of the new rows the old one goes. */
static bool
remove_replaced(struct arrival *a)
{
	struct commit *c = a->rows_arg;
	struct mailbox *from = c->from;

	if (from->stale || from->deleted || !from->loaded)
		return false;
	c->gone = records_find(&from->records, c->replaces) == from->records.n;
	if (c->gone)
		return false;
	change_expunge(from, &c->replaces, 1);
	return true;
}

static bool
commit_replaced(struct commit *c, struct arrival *a, struct why *w)
{
	const struct msg_append_commit *m = &c->r->m.append_commit;

	if (m->replaces == 0)
		return true;
	if (!modify_allowed(c->r, m->handle, w) || !acl_allows(c->r, m->handle,
		RIGHT_EXPUNGE | RIGHT_DELETED, w))
		return false;
	c->from = request_mailbox(c->r, m->handle, w);
	if (c->from == NULL || !mailbox_load(c->from, w))
		return false;
	c->replaces = m->replaces;
	a->rows = remove_replaced;
	a->rows_arg = c;
	return true;
}

static bool
commit_run(struct commit *c, struct arrival *a, struct why *w)
{
	bool ok;

	commit_hold(c, a);
	ok = arrival_run(a, w);
	if (!ok && c->gone)
		return why_never(w, "2.5", "The message has gone already");
	if (ok && c->from != NULL)
		behind_sweep(c->from);
	return ok;
}

static bool
commit(struct commit *c, struct why *w)
{
	struct arrival a = { .entries = c->entry, .seen = c->seen };

	if (!commit_collect(c, w))
		return false;
	a.mb = c->mb;
	a.n = c->n;
	if (!commit_secure(c, w) || !mailbox_usable(c->mb, w) ||
	    !arrival_prepare(c->mb, w) || !commit_rights(c, w) ||
	    !commit_replaced(c, &a, w))
		return false;
	a.reader = c->reader;
	if (!commit_fits(c, w) || !commit_entries(c, w) ||
	    !commit_names(c, &a, w) || !commit_run(c, &a, w))
		return false;
	commit_reply(c);
	return true;
}

bool
append_commit(struct request *r, struct why *w)
{
	struct commit *c = arena_zalloc(&r->arena, sizeof(*c));
	bool ok;

	c->r = r;
	ok = request_user(r, r->m.append_commit.session, w) != NULL &&
	     commit(c, w);
	for (size_t i = 0; i < c->n; i++)
		append_free(c->append[i], !ok);
	if (c->from != NULL)
		mailbox_unref(c->from);
	return ok;
}

void
append_abort(struct channel *c, uint32_t tag UNUSED, struct msg_append_abort *m)
{
	struct append *a = append_find(link_of(c), m->append);

	if (a != NULL)
		append_free(a, true);
}
