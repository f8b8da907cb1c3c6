/* SPDX-License-Identifier: ISC */
/*
 * copy_out - the two sides of a copy between instances
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"
#include "store/access.h"
#include "store/copy_out.h"
#include "store/copying.h"
#include "store/load.h"
#include "store/maildir.h"

#define LINKS_INLINE 64

/* ---- the source's side ---- */

/* Files in tmp/ that only this copy knows. Sixteen digits in front, so that
 * what a crash leaves there is cleared away (store/scan.c). */
struct staging {
	struct mailbox *from;
	const struct chosen *source;
	struct str path;	/* of tmp/, below mail_dir */
	char base[24];
	int dir;
	size_t made;
	int error;
};

static void
stage_name(const struct staging *s, size_t i, struct str *out)
{
	str_reset(out);
	str_addf(out, "%s.%zu", s->base, i);
}

static void
stage_run(void *arg)
{
	struct staging *s = arg;
	struct str old = { 0 }, new = { 0 };

	for (; s->error == 0 && s->made < s->source->n; s->made++) {
		str_reset(&old);
		mailbox_file_name(&s->source->entries[s->made], &old);
		stage_name(s, s->made, &new);
		if (linkat(s->from->cur, str_c(&old), s->dir, str_c(&new), 0) <
		    0) {
			s->error = errno;
			break;
		}
	}
	str_free(&old);
	str_free(&new);
}

static void
unstage_run(void *arg)
{
	struct staging *s = arg;
	struct str name = { 0 };

	while (s->made > 0) {
		stage_name(s, --s->made, &name);
		unlinkat(s->dir, str_c(&name), 0);
	}
	str_free(&name);
}

static bool
is_large(const struct staging *s)
{
	return s->source->n > LINKS_INLINE;
}

/* How the files are called now. */
static bool
refresh(struct staging *s, struct why *w)
{
	const struct records *r = &s->from->records;

	for (size_t i = 0; i < s->source->n; i++) {
		size_t at = records_find(r, s->source->uids[i]);
		struct entry e;

		if (at == r->n)
			return why_never(w, "2.5",
			    "Messages are not there any more");
		records_at(r, at, &e);
		s->source->entries[i].letters = e.letters;
	}
	return true;
}

/* Many links are made in a thread, with the mailbox to itself: meanwhile
 * nobody gives files other letters. */
static bool
make_links(struct staging *s, struct why *w)
{
	bool ok;

	if (!is_large(s)) {
		stage_run(s);
		return true;
	}
	if (!mailbox_seize(s->from, w))
		return false;
	ok = mailbox_load(s->from, w) && refresh(s, w);
	if (ok)
		pool_call(stage_run, s);
	mailbox_ready(s->from);
	return ok;
}

static bool
stage(struct staging *s, struct why *w)
{
	static uint64_t last;
	uint64_t now = (uint64_t)clock_wall_us();

	last = now > last ? now : last + 1;
	snprintf(s->base, sizeof(s->base), "%016llX",
	    (unsigned long long)last);
	mailbox_path(s->from, &s->path);
	str_adds(&s->path, "/tmp");
	s->dir = maildir_open(s->path.p);
	if (s->dir < 0)
		return trouble_errno(w, "Opening a mailbox", errno);
	if (!make_links(s, w))
		return false;
	if (s->error == ENOENT)
		return why_never(w, "2.5", "Messages are not there any more");
	return s->error == 0 || trouble_errno(w, "Copying a message", s->error);
}

static void
unstage(struct staging *s)
{
	if (s->dir >= 0 && is_large(s))
		pool_call(unstage_run, s);
	else if (s->dir >= 0)
		unstage_run(s);
	if (s->dir >= 0)
		close(s->dir);
	str_free(&s->path);
}

