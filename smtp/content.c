/* SPDX-License-Identifier: ISC */
/*
 * content - blocks of the spool file, put on the wire
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/mail/text.h"
#include "smtp/content.h"

#define BLOCK	65536	/* what stream_write() passes on without a copy */

/* One block into p; false when the file does not have it. */
static bool
read_block(const struct content *in, uint64_t at, char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = pread(in->fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

static bool
unreadable(struct client *c, struct outcome *o)
{
	c->broken = true;
	return outcome_later(o, "3.0", "the content in the spool cannot be "
	    "read");
}

/* All in one block, behind the commands that wait in the stream. */
static bool
send_small(const struct content *in, struct client *c, struct text_stuff *dots,
    struct outcome *o)
{
	static char block[CONTENT_SMALL];
	size_t n = (size_t)(in->end - in->at);
	char *to;

	if (dots != NULL)
		text_stuff(dots, in->head, &c->stream.out);
	else
		str_add(&c->stream.out, in->head);
	to = dots != NULL ? block : str_room(&c->stream.out, n);
	if (!read_block(in, in->at, to, n))
		return unreadable(c, o);
	if (dots != NULL)
		text_stuff(dots, view_bytes(block, n), &c->stream.out);
	else
		c->stream.out.n += n;
	return true;
}

bool
content_interrupted(struct client *c, struct outcome *o)
{
	c->stream.failed = false;	/* what was sent to us can be read */
	str_reset(&c->stream.out);
	if (!client_reply(c, PHASE_BODY, o))
		return false;
	c->broken = true;
	if (response_class(&c->response) < 4)
		return outcome_lost(o, c->host, PHASE_BODY);
	return client_refused(c, PHASE_BODY, o);
}

static bool
put(struct stream *s, struct view piece, struct text_stuff *dots)
{
	if (dots == NULL)
		return stream_write(s, piece);
	text_stuff(dots, piece, &s->out);
	return s->out.n < BLOCK || stream_flush(s);
}

static bool
send_blocks(const struct content *in, struct client *c, char *block,
    struct text_stuff *dots)
{
	bool ok = put(&c->stream, in->head, dots);

	for (uint64_t at = in->at; ok && at < in->end; at += BLOCK) {
		size_t n = in->end - at < BLOCK ? (size_t)(in->end - at) :
						  BLOCK;

		if (!read_block(in, at, block, n))
			return false;
		ok = put(&c->stream, view_bytes(block, n), dots);
	}
	return ok;
}

static bool
send_large(const struct content *in, struct client *c, struct text_stuff *dots,
    struct outcome *o)
{
	char *block = xmalloc(BLOCK);
	bool ok;

	ok = send_blocks(in, c, block, dots);
	free(block);
	if (ok)
		return true;
	return c->stream.failed ? content_interrupted(c, o) : unreadable(c, o);
}

bool
content_send(const struct content *in, struct client *c, bool dots,
    struct outcome *o)
{
	struct text_stuff stuff = { .clean = true };
	struct text_stuff *how = dots ? &stuff : NULL;

	if (in->head.n + in->end - in->at <= CONTENT_SMALL ?
		!send_small(in, c, how, o) : !send_large(in, c, how, o))
		return false;
	if (dots)
		text_stuff_end(&stuff, &c->stream.out);
	return true;
}
