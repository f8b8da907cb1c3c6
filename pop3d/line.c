/* SPDX-License-Identifier: ISC */
/*
 * line - one deadline for a silent client, one for a login that never comes
 */
#include "lib/proc/service.h"
#include "pop3d/line.h"

static const char *const reasons[] = {
	[STREAM_EOF] = "Connection closed",
	[STREAM_TIMEOUT] = "Inactivity",
	[STREAM_CANCELLED] = "Server shutting down",
};

enum stream_end
line_next(struct stream *s, struct view *line, size_t max, int64_t until,
    const char **end)
{
	int64_t silent = deadline_in(service_settings()->pop3_timeout * 1000);
	enum stream_end e = stream_line(s, line, max, false,
	    until < silent ? until : silent);

	if (e != STREAM_OK && e != STREAM_TOO_LONG)
		*end = reasons[e];
	return e;
}

void
line_begin(struct stream *s)
{
	int64_t silent = service_settings()->pop3_timeout * 1000;

	if (silent < s->write_deadline_ms)
		s->write_deadline_ms = silent;
}
