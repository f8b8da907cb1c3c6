/* SPDX-License-Identifier: ISC */
/*
 * fresh - syncing and comparing, in threads
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/mail/record.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/cache.h"
#include "store/fresh.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"

#define ROUNDS	3	/* more may arrive meanwhile */

/* A note of a delivery: UID, number of the mailbox, life of this program; once
 * the UID alone. */
#define NOTE		12
#define OLD_NOTE	4

/* What no life before had, nearly for certain. */
static uint32_t
life(void)
{
	static uint32_t number;

	while (number == 0)
		number = arc4random();
	return number;
}

static bool
stop(void *arg UNUSED, struct view key UNUSED, struct view value UNUSED)
{
	return false;
}

/* Where the notes of this kind of messages are. */
static enum index_table
notes(uint8_t kind)
{
	return kind == PLACE_DELIVERED ? INDEX_DELIVERED : INDEX_HELD;
}

/* Is anything not settled yet? */
static bool
is_any_fresh(void)
{
	struct kv_key all = { .n = 0 };

	return index_each(INDEX_DELIVERED, &all, stop, NULL) != KV_NONE ||
	       index_each(INDEX_HELD, &all, stop, NULL) != KV_NONE;
}

/* What is noted of a message that is not settled. */
static enum kv_result
note_of(const struct entry *e, struct view *v)
{
	struct kv_key key = index_key_delivered(e->r.content, e->number);

	return e->kind == PLACE_DELIVERED || e->kind == PLACE_APPENDED ?
	    index_get(notes(e->kind), &key, v) : KV_NONE;
}

static bool
is_fresh(const struct entry *e)
{
	struct view v;

	return note_of(e, &v) != KV_NONE;
}

bool
fresh_is_awaited(const struct entry *e)
{
	struct view v;
	enum kv_result r = note_of(e, &v);

	return r != KV_FOUND ? r != KV_NONE :
	    v.n != NOTE || kv_read_u32(v.p + 8) != life();
}

bool
fresh_is_broken(const struct entry *e, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_size != e->r.size &&
	       is_fresh(e);
}

void
fresh_note(const struct mailbox *mb, const struct entry *e)
{
	struct kv_key key = index_key_delivered(e->r.content, e->number);
	char at[NOTE];

	kv_write_u32(at, e->r.uid);
	kv_write_u32(at + 4, mb->h.mailbox);
	kv_write_u32(at + 8, life());
	index_put(notes(e->kind), &key, view_bytes(at, sizeof(at)));
}

void
fresh_forget(uint8_t kind, uint64_t content, uint32_t number)
{
	struct kv_key key = index_key_delivered(content, number);

	index_delete(notes(kind), &key);
}

bool
fresh_find(struct spool_source *s)
{
	struct kv_key key = index_key_delivered(s->mail, s->rcpt);
	struct view v;

	if (index_get(notes(s->kind), &key, &v) != KV_FOUND ||
	    (v.n != OLD_NOTE && v.n != NOTE))
		return false;
	s->uid = kv_read_u32(v.p);
	s->mailbox = v.n == NOTE ? kv_read_u32(v.p + 4) : 0;
	return true;
}

/* ---- before a copy ---- */

struct syncing {
	struct mailbox *mb;
	uint32_t after, last;	/* UIDs synced in rounds before, seen now */
	int cur;
	struct {
		char *name;
		uint64_t size;
	} *files;
	size_t n;
	int error;
};

static void
collect(void *arg, size_t i)
{
	struct syncing *s = arg;
	struct str name = { 0 };
	struct entry e;

	records_at(&s->mb->records, i, &e);
	if (e.r.uid <= s->after || !is_fresh(&e))
		return;
	mailbox_file_name(&e, &name);
	s->files = xrealloc(s->files, (s->n + 1) * sizeof(*s->files));
	s->files[s->n].size = e.r.size;
	s->files[s->n++].name = name.p;
	s->last = e.r.uid;
}

static int
sync_file(int fd, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || fdatasync(fd) < 0)
		return errno;
	/* power was lost; it will be made whole */
	return (uint64_t)st.st_size == size ? 0 : EAGAIN;
}

