/* SPDX-License-Identifier: ISC */
/*
 * look - snapshots, numbers and contents
 *
 * A snapshot is a sealed memfd of the packed records. It is kept and given to
 * everybody until something changes, so opening a large mailbox again costs a
 * descriptor. Contents are opened without a fiber; only when a file is not
 * where it should be is the directory looked at.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "store/compare.h"
#include "store/durable.h"
#include "store/fresh.h"
#include "store/load.h"
#include "store/look.h"
#include "store/maildir.h"

/* What is in memory is on disk: what is told of it can't be taken back. */
static bool
settle(struct mailbox *mb, struct why *w)
{
	return durable_reached(mb->write_mark) || request_safe(w);
}

/* A memfd in which those that nobody has seen are \Recent. */
static int
snapshot_recent(const struct mailbox *mb)
{
	struct view all = records_view(&mb->records);
	uint8_t *copy = xmalloc(all.n);
	int fd;

	if (all.n > 0)
		memcpy(copy, all.p, all.n);
	for (size_t i = record_find(all, mb->h.first_recent); i < mb->records.n;
	     i++) {
		struct record rec;

		record_get(copy + i * RECORD_SIZE, &rec);
		rec.flags |= FLAG_RECENT;
		record_put(copy + i * RECORD_SIZE, &rec);
	}
	fd = file_memfd("mailbox", view_bytes(copy, all.n));
	free(copy);
	return fd;
}

static int
snapshot(struct mailbox *mb)
{
	if (mb->h.recent > 0)
		return snapshot_recent(mb);
	if (mb->snapshot < 0 || mb->snapshot_modseq != mb->h.modseq) {
		if (mb->snapshot >= 0)
			close(mb->snapshot);
		mb->snapshot =
		    file_memfd("mailbox", records_view(&mb->records));
		mb->snapshot_modseq = mb->h.modseq;
	}
	return mb->snapshot < 0 ? -1 : fcntl(mb->snapshot, F_DUPFD_CLOEXEC, 0);
}

static bool
is_free(const struct mailbox *mb, uint8_t mode, struct why *w)
{
	if (mode == 2 && mb->exclusive != NULL)
		return why_later(
		    w, "2.0", "The mailbox is in use by another POP session");
	return true;
}

static bool
open_it(struct request *r, struct mailbox *mb, struct why *w)
{
	const struct msg_mailbox_open *m = &r->m.mailbox_open;
	struct message reply = { .type = MSG_mailbox_opened };
	struct handle *h;
	int fd = snapshot(mb);

	if (fd < 0)
		return trouble_errno(w, "Making a snapshot", errno);
	h = handle_new(r->link, mb, m->session, m->mode);
	reply.mailbox_opened = (struct msg_mailbox_opened){ .handle = h->number,
		.uidvalidity = mb->h.uidvalidity,
		.uidnext = mb->h.uidnext,
		.modseq = mb->h.modseq,
		.count = (uint32_t)mb->records.n,
		.keywords = str_view(&mb->h.keywords),
		.index = fd };
	request_reply(r, &reply);
	if (m->mode != 0 && mb->h.recent > 0) {
		mb->h.first_recent = mb->h.uidnext;
		mb->h.recent = 0;
		mailbox_touch(mb);
	}
	return true;
}

/* The user of the session, and the mailbox in use with a reference. */
static struct mailbox *
mailbox_of(struct request *r, uint64_t session, struct view name, struct why *w)
{
	const char *user = request_user(r, session, w);

	return user ? mailbox_get(view_of(user), name, w) : NULL;
}

bool
look_open(struct request *r, struct why *w)
{
	const struct msg_mailbox_open *m = &r->m.mailbox_open;
	struct mailbox *mb = mailbox_of(r, m->session, m->mailbox, w);
	bool ok;

	if (mb == NULL)
		return false;
	/* the grant may have ended meanwhile, and with it the right */
	ok = is_free(mb, m->mode, w) && settle(mb, w) &&
	     mailbox_usable(mb, w) && mailbox_load(mb, w) &&
	     is_free(mb, m->mode, w) &&
	     request_user(r, m->session, w) != NULL && open_it(r, mb, w);
	mailbox_unref(mb);
	return ok;
}

