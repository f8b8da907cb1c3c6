/* SPDX-License-Identifier: ISC */
/*
 * uidlist - line by line
 */
#include "lib/mail/uidlist.h"

static bool
read_u32(struct view v, uint32_t *out)
{
	uint64_t n;

	if (!view_u64(v, UINT32_MAX, &n) || n == 0)
		return false;
	*out = (uint32_t)n;
	return true;
}

static struct view
next_line(struct uidlist *l)
{
	return view_trim(view_cut(&l->rest, '\n'));
}

static void
read_words(struct uidlist *l, struct view line)
{
	struct view word;

	while ((word = view_word(&line)).n > 0)
		if (word.p[0] == 'V')
			read_u32(view_skip(word, 1), &l->uidvalidity);
		else if (word.p[0] == 'N')
			read_u32(view_skip(word, 1), &l->uidnext);
}

bool
uidlist_begin(struct uidlist *l, struct view text)
{
	struct view line;

	*l = (struct uidlist){ .rest = text, .uidnext = 1 };
	line = next_line(l);
	if (!read_u32(view_word(&line), &l->version))
		return false;
	if (l->version == 3) {
		read_words(l, line);
	} else if (l->version == 1) {
		read_u32(view_word(&line), &l->uidvalidity);
		read_u32(view_word(&line), &l->uidnext);
	}
	return l->uidvalidity != 0;
}

struct view
uidlist_base(struct view name)
{
	size_t end = view_rfind(name, ':');

	return view_starts(view_skip(name, end), VIEW_LIT(":2,")) ?
		view_bytes(name.p, end) : name;
}

static bool
read_line(const struct uidlist *l, struct view line, struct uidlist_line *out)
{
	struct view word;

	*out = (struct uidlist_line){ .uidl = VIEW_NONE };
	if (!read_u32(view_word(&line), &out->uid) || out->uid <= l->last ||
	    out->uid == UINT32_MAX)
		return false;
	if (l->version == 1) {
		out->base = uidlist_base(view_trim(line));
		return out->base.n > 0;
	}
	for (;;) {
		line = view_trim(line);
		if (line.n == 0)
			return false;
		if (line.p[0] == ':')
			break;
		word = view_word(&line);
		if (word.p[0] == 'P')
			out->uidl = view_skip(word, 1);
	}
	out->base = uidlist_base(view_skip(line, 1));
	return out->base.n > 0;
}

bool
uidlist_next(struct uidlist *l, struct uidlist_line *line)
{
	while (l->rest.n > 0)
		if (read_line(l, next_line(l), line)) {
			l->last = line->uid;
			if (l->uidnext <= line->uid)
				l->uidnext = line->uid + 1;
			return true;
		}
	return false;
}