static void
sync_run(void *arg)
{
	struct syncing *s = arg;

	for (size_t i = 0; i < s->n && s->error == 0; i++) {
		int fd = maildir_open_file(s->cur, s->files[i].name);

		/* gone or renamed meanwhile: the copy will see that itself */
		if (fd < 0)
			continue;
		s->error = sync_file(fd, s->files[i].size);
		close(fd);
	}
}

static void
syncing_free(struct syncing *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->files[i].name);
	free(s->files);
	s->files = NULL;
	s->n = 0;
}

bool
fresh_sync(struct mailbox *mb, const struct numset *uids, struct why *w)
{
	struct syncing s = { .mb = mb, .cur = mb->cur };

	for (int i = 0; i < ROUNDS; i++) {
		if (!mailbox_usable(mb, w) || !mailbox_load(mb, w))
			return false;
		if (is_any_fresh())
			records_each(&mb->records, uids, collect, &s);
		if (s.n == 0)
			return true;
		pool_call(sync_run, &s);
		syncing_free(&s);
		if (s.error != 0)
			return trouble_errno(w, "Syncing a message", s.error);
		s.after = s.last;
	}
	return true;
}

/* ---- delivered again, or found in the journal ---- */

enum found { WHOLE, BROKEN, MISSING, TROUBLE };

struct mending {
	const struct spool_source *source;
	int cur;
	char *name;
	bool replace;		/* what is broken */
	bool make;		/* what is missing, too */
	enum found found;
	int error;
};

static bool
same_octets(int a, int b, off_t size)
{
	char block[2][16384];

	for (off_t at = 0; at < size;) {
		ssize_t n = pread(a, block[0], sizeof(block[0]), at);

		if (n <= 0 || pread(b, block[1], (size_t)n, at) != n ||
		    memcmp(block[0], block[1], (size_t)n) != 0)
			return false;
		at += n;
	}
	return true;
}

/* On another file system it is a copy that was synced when it was made. */
static bool
is_whole(int fd, int spool)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0 || fstat(spool, &b) < 0)
		return false;
	return a.st_dev != b.st_dev || a.st_ino == b.st_ino ||
	       (a.st_size == b.st_size && same_octets(fd, spool, a.st_size));
}

/* A rename of the broken file that is not safe yet, to other letters, could lose
 * against this one: then it would be there, too, under its old name. */
static bool
replace(const struct mending *m)
{
	char temporary[64];

	snprintf(temporary, sizeof(temporary), "../tmp/%016llX.R%u",
	    (unsigned long long)m->source->mail, m->source->rcpt);
	unlinkat(m->cur, temporary, 0);
	return fsync(m->cur) == 0 &&
	       linkat(m->source->dir, m->source->name, m->cur, temporary, 0) ==
		   0 &&
	       renameat(m->cur, temporary, m->cur, m->name) == 0 &&
	       fsync(m->cur) == 0;
}

static void
mend_run(void *arg)
{
	struct mending *m = arg;
	int spool = maildir_open_file(m->source->dir, m->source->name);
	int fd = maildir_open_file(m->cur, m->name);

	m->error = errno;
	if (spool < 0)
		m->found = TROUBLE;
	else if (fd < 0)
		m->found = m->error == ENOENT ? MISSING : TROUBLE;
	else
		m->found = is_whole(fd, spool) ? WHOLE : BROKEN;
	if (((m->found == BROKEN && m->replace) ||
		(m->found == MISSING && m->make)) && !replace(m)) {
		m->error = errno;
		m->found = TROUBLE;
	}
	if (spool >= 0)
		close(spool);
	if (fd >= 0)
		close(fd);
}

/* The row of this UID, if it is still that delivery: a mailbox may have been
 * removed and another made under its name. */
static bool
find(struct mailbox *mb, const struct spool_source *s, struct entry *e)
{
	size_t i = records_find(&mb->records, s->uid);

	if (i == mb->records.n)
		return false;
	records_at(&mb->records, i, e);
	return e->kind == s->kind && e->r.content == s->mail &&
	       e->number == s->rcpt;
}

/* One look from a thread: what it found, and mended if it was to. The file may
 * be renamed meanwhile, so it is replaced
 * only by one who has the mailbox for himself. WHOLE, too, when there is no
 * such message any more. */