bool
look_status(struct request *r, struct why *w)
{
	const struct msg_mailbox_status *m = &r->m.mailbox_status;
	struct mailbox *mb = mailbox_of(r, m->session, m->mailbox, w);
	struct message reply = { .type = MSG_mailbox_state };
	bool ok;

	if (mb == NULL)
		return false;
	ok = settle(mb, w);
	if (ok) {
		reply.mailbox_state =
		    (struct msg_mailbox_state){ .messages = mb->h.count,
			    .recent = mb->h.recent,
			    .unseen = mb->h.unseen,
			    .deleted = mb->h.deleted,
			    .uidnext = mb->h.uidnext,
			    .uidvalidity = mb->h.uidvalidity,
			    .size = mb->h.octets,
			    .modseq = mb->h.modseq };
		request_reply(r, &reply);
	}
	mailbox_unref(mb);
	return ok;
}

void
look_close(struct channel *c, uint32_t tag UNUSED, struct msg_mailbox_close *m)
{
	struct handle *h = handle_find(link_of(c), m->handle);

	if (h != NULL)
		handle_close(h);
}

/*
 * Contents
 */

struct contents {
	struct mailbox *mb;
	struct fds files;
	struct str uids;
	int error;
};

static void
open_one(void *arg, size_t i)
{
	struct contents *c = arg;
	struct str name = { 0 };
	struct entry e;
	int fd;

	if (c->files.n == FDS_MAX || c->error != 0)
		return;
	records_at(&c->mb->records, i, &e);
	mailbox_file_name(&e, &name);
	fd = maildir_open_file(c->mb->cur, name.p);
	if (fd < 0)
		c->error = errno;
	else if (fresh_is_broken(&e, fd)) {
		c->error = EAGAIN;
		close(fd);
	} else {
		c->files.fd[c->files.n++] = fd;
		list_put_u32(&c->uids, e.r.uid);
	}
	str_free(&name);
}

static void
contents_free(struct contents *c)
{
	for (uint32_t i = 0; i < c->files.n; i++)
		close(c->files.fd[i]);
	c->files.n = 0;
	str_free(&c->uids);
}

/* Open what the set names; false: c->error, nothing is open. */
static bool
open_all(struct mailbox *mb, struct view uids, struct contents *c)
{
	struct arena arena;
	struct numset set;

	*c = (struct contents){ .mb = mb };
	arena_init(&arena);
	if (numset_parse(uids, mb->h.uidnext - 1, &arena, &set))
		records_each(&mb->records, &set, open_one, c);
	arena_reset(&arena);
	if (c->error != 0)
		contents_free(c);
	return c->error == 0;
}

static void
send_contents(struct channel *ch, uint32_t tag, struct contents *c)
{
	struct message m = { .type = MSG_contents, .tag = tag };

	m.contents.uids = str_view(&c->uids);
	m.contents.files = c->files;
	channel_send(ch, &m);
	str_free(&c->uids);
}

/* A file has another name than the row thinks, or is gone: look. */
static bool
search(struct request *r, struct why *w)
{
	const struct msg_content_open *m = &r->m.content_open;
	struct mailbox *mb = request_mailbox(r, m->handle, w);
	struct contents c;
	bool ok;

	if (mb == NULL)
		return false;
	ok = open_all(mb, m->uids, &c) ||
	     (mailbox_rebuild(mb, w) && open_all(mb, m->uids, &c));
	mailbox_unref(mb);
	if (ok && r->link->channel != NULL)
		send_contents(r->link->channel, r->tag, &c);
	else if (ok)
		contents_free(&c);
	else if (w->verdict == 0)
		trouble_errno(w, "Opening a message", c.error);
	return ok;
}

void
look_content(struct channel *ch, uint32_t tag, struct msg_content_open *m)
{
	struct handle *h = handle_find(link_of(ch), m->handle);
	struct contents c;
	struct message copy = {
		.type = MSG_content_open, .tag = tag, .content_open = *m
	};
	struct why w;

	if (h != NULL && h->mb->ready && !h->mb->stale && !h->mb->deleted &&
	    mailbox_load(h->mb, &w)) {
		if (open_all(h->mb, m->uids, &c)) {
			send_contents(ch, tag, &c);
			return;
		}
		if (c.error != ENOENT) {
			trouble_errno(&w, "Opening a message", c.error);
			channel_answer(ch, tag, &w);
			return;
		}
	}
	request_start(ch, &copy, search);
}
