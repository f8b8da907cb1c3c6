/* SPDX-License-Identifier: ISC */
/*
 * message - encoder and decoder, made from messages.def
 *
 * A frame is a head (length, type, number of descriptors, tag) and the fields
 * in the order of the table. Integers are big-endian; a text or list is a u32
 * count and its octets; a descriptor is an octet that says whether it is there.
 * The reader has a sticky error that is asked once at the end, together with
 * "was all of it used".
 */
#include <unistd.h>

#include "lib/proc/message.h"

struct reader {
	struct view rest;
	const struct fds *fds;
	uint32_t fds_used;
	bool bad;
};

struct writer {
	struct str *out;
	struct fds *fds;
	bool bad;
};

static void
put_bytes(struct writer *w, uint64_t n, int bytes)
{
	unsigned char b[8];

	for (int i = 0; i < bytes; i++)
		b[i] = (unsigned char)(n >> (8 * (bytes - 1 - i)));
	str_addn(w->out, b, (size_t)bytes);
}

static uint64_t
get_bytes(struct reader *r, size_t bytes)
{
	uint64_t n = 0;

	if (r->rest.n < bytes) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)r->rest.p[i];
	r->rest = view_skip(r->rest, bytes);
	return n;
}

#define INTEGER(type, bytes)                                                   \
	static void put_##type(struct writer *w, const message_##type *v)      \
	{                                                                      \
		put_bytes(w, (uint64_t)*v, bytes);                             \
	}                                                                      \
	static void get_##type(struct reader *r, message_##type *v)            \
	{                                                                      \
		*v = (message_##type)get_bytes(r, bytes);                      \
	}
INTEGER(u8, 1)
INTEGER(u32, 4)
INTEGER(u64, 8)
INTEGER(i64, 8)

static void
put_text(struct writer *w, const struct view *v)
{
	if (v->n > FRAME_MAX) {
		w->bad = true;
		return;
	}
	put_bytes(w, v->n, 4);
	str_add(w->out, *v);
}

static void
get_text(struct reader *r, struct view *v)
{
	size_t n = get_bytes(r, 4);

	*v = VIEW_NONE;
	if (n > r->rest.n) {
		r->bad = true;
		return;
	}
	*v = (struct view){ r->rest.p, n };
	r->rest = view_skip(r->rest, n);
}

static void
put_list(struct writer *w, const struct view *v)
{
	put_text(w, v);
}

static void
get_list(struct reader *r, struct view *v)
{
	get_text(r, v);
	if (!list_ok(*v, NULL))
		r->bad = true;
}

static void
put_one_fd(struct writer *w, int fd)
{
	if (w->fds->n == FDS_MAX)
		w->bad = true;
	else
		w->fds->fd[w->fds->n++] = fd;
}

static void
put_fd(struct writer *w, const int *fd)
{
	put_bytes(w, *fd >= 0, 1);
	if (*fd >= 0)
		put_one_fd(w, *fd);
}

static int
get_one_fd(struct reader *r)
{
	if (r->fds_used == r->fds->n) {
		r->bad = true;
		return -1;
	}
	return r->fds->fd[r->fds_used++];
}

static void
get_fd(struct reader *r, int *fd)
{
	uint64_t there = get_bytes(r, 1);

	if (there > 1)
		r->bad = true;
	*fd = there == 1 ? get_one_fd(r) : -1;
}

static void
put_fds(struct writer *w, const struct fds *fds)
{
	put_bytes(w, fds->n, 4);
	for (uint32_t i = 0; i < fds->n; i++)
		put_one_fd(w, fds->fd[i]);
}

static void
get_fds(struct reader *r, struct fds *fds)
{
	uint32_t n = (uint32_t)get_bytes(r, 4);

	fds->n = 0;
	if (n > FDS_MAX)
		r->bad = true;
	while (!r->bad && fds->n < n)
		fds->fd[fds->n++] = get_one_fd(r);
}

/* one encoder and one decoder a message */
#define FIELD(type, name, words) put_##type(w, &m->name);
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	static void encode_##name(struct writer *w, const struct message *msg) \
	{                                                                      \
		const struct msg_##name *m = &msg->name;                       \
		(void)w;                                                       \
		(void)m;                                                       \
		__VA_ARGS__                                                    \
	}
#include "lib/proc/messages.def"
#undef MESSAGE
#undef FIELD

#define FIELD(type, name, words) get_##type(r, &m->name);
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	static void decode_##name(struct reader *r, struct message *msg)       \
	{                                                                      \
		struct msg_##name *m = &msg->name;                             \
		(void)r;                                                       \
		(void)m;                                                       \
		__VA_ARGS__                                                    \
	}
#include "lib/proc/messages.def"
#undef MESSAGE
#undef FIELD

static const struct codec {
	struct message_info info;
	void (*encode)(struct writer *, const struct message *);
	void (*decode)(struct reader *, struct message *);
} codecs[MSG_LIMIT] = {
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	[number] = { { #name, from, to, sentence }, encode_##name,             \
		decode_##name },
#include "lib/proc/messages.def"
#undef MESSAGE
};

static const struct codec *
codec_of(unsigned type)
{
	return type < MSG_LIMIT && codecs[type].encode ? &codecs[type] : NULL;
}

const struct message_info *
message_info(unsigned type)
{
	static const struct message_info none;
	const struct codec *c = codec_of(type);

	return c ? &c->info : &none;
}

static void
patch(char *p, uint64_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (char)(n >> (8 * (bytes - 1 - i)));
}

bool
message_encode(const struct message *m, struct str *out, struct fds *fds)
{
	const struct codec *c = codec_of(m->type);
	struct writer w = { .out = out, .fds = fds };
	size_t start = out->n, length;

	must(c != NULL);
	fds->n = 0;
	str_addn(out, "\0\0\0\0\0\0\0\0\0\0\0\0", FRAME_HEAD);
	c->encode(&w, m);
	length = out->n - start;
	if (w.bad || length > FRAME_MAX) {
		out->n = start;
		return false;
	}
	patch(out->p + start, length, 4);
	patch(out->p + start + 4, m->type, 2);
	patch(out->p + start + 6, fds->n, 2);
	patch(out->p + start + 8, m->tag, 4);
	return true;
}

size_t
message_frame(struct view v, uint32_t *nfds)
{
	struct reader r = { .rest = v };
	uint64_t length, type;

	if (v.n < FRAME_HEAD)
		return 0;
	length = get_bytes(&r, 4);
	type = get_bytes(&r, 2);
	*nfds = (uint32_t)get_bytes(&r, 2);
	if (length < FRAME_HEAD || length > FRAME_MAX || *nfds > FDS_MAX ||
	    codec_of((unsigned)type) == NULL)
		return SIZE_MAX;
	return length;
}

bool
message_decode(struct view frame, const struct fds *fds, struct message *m)
{
	struct reader r = { .rest = frame, .fds = fds };
	uint64_t length = get_bytes(&r, 4);
	unsigned type = (unsigned)get_bytes(&r, 2);
	uint64_t nfds = get_bytes(&r, 2);
	const struct codec *c = codec_of(type);

	m->tag = (uint32_t)get_bytes(&r, 4);
	m->type = (enum message_type)type;
	if (r.bad || c == NULL || length != frame.n || nfds != fds->n)
		return false;
	c->decode(&r, m);
	return !r.bad && r.rest.n == 0 && r.fds_used == fds->n;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_fds(struct fds *fds)
{
	for (uint32_t i = 0; i < fds->n; i++)
		close_fd(&fds->fd[i]);
	fds->n = 0;
}

#define close_u8(v)	((void)(v))
#define close_u32(v)	((void)(v))
#define close_u64(v)	((void)(v))
#define close_i64(v)	((void)(v))
#define close_text(v)	((void)(v))
#define close_list(v)	((void)(v))
#define FIELD(type, name, words) close_##type(&m->name);
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	case MSG_##name: {                                                     \
		struct msg_##name *m = &msg->name;                             \
		(void)m;                                                       \
		__VA_ARGS__                                                    \
		break;                                                         \
	}

void
message_close(struct message *msg)
{
	switch (msg->type) {
#include "lib/proc/messages.def"
	case MSG_LIMIT:
		break;
	}
}
#undef MESSAGE
#undef FIELD

uint64_t
message_digest(void)
{
	static const char table[] =
#define FIELD(type, name, words) #type " " #name ";"
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	#name " " #number " " #from " " #to "{" __VA_ARGS__ "}"
#include "lib/proc/messages.def"
#undef MESSAGE
#undef FIELD
	    ;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(table) - 1; i++)
		h = (h ^ (unsigned char)table[i]) * 1099511628211u;
	return h;
}