static int
pack(const struct chosen *source)
{
	uint8_t *packed = xmalloc(source->n * ENTRY_SIZE);
	int fd;

	for (size_t i = 0; i < source->n; i++)
		entry_put(packed + i * ENTRY_SIZE, &source->entries[i]);
	fd = file_memfd("copies", view_bytes(packed, source->n * ENTRY_SIZE));
	free(packed);
	return fd;
}

static bool
hand_over(struct copy_out *c, const struct staging *s, struct why *w)
{
	struct message m = { .type = MSG_copy_in };
	struct reply reply;
	bool ok;

	m.copy_in.user = c->user;
	m.copy_in.mailbox = c->target;
	m.copy_in.directory = str_view(&s->path);
	m.copy_in.base = view_of(s->base);
	m.copy_in.keywords = str_view(&c->from->h.keywords);
	m.copy_in.entries = pack(c->source);
	if (m.copy_in.entries < 0)
		return why_errno(w, "copying to another store");
	ok = service_call(ROLE_STORE, c->instance, &m, &reply, w) &&
	    reply_is(&reply, MSG_copied, w);
	if (ok) {
		c->uidvalidity = reply.m.copied.uidvalidity;
		str_add(&c->uids, reply.m.copied.target);
	}
	reply_free(&reply);
	return ok;
}

bool
copy_out(struct copy_out *c, struct why *w)
{
	struct staging s = { .from = c->from, .source = c->source, .dir = -1 };
	bool ok = stage(&s, w) && hand_over(c, &s, w);

	unstage(&s);
	return ok;
}

/* ---- the target's side ---- */

struct incoming {
	struct view packed;	/* mapped */
	struct entry *entries;
	size_t n;
};

static bool
unpack(int fd, struct incoming *in)
{
	in->packed = file_map(fd);
	if (in->packed.p == NULL || in->packed.n % ENTRY_SIZE != 0)
		return false;
	in->n = in->packed.n / ENTRY_SIZE;
	in->entries = xcalloc(in->n, sizeof(*in->entries));
	for (size_t i = 0; i < in->n; i++)
		entry_get((const uint8_t *)in->packed.p + i * ENTRY_SIZE,
		    &in->entries[i]);
	return true;
}

static void
copied(struct request *r, const struct copying *c)
{
	struct message m = { .type = MSG_copied };
	struct str uids = { 0 };

	copying_uids(c, &uids);
	m.copied.uidvalidity = c->to->h.uidvalidity;
	m.copied.target = str_view(&uids);
	request_reply(r, &m);
	str_free(&uids);
}

static bool
take_in(struct request *r, struct access *a, struct incoming *in,
    struct why *w)
{
	const struct msg_copy_in *m = &r->m.copy_in;
	struct copying c = { .base = m->base, .keywords = m->keywords,
		.source = in->entries, .n = in->n };
	const char *path = arena_copy(&r->arena, m->directory);
	bool ok;

	c.to = mailbox_get(a->owner, a->name, w);
	if (c.to == NULL)
		return false;
	c.from_dir = maildir_open(path);
	ok = c.from_dir >= 0 || trouble_errno(w, "Opening a mailbox", errno);
	ok = ok && access_still(a, RIGHT_INSERT, w) &&
	    access_reader(a, c.to, &c.reader, w);
	c.rights = a->rights;
	ok = ok && copying_run(&c, w);
	if (ok)
		copied(r, &c);
	if (c.from_dir >= 0)
		close(c.from_dir);
	mailbox_unref(c.to);
	copying_free(&c);
	return ok;
}

bool
copy_in(struct request *r, struct why *w)
{
	const struct msg_copy_in *m = &r->m.copy_in;
	struct incoming in = { .n = 0 };
	struct access a;
	bool ok;

	if (!trouble_space(w) || !access_of(r, m->user, m->mailbox, &a, w) ||
	    !access_needs(&a, RIGHT_INSERT, w))
		return false;
	ok = unpack(m->entries, &in) ? take_in(r, &a, &in, w) :
				       why_never(w, "5.1", "Not entries");
	file_unmap(in.packed);
	free(in.entries);
	return ok;
}
