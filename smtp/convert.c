/* SPDX-License-Identifier: ISC */
/*
 * convert - the mapped file, through downgrade, to a counter or a stream
 */
#include <sys/mman.h>

#include "lib/mail/text.h"
#include "smtp/content.h"
#include "smtp/convert.h"

#define FLUSH_AT 65536

struct mapped {
	void *p;
	size_t n;
	struct view message;	/* behind Return-Path */
};

static bool
map(const struct job *j, struct mapped *m, struct outcome *o)
{
	m->n = (size_t)j->m.size;
	m->p = m->n > 0 ? mmap(NULL, m->n, PROT_READ, MAP_SHARED, j->m.content,
	    0) : NULL;
	if (m->p == MAP_FAILED)
		return outcome_later(o, "3.0", "the content in the spool "
		    "cannot be read");
	m->message = view_skip(view_bytes(m->p, m->n), j->m.skip);
	return true;
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
