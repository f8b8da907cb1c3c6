/* SPDX-License-Identifier: ISC */
/*
 * look - snapshots, numbers and contents
 *
 * A snapshot is a sealed memfd of the packed records. It is kept and given to
 * everybody until something changes, so opening a large mailbox again costs a
 * descriptor; what is \Recent, and which is the first unseen, is told beside it.
 * Contents are opened without a fiber; only when a file is not where it should be
 * is the directory looked at.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "store/access.h"
#include "store/attributes.h"
#include "store/compare.h"
#include "store/durable.h"
#include "store/fresh.h"
#include "store/load.h"
#include "store/look.h"
#include "store/maildir.h"
#include "store/seen.h"
#include "store/uidls.h"

/* Number of the first message without \Seen. */
static uint32_t
find_unseen(struct view all)
{
	for (size_t i = 0; i < record_count(all); i++)
		if (!(record_flags((const uint8_t *)all.p + i * RECORD_SIZE) &
			FLAG_SEEN))
			return (uint32_t)i + 1;
	return 0;
}

/* The same, remembered, as finding it may take a look at all. */
static uint32_t
first_unseen(struct mailbox *mb)
{
	if (mb->h.unseen == 0)
		return 0;
	if (mb->first_unseen == 0 || mb->unseen_modseq != mb->h.modseq)
		mb->first_unseen = find_unseen(records_view(&mb->records));
	mb->unseen_modseq = mb->h.modseq;
	return mb->first_unseen;
}

/* A memfd as somebody else than the owner sees it. */
static int
snapshot_of(const struct mailbox *mb, const struct reader *reader,
    uint32_t *unseen)
{
	struct view all = records_view(&mb->records);
	uint8_t *copy = xmalloc(all.n);
	int fd;

	if (all.n > 0)
		memcpy(copy, all.p, all.n);
	seen_overlay(reader, copy, all.n);
	*unseen = find_unseen(view_bytes(copy, all.n));
	fd = file_memfd("mailbox", view_bytes(copy, all.n));
	free(copy);
	return fd;
}

/* Beside it is told which is the first unseen, 0: none. */
static int
snapshot(struct mailbox *mb, const struct reader *reader, uint32_t *unseen)
{
	if (reader != NULL)
		return snapshot_of(mb, reader, unseen);
	*unseen = first_unseen(mb);
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

/* POP clients, and the command that writes mailboxes for other servers. */
static bool
wants_uidls(const struct request *r)
{
	const struct channel *c = r->link->channel;

	return r->m.mailbox_open.mode == 2 ||
	       (c != NULL && channel_peer(c)->role == ROLE_CTL);
}

/* Rights are asked for here, where nothing is waited for any more: acl_set()
 * sees every handle that there is. */
static bool
open_it(struct request *r, struct mailbox *mb, struct access *a,
    struct why *w)
{
	const struct msg_mailbox_open *m = &r->m.mailbox_open;
	struct message reply = { .type = MSG_mailbox_opened };
	struct str letters = { 0 }, id = { 0 };
	struct reader *reader;
	struct handle *h;
	uint32_t unseen;
	int fd;

	if (!access_still(a, RIGHT_READ, w) || !access_reader(a, mb, &reader, w))
		return false;
	if (reader != NULL && m->mode == 2)
		return why_never(w, "7.0", "POP is for one's own mailboxes");
	fd = snapshot(mb, reader, &unseen);
	if (fd < 0)
		return trouble_errno(w, "Making a snapshot", errno);
	attributes_id(view_of(mb->user), view_of(mb->name), &mb->h, &id);
	h = handle_new(r->link, mb, m->session, m->mode);
	h->reader = reader;
	h->rights = a->rights;
	rights_write(&letters, a->rights, false);
	reply.mailbox_opened = (struct msg_mailbox_opened){ .handle = h->number,
		.uidvalidity = mb->h.uidvalidity,
		.uidnext = mb->h.uidnext,
		.modseq = mb->h.modseq,
		.count = (uint32_t)mb->records.n,
		.first_recent = mb->h.first_recent,
		.recent = reader ? 0 : mb->h.recent,
		.unseen = unseen,
		.keywords = str_view(&mb->h.keywords),
		.rights = str_view(&letters),
		.shared = reader != NULL,
		.id = str_view(&id),
		.index = fd,
		.uidls = wants_uidls(r) ? uidls_snapshot(mb) : -1 };
	request_reply(r, &reply);
	str_free(&letters);
	str_free(&id);
	if (m->mode != 0 && reader == NULL && mb->h.recent > 0) {
		mb->h.first_recent = mb->h.uidnext;
		mb->h.recent = 0;
		mailbox_touch(mb);
	}
	return true;
}

bool
look_open(struct request *r, struct why *w)
{
	const struct msg_mailbox_open *m = &r->m.mailbox_open;
	struct access a;
	struct mailbox *mb = access_open(r, m->session, m->mailbox, RIGHT_READ,
	    &a, w);
	bool ok;

	if (mb == NULL)
		return false;
	/* the grant may have ended meanwhile, and with it the right */
	ok = is_free(mb, m->mode, w) && mailbox_settle(mb, w) &&
	     mailbox_usable(mb, w) && mailbox_load(mb, w) &&
	     is_free(mb, m->mode, w) &&
	     request_user(r, m->session, w) != NULL && open_it(r, mb, &a, w);
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

	if (h != NULL && (h->rights & RIGHT_READ) && h->mb->ready && !h->mb->stale && !h->mb->deleted &&
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
