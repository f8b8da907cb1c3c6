/* SPDX-License-Identifier: ISC */
/*
 * read - a message from standard input, up to its end or to a lone dot
 */
#include <errno.h>
#include <unistd.h>

#include "sendmail/letter.h"

#define CHUNK 65536

/* Where a line that is a single dot begins, looking from *from on; raw->n if
 * there is none yet. *from moves on to the last unfinished line. */
static size_t
find_dot(const struct str *raw, size_t *from)
{
	for (;;) {
		struct view line = view_skip(str_view(raw), *from);
		size_t n = view_find(line, '\n');

		if (n == line.n)
			return raw->n;
		if (line.p[0] == '.' &&
		    (n == 1 || (n == 2 && line.p[1] == '\r')))
			return *from;
		*from += n + 1;
	}
}

bool
letter_read(struct str *raw, int fd, bool dot_ends, struct why *w)
{
	static char chunk[CHUNK];
	size_t line = 0, dot;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return why_errno(w, "standard input");
		str_addn(raw, chunk, (size_t)n);
		if (str_full(raw))
			return why_never(w, "3.4", "the message is larger "
			    "than %zu octets", raw->limit);
		dot = dot_ends ? find_dot(raw, &line) : raw->n;
		if (dot < raw->n) {
			raw->n = dot;
			break;
		}
	}
	return true;
}
