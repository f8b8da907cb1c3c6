/* SPDX-License-Identifier: ISC */
/*
 * content - take, check, write
 *
 * Only names of fields are looked at octet by octet; lib/mail/text.h and memchr
 * do the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/mail/utf8.h"
#include "smtpd/content.h"

static const char *const names[FIELDS] = { "date", "message-id" };

void
content_begin(struct content *c, uint64_t limit)
{
	*c = (struct content){ .fd = -1, .limit = limit };
}

void
content_free(struct content *c)
{
	str_free(&c->front);
	str_free(&c->body);
	free(c->why);
	c->why = NULL;
}

/* Fill in c->why through the macro's caller; the first reason stays. */
static struct why *
refuse(struct content *c)
{
	str_free(&c->body);
	str_free(&c->front);
	c->why = xcalloc(1, sizeof(*c->why));
	return c->why;
}

static bool
write_failed(struct why *w, int error)
{
	if (error == ENOSPC || error == EDQUOT)
		return why_later(w, "3.1", "No space for mail at present");
	return why_later(w, "3.0", "The mail cannot be written at present");
}

/* Before the first octet is written. A header of more than a chunk stays as it
 * is. */
static void
complete(struct content *c)
{
	if (!c->in_body && !c->unstuff.done)
		return;
	for (size_t i = 0; i < FIELDS; i++)
		if (!c->has[i])
			str_add(&c->front, c->missing[i]);
}

/* Write front and body with one call, more if the kernel wants it so. */
static bool
flush(struct content *c, struct why *w)
{
	struct str *part[2] = { &c->front, &c->body };

	if (c->written == 0)
		complete(c);
	while (c->front.n > 0 || c->body.n > 0) {
		struct iovec iov[2];
		ssize_t n;
		size_t rest;

		for (int i = 0; i < 2; i++) {
			iov[i].iov_base = part[i]->p;
			iov[i].iov_len = part[i]->n;
		}
		n = writev(c->fd, iov, 2);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return write_failed(w, n < 0 ? errno : EIO);
		c->written += (uint64_t)n;
		rest = (size_t)n;
		for (int i = 0; i < 2; i++) {
			size_t some = rest < part[i]->n ? rest : part[i]->n;

			str_drop(part[i], some);
			rest -= some;
		}
	}
	c->scanned = 0;
	return true;
}

/* The name of a field is complete; blanks behind it are no part of it. */
static void
note_field(struct content *c)
{
	struct view name = { c->name, c->name_n };

	while (name.n > 0 && (name.p[name.n - 1] == ' ' ||
		name.p[name.n - 1] == '\t'))
		name.n--;
	c->received += view_is(name, "received");
	for (size_t i = 0; i < FIELDS; i++)
		c->has[i] |= view_is(name, names[i]);
}

/* Go on reading the name at the beginning of a line. */
static size_t
take_name(struct content *c, struct view v)
{
	size_t i = 0;

	for (; i < v.n && !c->named; i++) {
		if (c->name_n == 0 && v.p[i] == '\r') {
			c->in_body = true;
			return v.n;
		}
		c->named = v.p[i] == ':' || v.p[i] == '\r' ||
		    c->name_n == sizeof(c->name);
		if (!c->named)
			c->name[c->name_n++] = to_lower(v.p[i]);
		else if (v.p[i] == ':')
			note_field(c);
	}
	return i;
}

/* Look at the fields in what is new; stops at the empty line. */
static void
scan(struct content *c)
{
	struct view v = view_skip(str_view(&c->body), c->scanned);

	while (v.n > 0 && !c->in_body) {
		const char *end;

		v = view_skip(v, take_name(c, v));
		end = c->named ? memchr(v.p, '\n', v.n) : NULL;
		if (end == NULL)
			break;
		v = view_skip(v, (size_t)(end - v.p) + 1);
		c->name_n = 0;
		c->named = false;
	}
	c->scanned = c->body.n;
}

static void
check(struct content *c)
{
	const struct text_unstuff *t = &c->unstuff;

	if (t->bare_lf)
		why_never(refuse(c), "6.0",
		    "A line ends with LF alone; lines end with CR LF");
	else if (t->bare_cr)
		why_never(refuse(c), "6.0",
		    "A CR stands alone; lines end with CR LF");
	else if (t->nul)
		why_never(refuse(c), "6.0", "The mail has a NUL octet");
	else if (t->longest > CONTENT_LINE || t->line > CONTENT_LINE)
		why_never(refuse(c), "6.0",
		    "A line is longer than %d octets", CONTENT_LINE);
	else if (t->size > c->limit)
		why_never(refuse(c), "3.4",
		    "The mail is larger than %llu octets",
		    (unsigned long long)c->limit);
}

static size_t
swallow(struct content *c, struct view in)
{
	size_t n = text_unstuff(&c->unstuff, in, &c->body);

	c->swallowed += n;
	str_reset(&c->body);
	return n;
}

size_t
content_take(struct content *c, struct view in)
{
	size_t n, had = c->body.n;
	struct why w;

	if (c->why != NULL)
		return swallow(c, in);
	n = text_unstuff(&c->unstuff, in, &c->body);
	check(c);
	if (c->why != NULL)
		return n;
	if (!c->eight)
		c->eight = !utf8_is_ascii(view_skip(str_view(&c->body), had));
	if (!c->in_body)
		scan(c);
	if (c->body.n >= CONTENT_CHUNK && !flush(c, &w))
		*refuse(c) = w;
	return n;
}

bool
content_end(struct content *c, struct why *w)
{
	if (c->why != NULL) {
		*w = *c->why;
		return false;
	}
	return flush(c, w);
}
