/* SPDX-License-Identifier: ISC */
/*
 * wire - find the line feeds, copy what stands between
 */
#include <string.h>

#include "lib/mail/wire.h"

/* The first LF without a CR at or behind from, or text.n. */
static size_t
find_lone(struct view text, size_t from)
{
	while (from < text.n) {
		const char *p = memchr(text.p + from, '\n', text.n - from);
		size_t at = p != NULL ? (size_t)(p - text.p) : text.n;

		if (at == text.n || at == 0 || text.p[at - 1] != '\r')
			return at;
		from = at + 1;
	}
	return text.n;
}

bool
wire_lines(struct view text, struct str *out)
{
	size_t from = 0, at = find_lone(text, 0);

	if (at == text.n)
		return false;
	for (; at < text.n; at = find_lone(text, at + 1)) {
		str_add(out, view_bytes(text.p + from, at - from));
		str_adds(out, "\r\n");
		from = at + 1;
	}
	str_add(out, view_skip(text, from));
	return true;
}

void
wire_to_lf(struct view text, struct str *out)
{
	while (text.n > 0) {
		const char *p = memchr(text.p, '\n', text.n);
		size_t n = p != NULL ? (size_t)(p - text.p) : text.n;
		bool pair = p != NULL && n > 0 && text.p[n - 1] == '\r';

		str_addn(out, text.p, pair ? n - 1 : n);
		if (p == NULL)
			return;
		str_addc(out, '\n');
		text = view_skip(text, n + 1);
	}
}
