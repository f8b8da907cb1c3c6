/* SPDX-License-Identifier: ISC */
/*
 * convert - the mapped file, through downgrade, to a counter or a stream
 */
#include <sys/mman.h>

#include <unistd.h>

#include "lib/mail/text.h"
#include "smtp/content.h"
#include "smtp/convert.h"

#define FLUSH_AT 65536

struct mapped {
	void *p;
	size_t n;
	struct view message;	/* behind Return-Path */
};

/* The file with another header in it: that is written in front of the body, over
 * the old one and, as far as it is longer, into memory before the file. The pages
 * of the body stay those of the file. */
static char *
map_headed(const struct job *j, struct mapped *m)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), body = job_kept(j);
	size_t before = (j->header.n + page - 1) / page * page;
	char *p;

	m->n = before + (size_t)j->m.size;
	p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return p;
	if (mmap(p + before, (size_t)j->m.size, PROT_READ,
		MAP_PRIVATE | MAP_FIXED, j->m.content, 0) == MAP_FAILED ||
	    mprotect(p, before + body, PROT_READ | PROT_WRITE) < 0) {
		munmap(p, m->n);
		return MAP_FAILED;
	}
	m->message = view_skip(view_bytes(p, m->n), before + body -
	    j->header.n);
	memcpy(p + before + body - j->header.n, j->header.p, j->header.n);
	return p;
}

static char *
map_file(const struct job *j, struct mapped *m)
{
	m->n = (size_t)j->m.size;
	m->p = m->n > 0 ? mmap(NULL, m->n, PROT_READ, MAP_SHARED, j->m.content,
	    0) : NULL;
	m->message = view_skip(view_bytes(m->p, m->n), j->m.skip);
	return m->p;
}

static bool
map(const struct job *j, struct mapped *m, struct outcome *o)
{
	m->p = j->header_was > 0 ? map_headed(j, m) : map_file(j, m);
	return m->p != MAP_FAILED || outcome_later(o, "3.0", "the content in "
	    "the spool cannot be read");
}

static void
unmap(struct mapped *m)
{
	if (m->p != NULL)
		munmap(m->p, m->n);
}

bool
convert_look(struct job *j, bool *utf8_header, struct outcome *o)
{
	struct downgrade_look look;
	struct mapped m;

	if (!j->looked_at) {
		if (!map(j, &m, o))
			return false;
		downgrade_look(m.message, &look);
		unmap(&m);
		j->looked_at = true;
		j->utf8_header = look.utf8_header;
	}
	*utf8_header = j->utf8_header;
	return true;
}

static bool
rewrite(const struct job *j, enum downgrade_level level,
    const struct downgrade_sink *sink, struct outcome *o)
{
	struct arena parts = { 0 };
	struct mapped m;
	struct why w;
	bool ok;

	if (!map(j, &m, o))
		return false;
	ok = downgrade(m.message, level, &parts, sink, &w) ||
	    outcome_why(o, &w);
	arena_reset(&parts);
	unmap(&m);
	return ok;
}

static bool
count(void *arg, struct view piece)
{
	*(uint64_t *)arg += piece.n;
	return true;
}

bool
convert_measure(const struct job *j, enum downgrade_level level,
    uint64_t *size, struct outcome *o)
{
	const struct downgrade_sink sink = { count, size };

	*size = 0;
	return rewrite(j, level, &sink, o);
}

struct writer {
	struct stream *stream;
	struct text_stuff dots;
};

static bool
put(void *arg, struct view piece)
{
	struct writer *w = arg;

	text_stuff(&w->dots, piece, &w->stream->out);
	return w->stream->out.n < FLUSH_AT || stream_flush(w->stream);
}

bool
convert_send(const struct job *j, enum downgrade_level level, struct client *c,
    struct outcome *o)
{
	struct writer w = { .stream = &c->stream, .dots = { .clean = true } };
	const struct downgrade_sink sink = { put, &w };

	if (rewrite(j, level, &sink, o)) {
		text_stuff_end(&w.dots, &c->stream.out);
		return true;
	}
	if (c->stream.failed)
		return content_interrupted(c, o);
	c->broken = true;
	return false;
}
