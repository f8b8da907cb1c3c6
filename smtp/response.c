/* SPDX-License-Identifier: ISC */
/*
 * response - lines of one code, put together
 */
#include <stdio.h>

#include "lib/mail/reply.h"
#include "smtp/response.h"

#define KEPT	1024	/* memory for text that a quiet connection keeps */

void
response_reset(struct response *r)
{
	r->code = 0;
	r->status[0] = '\0';
	if (r->text.cap > KEPT)
		str_free(&r->text);
	else
		str_reset(&r->text);
}

void
response_free(struct response *r)
{
	str_free(&r->text);
}

/* The first status counts; its class is that of the code. */
static void
take_status(struct response *r, struct view status)
{
	if (r->status[0] == '\0' && status.n > 2)
		snprintf(r->status, sizeof(r->status), "%.*s",
		    VIEW(view_skip(status, 2)));
}

enum response_end
response_add(struct response *r, struct view line)
{
	struct reply_line l;

	if (!reply_parse(line, &l) || r->text.n + line.n + 1 > RESPONSE_MOST ||
	    (r->text.n > 0 && l.code != r->code))
		return RESPONSE_JUNK;
	if (r->text.n > 0)
		str_addc(&r->text, '\n');
	r->code = l.code;
	take_status(r, l.status);
	reply_clean(&r->text, line);
	return l.last ? RESPONSE_COMPLETE : RESPONSE_LOST;
}

enum response_end
response_read(struct response *r, struct stream *s, int64_t deadline)
{
	struct view line;
	enum response_end e;

	response_reset(r);
	do {
		switch (stream_line(s, &line, RESPONSE_LINE, false, deadline)) {
		case STREAM_OK:
			break;
		case STREAM_TIMEOUT:
			return RESPONSE_TIMEOUT;
		case STREAM_TOO_LONG:
			return RESPONSE_JUNK;
		default:
			return RESPONSE_LOST;
		}
		e = response_add(r, line);
	} while (e == RESPONSE_LOST);
	return e;
}

bool
response_line(const struct response *r, size_t *at, struct view *line)
{
	struct view rest = str_view(&r->text);

	if (*at >= rest.n)
		return false;
	rest = view_skip(rest, *at);
	line->p = rest.p;
	line->n = view_find(rest, '\n');
	*at += line->n + 1;
	*line = view_skip(*line, line->n > 3 ? 4 : line->n);
	return true;
}
