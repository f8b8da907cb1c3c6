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

#include "lib/mail/header.h"
#include "lib/mail/spool.h"
#include "lib/mail/utf8.h"
#include "smtpd/content.h"

#define MISSING_MOST	1024	/* octets of missing fields that may be added */

static const char *const names[FIELDS] = { "date", "message-id" };

void
content_begin(struct content *c, uint64_t limit, enum content_form form)
{
	*c = (struct content){ .fd = -1, .limit = limit, .form = form };
}

void
content_free(struct content *c)
{
	str_free(&c->front);
	str_free(&c->body);
	str_free(&c->id);
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

/* For the log, while the header is at hand. */
static void
note_id(struct content *c, struct view field)
{
	struct view id = view_skip(field, field.n > 12 ? 12 : field.n);

	if (c->has[FIELD_MESSAGE_ID])
		header_find(str_view(&c->body), "Message-ID", &id);
	str_reset(&c->id);
	str_add(&c->id, view_trim(id));
}

/* Before the first octet is written. A header of more than a chunk stays as it
 * is. */
static void
complete(struct content *c)
{
	bool whole = c->in_body || c->unstuff.done;

	note_id(c, whole ? c->missing[FIELD_MESSAGE_ID] : VIEW_NONE);
	for (size_t i = 0; whole && i < FIELDS; i++)
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
	c->tls_field = view_is(name, "tls-required");
	c->to_field = c->mailbox.n > 0 && view_is(name, "delivered-to");
	c->to_at = 0;
	for (size_t i = 0; i < FIELDS; i++)
		c->has[i] |= view_is(name, names[i]);
}

/* Go on reading the name at the beginning of a line. */
static size_t
take_name(struct content *c, struct view v)
{
	size_t i = 0;

	for (; i < v.n && !c->named; i++) {
		c->in_body = c->name_n == 0 && v.p[i] == '\r';
		if (c->in_body)
			break;
		c->named = v.p[i] == ':' || v.p[i] == '\r' ||
		    c->name_n == sizeof(c->name);
		if (!c->named)
			c->name[c->name_n++] = to_lower(v.p[i]);
		else if (v.p[i] == ':')
			note_field(c);
	}
	return i;
}

/* The value of TLS-Required, as far as it comes. */
static void
take_value(struct content *c, struct view v)
{
	for (size_t i = 0; i < v.n && c->value_n < sizeof(c->value); i++)
		if (v.p[i] != ' ' && v.p[i] != '\t' && v.p[i] != '\r')
			c->value[c->value_n++] = to_lower(v.p[i]);
}

/* The value of Delivered-To, as far as it comes. */
static void
compare_value(struct content *c, struct view v)
{
	for (size_t i = 0; i < v.n && c->to_field; i++) {
		char o = to_lower(v.p[i]);

		if (o == '\r' || ((o == ' ' || o == '\t') &&
		    (c->to_at == 0 || c->to_at == c->mailbox.n)))
			continue;
		c->to_field = c->to_at < c->mailbox.n &&
		    o == to_lower(c->mailbox.p[c->to_at]);
		c->to_at++;
	}
}

static void
line_ended(struct content *c)
{
	c->loop |= c->to_field && c->to_at == c->mailbox.n;
	c->to_field = false;
	if (c->tls_field)
		c->tls_no |= view_is((struct view){ c->value, c->value_n },
		    "no");
	c->tls_field = false;
	c->name_n = c->value_n = 0;
	c->named = false;
}

/* Look at the fields in what is new; stops at the empty line. */
static void
scan(struct content *c)
{
	struct view all = view_skip(str_view(&c->body), c->scanned), v = all;

	while (v.n > 0 && !c->in_body) {
		struct view rest;
		const char *end;

		v = view_skip(v, take_name(c, v));
		end = c->named ? memchr(v.p, '\n', v.n) : NULL;
		rest = (struct view){ v.p,
			end ? (size_t)(end - v.p) : c->named ? v.n : 0 };
		if (c->tls_field)
			take_value(c, rest);
		if (c->to_field)
			compare_value(c, rest);
		v = view_skip(v, rest.n + (end != NULL));
		if (end == NULL)
			break;
		line_ended(c);
	}
	if (c->eight && !c->header_eight)
		c->header_eight = !utf8_is_ascii((struct view){ all.p,
		    all.n - v.n });
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
	size_t n = in.n;

	if (c->form == CONTENT_DOTS)
		n = text_unstuff(&c->unstuff, in, &c->body);
	c->swallowed += n;
	str_reset(&c->body);
	return n;
}

static size_t
take_lines(struct content *c, struct view in)
{
	size_t n = in.n, had = c->body.n;

	if (c->form == CONTENT_DOTS)
		n = text_unstuff(&c->unstuff, in, &c->body);
	else
		text_lines(&c->unstuff, in, &c->body);
	check(c);
	if (c->why != NULL)
		return n;
	if (!c->eight)
		c->eight = !utf8_is_ascii(view_skip(str_view(&c->body), had));
	if (!c->in_body)
		scan(c);
	return n;
}

/* Line by line to the end of the header, then as it is. */
static size_t
take_binary(struct content *c, struct view in)
{
	size_t taken = in.n;

	while (in.n > 0 && !c->in_body && c->why == NULL) {
		size_t n = view_find(in, '\n');

		n += n < in.n;
		take_lines(c, (struct view){ in.p, n });
		in = view_skip(in, n);
	}
	if (c->why != NULL) {
		c->swallowed += in.n;
		return taken;
	}
	str_add(&c->body, in);
	c->unstuff.size += in.n;
	check(c);
	return taken;
}

size_t
content_take(struct content *c, struct view in)
{
	size_t n;
	struct why w;

	if (c->why != NULL)
		return swallow(c, in);
	n = c->form == CONTENT_BINARY ? take_binary(c, in) :
	    take_lines(c, in);
	if (c->why == NULL && c->body.n >= CONTENT_CHUNK && !flush(c, &w))
		*refuse(c) = w;
	return n;
}

void
content_last(struct content *c)
{
	if (c->why != NULL)
		return;
	if (c->form == CONTENT_LINES || !c->in_body)
		text_lines_end(&c->unstuff, &c->body);
	check(c);
	if (c->why == NULL && !c->in_body)
		scan(c);
	c->unstuff.done = true;
}

void
content_refuse(struct content *c, const struct why *w)
{
	if (c->why == NULL)
		*refuse(c) = *w;
}

bool
content_needs_file(const struct content *c, struct view in)
{
	return c->fd < 0 && c->why == NULL && in.n > 0 &&
	    c->front.n + c->body.n + in.n > SPOOL_KEPT - MISSING_MOST;
}

/* All of it into one piece, for the commit. */
static void
join(struct content *c)
{
	struct str body = c->body;

	complete(c);
	c->body = c->front;
	c->front = (struct str){ 0 };
	str_add(&c->body, str_view(&body));
	str_free(&body);
	c->written = c->body.n;
}

bool
content_end(struct content *c, struct why *w)
{
	if (c->why != NULL) {
		*w = *c->why;
		return false;
	}
	if (c->fd >= 0)
		return flush(c, w);
	join(c);
	return true;
}