static enum found
look(struct mailbox *mb, struct mending *m, struct why *w)
{
	struct str name = { 0 };
	struct entry e;

	if (!mailbox_load(mb, w))
		return m->error = 0, TROUBLE;
	if (!find(mb, m->source, &e))
		return WHOLE;
	mailbox_file_name(&e, &name);
	m->name = name.p;
	pool_call(mend_run, m);
	str_free(&name);
	if (m->found == TROUBLE)
		trouble_errno(w, "Looking at a new message", m->error);
	return m->found;
}

static enum found
mend(struct mailbox *mb, struct mending *m, struct why *w)
{
	enum found found;

	if (!mailbox_seize(mb, w))
		return TROUBLE;
	m->replace = true;
	found = look(mb, m, w);
	mailbox_ready(mb);
	if (found == BROKEN || (found == MISSING && m->make)) {
		cache_drop(mb->h.mailbox);
		log_warning(m->source->kind == PLACE_DELIVERED ? "deliver" :
		    "append", "mended user=%s mailbox=%s uid=%u", mb->user, log_quote(view_of(mb->name)), m->source->uid);
	}
	return found;
}

/* The mailbox of this user with this number, under whatever name; NULL: it was
 * removed. False: nobody can tell, w says why. */
static bool
numbered(struct view user, uint32_t number, struct mailbox **mb, struct why *w)
{
	struct account_names all;
	bool ok = account_names(user, VIEW_NONE, &all);
	struct view rest = str_view(&all.list), name;

	*mb = NULL;
	if (!ok)
		index_why(w);
	while (ok && *mb == NULL && list_next(&rest, &name)) {
		struct header h = { 0 };
		enum kv_result r = index_header(user, name, &h);

		if (r == KV_TROUBLE) {
			index_why(w);
			ok = false;
		} else if (r == KV_FOUND && h.mailbox == number) {
			*mb = mailbox_get(user, name, w);
			ok = *mb != NULL;
		}
		str_free(&h.keywords);
	}
	str_free(&all.list);
	return ok;
}

static bool
mend_in(struct mailbox *mb, const struct spool_source *s, struct why *w)
{
	struct mending m = { .source = s, .cur = mb->cur };
	enum found found;

	if (!mailbox_usable(mb, w))
		return false;
	found = look(mb, &m, w);
	if (found == BROKEN || found == MISSING)
		found = mend(mb, &m, w);
	/* another program has renamed it, or its name is lost */
	m.make = true;
	if (found == MISSING)
		found = mailbox_rebuild(mb, w) ? mend(mb, &m, w) : TROUBLE;
	return found != TROUBLE;
}

bool
fresh_mend_of(struct view user, const struct spool_source *s, struct why *w)
{
	struct mailbox *mb;
	bool ok;

	if (!numbered(user, s->mailbox, &mb, w))
		return false;
	if (mb == NULL)
		return true;
	ok = mend_in(mb, s, w);
	mailbox_unref(mb);
	return ok;
}

bool
fresh_mend(struct mailbox *mb, const struct spool_source *s, struct why *w)
{
	return s->mailbox == 0 || s->mailbox == mb->h.mailbox ?
	    mend_in(mb, s, w) : fresh_mend_of(view_of(mb->user), s, w);
}

/* ---- without an index ---- */

/* The name that this message has in an open directory, "" if none. */
static void
name_in(int dir, const struct spool_source *s, struct str *out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	char base[48];

	snprintf(base, sizeof(base), "%016llX.%c%u.",
	    (unsigned long long)s->mail, (char)s->kind, s->rcpt);
	while (d != NULL && out->n == 0 && (e = readdir(d)) != NULL)
		if (view_starts(view_of(e->d_name), view_of(base)))
			str_adds(out, e->d_name);
	if (d != NULL)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

bool
fresh_put_back(const struct spool_source *s, const char *path,
    const char *name)
{
	struct mending m = { .source = s, .replace = true, .make = true };
	struct str found = { 0 };

	m.cur = maildir_open(path);
	if (m.cur < 0)
		return false;
	name_in(m.cur, s, &found);
	if (found.n == 0)
		str_adds(&found, name);
	m.name = found.p;
	mend_run(&m);
	str_free(&found);
	close(m.cur);
	errno = m.error;
	return m.found != TROUBLE;
}
