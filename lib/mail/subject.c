/* SPDX-License-Identifier: ISC */
/*
 * subject - leaders, blobs and trailers, until nothing more comes off
 *
 * Each step only makes the view shorter. A leader is looked for from the front,
 * and what stands in brackets is passed over at most twice per octet, so that
 * the time is bounded by the square of runs of "[x]" alone, and those by
 * BLOBS_MAX.
 */
#include "lib/mail/subject.h"
#include "lib/mail/word.h"

#define BLOBS_MAX 32	/* "[x]" before one "re:" */

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
one_blank_each(struct str *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		char c = is_white(s->p[i]) ? ' ' : s->p[i];

		if (c != ' ' || (n > 0 && s->p[n - 1] != ' '))
			s->p[n++] = c;
	}
	s->n = n;
}

/* "[...] *WSP" from the front; no '[' within. */
static bool
take_blob(struct view *v)
{
	size_t n = 1;

	if (v->n == 0 || v->p[0] != '[')
		return false;
	while (n < v->n && v->p[n] != '[' && v->p[n] != ']')
		n++;
	if (n == v->n || v->p[n] != ']')
		return false;
	*v = view_trim(view_skip(*v, n + 1));
	return true;
}

/* "*blob re|fw|fwd *WSP [blob] :" from the front. */
static bool
take_leader(struct view *v)
{
	static const char *const words[] = { "re", "fwd", "fw" };
	struct view rest = *v;

	for (int i = 0; i < BLOBS_MAX && take_blob(&rest); i++)
		continue;
	for (size_t i = 0; i < nitems(words); i++) {
		struct view after;

		if (!view_startsi(rest, view_of(words[i])))
			continue;
		after = view_trim(view_skip(rest, strlen(words[i])));
		take_blob(&after);
		if (after.n == 0 || after.p[0] != ':')
			continue;
		*v = view_trim(view_skip(after, 1));
		return true;
	}
	return false;
}

static bool
take_trailer(struct view *v)
{
	const struct view fwd = VIEW_LIT("(fwd)");

	if (v->n < fwd.n ||
	    !view_eqi(view_skip(*v, v->n - fwd.n), fwd))
		return false;
	v->n -= fwd.n;
	*v = view_trim(*v);
	return true;
}

/* Leaders, and blobs that do not stand alone. */
static bool
take_front(struct view *v)
{
	bool reply = false, more = true;

	while (more) {
		struct view without = *v;

		more = take_leader(v);
		reply |= more;
		if (!more && take_blob(&without) && without.n > 0) {
			*v = without;
			more = true;
		}
	}
	return reply;
}

/* "[fwd: ...]" around all of it. */
static bool
take_wrapper(struct view *v)
{
	const struct view fwd = VIEW_LIT("[fwd:");

	if (!view_startsi(*v, fwd) || v->p[v->n - 1] != ']')
		return false;
	*v = view_skip(*v, fwd.n);
	v->n--;
	*v = view_trim(*v);
	return true;
}

bool
subject_base(struct str *out, struct view raw)
{
	struct str text = { 0 };
	struct view v;
	bool reply = false, wrapped;

	word_decode(&text, raw);
	one_blank_each(&text);
	v = view_trim(str_view(&text));
	do {
		while (take_trailer(&v))
			reply = true;
		reply |= take_front(&v);
		wrapped = take_wrapper(&v);
		reply |= wrapped;
	} while (wrapped);
	str_add(out, v);
	str_free(&text);
	return reply;
}
