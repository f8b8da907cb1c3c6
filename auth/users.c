/* SPDX-License-Identifier: ISC */
/*
 * users - the users file read into a text_index
 *
 * Reading and sorting run in a thread of the pool; the index is written by the
 * main thread, which alone may use it, in portions with other fibers between
 * them. An entry is the secret, and behind a NUL what is said of the user's
 * mailboxes, if anything is (lib/mail/quota.h). The note of the index is a letter for what the secrets serve, which also
 * tells "no users" from "no table", the iterations of SCRAM, and behind a blank
 * the name of the first user.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/users.h"
#include "lib/base/arena.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text_index.h"
#include "lib/mail/scram.h"
#include "lib/mail/users_file.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"

#define FILE_MAX_SIZE (1U << 30)
#define PORTION	      2048	/* entries between two breaths */
#define NOTE_ZERO     '@'	/* serves nothing but PLAIN */
#define LIST_BLOCK    65536
#define LIST_SEALS                                                             \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct users {
	struct text_index *index;
	unsigned made;
};

/* What the thread does, and with what. */
struct reading {
	const char *path;
	struct view domain;
	struct str text;
	struct users_file file;
	int error;		/* errno of the file, 0: read */
	bool exposed;		/* others may read it */
};

struct users *
users_open(const char *dir, struct why *w)
{
	struct users *u = xcalloc(1, sizeof(*u));

	u->index = text_index_open(dir, w);
	if (u->index == NULL) {
		free(u);
		return NULL;
	}
	return u;
}

void
users_close(struct users **u)
{
	if (*u == NULL)
		return;
	text_index_close(&(*u)->index);
	free(*u);
	*u = NULL;
}

bool
users_ready(const struct users *u)
{
	return text_index_note(u->index).n > 0;
}

unsigned
users_made(const struct users *u)
{
	return u->made;
}

struct view
users_first(const struct users *u)
{
	struct view note = text_index_note(u->index);

	view_cut(&note, ' ');
	return note;
}

unsigned
users_serve(const struct users *u)
{
	struct view note = text_index_note(u->index);

	return note.n > 0 ? (unsigned)(note.p[0] - NOTE_ZERO) : 0;
}

uint32_t
users_iterations(const struct users *u)
{
	struct view note = text_index_note(u->index);
	uint64_t n = 0;

	if (note.n > 0)
		note = view_skip(note, 1);
	return view_u64(view_cut(&note, ' '), SCRAM_ITERATIONS_MOST, &n) &&
		n > 0 ? (uint32_t)n : SCRAM_ITERATIONS;
}

enum kv_result
users_get(struct users *u, struct view name, struct view *secret)
{
	struct kv_table *t = text_index_table(u->index);
	struct view entry;
	enum kv_result r;

	if (t == NULL || !users_ready(u))
		return KV_TROUBLE;
	r = kv_get(t, name, &entry);
	if (r == KV_FOUND)
		*secret = view_cut(&entry, '\0');
	return r;
}

static void
read_users(void *arg)
{
	struct reading *r = arg;
	struct stat st;

	if (!file_read(AT_FDCWD, r->path, FILE_MAX_SIZE, &r->text)) {
		r->error = errno;
		return;
	}
	r->exposed = stat(r->path, &st) == 0 && (st.st_mode & S_IROTH);
	if (!users_file_read(&r->file, str_view(&r->text), r->domain))
		r->error = EFBIG;
}

static void
tell_complaints(const struct reading *r)
{
	struct view all = str_view(&r->file.complaints);
	size_t told = 0;

	for (; all.n > 0; told++) {
		struct view line = view_cut(&all, '\n');

		log_warning("users", "%s:%.*s", r->path, VIEW(line));
	}
	if (r->file.wrong > told)
		log_warning("users", "%s: %zu more complaints", r->path,
		    r->file.wrong - told);
	if (r->exposed)
		log_warning("users", "%s: every user of this machine can read "
		    "the password hashes (chmod o-r)", r->path);
}

