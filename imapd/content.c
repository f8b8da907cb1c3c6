/* SPDX-License-Identifier: ISC */
/*
 * content - files of messages: read, mapped, or passed through
 *
 * A file that is mapped must not become shorter: nobody but store touches the
 * files of a mailbox, and store never writes one again. Still only those that
 * are too large for the buffer are mapped.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <unistd.h>

#include "imapd/box.h"
#include "imapd/content.h"
#include "lib/base/file.h"
#include "lib/mail/header.h"
#include "lib/proc/channel.h"

#define HEAD_FIRST  8192u	/* most headers are shorter */
#define BUFFER_MOST (256u * 1024)
#define PIECE	    65536u

/* ---- asking store ---- */

/* Both lists ascend; what store left out is gone. */
static void
match(struct contents *c, struct msg_contents *got)
{
	struct view uids = got->uids;
	uint32_t uid, i = 0, k = 0;

	while (k < got->files.n && list_next_u32(&uids, &uid)) {
		while (i < c->n && c->uid[i] < uid)
			i++;
		if (i < c->n && c->uid[i] == uid)
			c->fd[i] = fd_take(&got->files.fd[k]);
		k++;
	}
}

bool
contents_of(struct imap *im, uint32_t handle, struct contents *c,
    struct why *w)
{
	struct message m = { .type = MSG_content_open };
	struct reply reply = { 0 };
	struct numset_text text;
	struct str uids = { 0 };
	bool fine;

	numset_begin(&text, &uids);
	for (uint32_t i = 0; i < c->n; i++) {
		c->fd[i] = -1;
		numset_put(&text, c->uid[i]);
	}
	numset_end(&text);
	m.content_open.handle = handle;
	m.content_open.uids = str_view(&uids);
	fine = store_ask(im, &m, &reply, w) &&
	    store_want(&reply, MSG_contents, w);
	if (fine)
		match(c, &reply.m.contents);
	reply_free(&reply);
	str_free(&uids);
	return fine;
}

bool
contents_open(struct imap *im, struct contents *c, struct why *w)
{
	return contents_of(im, box_looked_at(im)->handle, c, w);
}

void
contents_close(struct contents *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	c->n = 0;
}

/* ---- one message ---- */

static void
forget(struct content *c)
{
	if (c->mapped)
		file_unmap(c->all);
	c->mapped = false;
	c->all = (struct view){ NULL, 0 };
	memset(c->known, 0, sizeof(c->known));
	c->root = NULL;
	str_reset(&c->buffer);
	arena_reset(&c->arena);
}

bool
content_begin(struct content *c, int fd)
{
	struct stat st;

	forget(c);
	c->fd = fd;
	if (fstat(fd, &st) < 0 || st.st_size < 0)
		return false;
	c->size = (uint64_t)st.st_size;
	return true;
}

void
content_begin_known(struct content *c, const struct view known[CACHE_KINDS])
{
	forget(c);
	c->fd = -1;
	c->size = 0;
	memcpy(c->known, known, sizeof(c->known));
}

bool
content_is_open(const struct content *c)
{
	return c->fd >= 0;
}

void
content_free(struct content *c)
{
	forget(c);
	str_free(&c->buffer);
}

/* Have the first n octets in the buffer. */
static bool
read_up_to(struct content *c, size_t n)
{
	size_t have = c->buffer.n;

	if (n > c->size)
		n = (size_t)c->size;
	if (n <= have)
		return true;
	if (!file_pread_all(c->fd, str_room(&c->buffer, n - have), n - have,
		(off_t)have))
		return false;
	c->buffer.n = n;
	return true;
}

bool
content_all(struct content *c, struct view *all)
{
	if (c->all.p == NULL && c->size > BUFFER_MOST) {
		c->all = file_map(c->fd);
		c->mapped = c->all.p != NULL;
	} else if (c->all.p == NULL && read_up_to(c, (size_t)c->size)) {
		c->all = str_view(&c->buffer);
	}
	*all = c->all;
	return c->all.p != NULL;
}

bool
content_header(struct content *c, struct view *header)
{
	size_t want = HEAD_FIRST;

	if (!content_is_open(c)) {
		*header = c->known[CACHE_HEADER];
		return header->p != NULL;
	}
	while (c->all.p == NULL && want < BUFFER_MOST) {
		struct view v;

		if (!read_up_to(c, want))
			return false;
		v = str_view(&c->buffer);
		*header = (struct view){ v.p, header_size(v) };
		if (header->n < v.n || v.n == c->size)
			return true;
		want *= 4;
	}
	if (!content_all(c, header))
		return false;
	header->n = header_size(*header);
	return true;
}

const struct mime_part *
content_root(struct content *c)
{
	struct view all;

	if (c->root == NULL && content_all(c, &all))
		c->root = mime_parse(all, &c->arena);
	return c->root;
}

/* ---- to the client ---- */

/* The last n octets of out. */
static void
hide_nul(struct str *out, size_t n)
{
	char *at = out->p + out->n - n, *end = out->p + out->n;

	while ((at = memchr(at, '\0', (size_t)(end - at))) != NULL)
		*at++ = (char)0x80;
}

void
content_show(struct str *out, struct view v)
{
	if (v.n == 0)
		return;
	str_add(out, v);
	hide_nul(out, v.n);
}

static bool
write_view(struct imap *im, struct view v)
{
	while (v.n > 0) {
		size_t n = v.n < PIECE ? v.n : PIECE;

		content_show(&im->out, (struct view){ v.p, n });
		v = view_skip(v, n);
		if (!out_push(im))
			return false;
	}
	return true;
}

static bool
write_file(struct imap *im, int fd, struct mime_range r)
{
	while (r.n > 0) {
		size_t n = r.n < PIECE ? r.n : PIECE;

		if (!file_pread_all(fd, str_room(&im->out, n), n, (off_t)r.at))
			return false;
		im->out.n += n;
		hide_nul(&im->out, n);
		r.at += n;
		r.n -= n;
		if (!out_push(im))
			return false;
	}
	return true;
}

bool
content_write(struct imap *im, struct content *c, struct mime_range r)
{
	struct view v = c->all.p ? c->all : str_view(&c->buffer);
	size_t n;

	if (r.at < v.n) {
		n = v.n - r.at < r.n ? v.n - r.at : r.n;
		if (!write_view(im, (struct view){ v.p + r.at, n }))
			return false;
		r.at += n;
		r.n -= n;
	}
	return write_file(im, c->fd, r);
}
