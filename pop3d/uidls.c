/* SPDX-License-Identifier: ISC */
/*
 * uidls - looking for lines, by UID and by identifier
 *
 * A listing asks for one message after the other: the line behind the last one
 * is tried before the text is halved again and again.
 */
#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/mail/uidl_line.h"
#include "pop3d/uidls.h"

struct line {
	struct uidl_line l;	/* uid 0: it makes no sense */
	size_t end;		/* behind it */
};

static void
line_at(struct view text, size_t at, struct line *line)
{
	struct view rest = view_skip(text, at);

	uidl_line_read(view_cut(&rest, '\n'), &line->l);
	line->end = text.n - rest.n;
}

static size_t
line_begin(struct view text, size_t at)
{
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return at;
}

/* The first line with this UID or a greater one. */
static size_t
search(struct view text, uint32_t uid)
{
	size_t low = 0, high = text.n;
	struct line line;

	while (low < high) {
		size_t at = line_begin(text, low + (high - low) / 2);

		line_at(text, at, &line);
		if (line.l.uid < uid)
			low = line.end;
		else
			high = at;
	}
	return low;
}

void
uidls_open(struct uidls *u, int fd)
{
	struct view text = fd < 0 ? VIEW_NONE : file_map(fd);

	/* places in it have 32 bits */
	if (text.n > UINT32_MAX) {
		file_unmap(text);
		text = VIEW_NONE;
	}
	u->text = text;
}

void
uidls_close(struct uidls *u)
{
	if (u->text.n > 0)
		file_unmap(u->text);
	free(u->order);
	*u = (struct uidls){ 0 };
}

struct view
uidls_find(struct uidls *u, uint32_t uid, uint64_t content)
{
	struct line line;

	if (u->text.n == 0)
		return VIEW_NONE;
	line_at(u->text, u->at, &line);
	if (line.l.uid != uid)
		line_at(u->text, search(u->text, uid), &line);
	if (line.l.uid != uid || line.l.content != content)
		return VIEW_NONE;
	u->at = line.end < u->text.n ? line.end : 0;
	return line.l.uidl;
}

/* ---- by identifier ---- */

/* qsort has nowhere to put it. */
static struct view sorting;

static struct view
uidl_at(struct view text, uint32_t at)
{
	struct line line;

	line_at(text, at, &line);
	return line.l.uidl;
}

static int
by_uidl(const void *a, const void *b)
{
	return view_cmp(uidl_at(sorting, *(const uint32_t *)a),
	    uidl_at(sorting, *(const uint32_t *)b));
}

static void
put_in_order(struct uidls *u)
{
	size_t cap = 1;
	struct line line;

	for (size_t at = 0; at < u->text.n; at++)
		cap += u->text.p[at] == '\n';
	u->order = xcalloc(cap, sizeof(*u->order));
	for (size_t at = 0; at < u->text.n; at = line.end) {
		line_at(u->text, at, &line);
		if (line.l.uid != 0)
			u->order[u->n++] = (uint32_t)at;
	}
	sorting = u->text;
	qsort(u->order, u->n, sizeof(*u->order), by_uidl);
}

bool
uidls_has(struct uidls *u, struct view uidl)
{
	size_t low = 0, high;

	if (u->text.n > 0 && u->order == NULL)
		put_in_order(u);
	for (high = u->n; low < high;) {
		size_t mid = low + (high - low) / 2;
		int c = view_cmp(uidl_at(u->text, u->order[mid]), uidl);

		if (c == 0)
			return true;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