static bool
write_entry(struct users *u, const struct users_file *f, size_t i)
{
	struct quota_limits limits = users_file_limits(f, i);
	struct str entry = { 0 };
	bool ok;

	str_add(&entry, users_file_secret(f, i));
	if (quota_is_said(&limits)) {
		str_addc(&entry, '\0');
		quota_write(&entry, &limits);
	}
	ok = text_index_add(u->index, users_file_name(f, i),
		 str_view(&entry)) != KV_TROUBLE;
	str_wipe(&entry);
	str_free(&entry);
	return ok;
}

static bool
write_index(struct users *u, const struct users_file *f, struct view stamp)
{
	struct str note = { 0 };
	bool ok = text_index_begin(u->index);

	for (size_t i = 0; ok && i < f->n; i++) {
		ok = write_entry(u, f, i);
		if (i % PORTION == PORTION - 1 && fiber_self() != NULL)
			fiber_sleep(0);
	}
	str_addf(&note, "%c%u %.*s", (char)(NOTE_ZERO + f->serves),
	    f->iterations, VIEW(f->first));
	ok = ok && text_index_commit(u->index, stamp, str_view(&note));
	if (!ok)
		text_index_abort(u->index);
	u->made += ok;
	str_free(&note);
	return ok;
}

static bool
make(struct users *u, struct reading *r, struct view stamp, struct why *w)
{
	bool ok;

	if (fiber_self() != NULL)
		pool_call(read_users, r);
	else
		read_users(r);
	ok = r->error == 0;
	errno = r->error;
	if (!ok) {
		why_errno(w, r->path);
	} else if (!(ok = write_index(u, &r->file, stamp))) {
		text_index_why(u->index, w);
	} else {
		tell_complaints(r);
		log_info("users", "%s: %zu users", r->path, r->file.n);
	}
	users_file_free(&r->file);
	str_wipe(&r->text);
	str_free(&r->text);
	return ok;
}

bool
users_refresh(struct users *u, const char *file, struct view domain,
    struct why *w)
{
	struct arena arena = { 0 };	/* a reload frees what settings say */
	struct reading r = { .path = arena_copy(&arena, view_of(file)),
		.domain = arena_view(&arena, domain) };
	struct str stamp = { 0 };
	bool ok = true;

	/* with the number of the form of an entry */
	str_addf(&stamp, "users 4 %.*s\n", VIEW(domain));
	text_index_stamp(r.path, &stamp);
	if (!text_index_is_current(u->index, str_view(&stamp)))
		ok = make(u, &r, str_view(&stamp), w);
	str_free(&stamp);
	arena_reset(&arena);
	return ok;
}

/* ---- what others are told ---- */

struct list {
	int fd;
	struct str block;
	bool limits;		/* only those who have some, and which */
	bool ok;
};

static bool
list_add(void *arg, struct view name, struct view entry)
{
	struct list *l = arg;

	view_cut(&entry, '\0');
	if (l->limits && entry.n == 0)
		return true;
	str_add(&l->block, name);
	if (l->limits) {
		str_addc(&l->block, '\0');
		str_add(&l->block, entry);
	}
	str_addc(&l->block, '\n');
	if (l->block.n >= LIST_BLOCK) {
		l->ok = file_write_all(l->fd, str_view(&l->block));
		str_reset(&l->block);
	}
	return l->ok;
}

static int
make_list(struct users *u, bool limits)
{
	struct list l = { .limits = limits, .ok = true };
	struct kv_table *t = text_index_table(u->index);

	l.fd = memfd_create("users", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (l.fd < 0)
		return -1;
	l.ok = t != NULL &&
	    kv_each(t, VIEW_NONE, list_add, &l) != KV_TROUBLE && l.ok &&
	    file_write_all(l.fd, str_view(&l.block)) &&
	    fcntl(l.fd, F_ADD_SEALS, LIST_SEALS) == 0;
	str_free(&l.block);
	if (!l.ok) {
		close(l.fd);
		return -1;
	}
	return l.fd;
}

int
users_list(struct users *u)
{
	return make_list(u, false);
}

int
users_limits(struct users *u)
{
	return make_list(u, true);
}
