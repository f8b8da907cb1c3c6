/* SPDX-License-Identifier: ISC */
/*
 * view - comparing, searching and cutting borrowed bytes
 */
#include "lib/base/view.h"

bool
view_eq(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
view_is(struct view a, const char *s)
{
	return view_eq(a, view_of(s));
}

bool
view_eqi(struct view a, struct view b)
{
	return a.n == b.n && view_startsi(a, b);
}

bool
view_isi(struct view a, const char *s)
{
	return view_eqi(a, view_of(s));
}

bool
view_starts(struct view a, struct view prefix)
{
	return a.n >= prefix.n &&
	    (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

bool
view_startsi(struct view a, struct view prefix)
{
	if (a.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++)
		if (to_lower(a.p[i]) != to_lower(prefix.p[i]))
			return false;
	return true;
}

bool
view_ends(struct view a, struct view suffix)
{
	return a.n >= suffix.n && view_eq(view_skip(a, a.n - suffix.n), suffix);
}

int
view_cmp(struct view a, struct view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

size_t
view_find(struct view v, char c)
{
	const char *p = v.n ? memchr(v.p, c, v.n) : NULL;

	return p ? (size_t)(p - v.p) : v.n;
}

size_t
view_rfind(struct view v, char c)
{
	for (size_t i = v.n; i > 0; i--)
		if (v.p[i - 1] == c)
			return i - 1;
	return v.n;
}

size_t
view_count(struct view v, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == c;
	return n;
}

size_t
view_search(struct view v, struct view needle)
{
	const char *p;

	if (needle.n == 0)
		return 0;
	if (v.n == 0)
		return v.n;
	p = memmem(v.p, v.n, needle.p, needle.n);
	return p ? (size_t)(p - v.p) : v.n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view
view_trim(struct view v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = view_skip(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

struct view
view_cut(struct view *v, char c)
{
	size_t at = view_find(*v, c);
	struct view head = { v->p, at };

	*v = view_skip(*v, at < v->n ? at + 1 : at);
	return head;
}

struct view
view_word(struct view *v)
{
	struct view w;

	while (v->n > 0 && is_blank(v->p[0]))
		*v = view_skip(*v, 1);
	w = (struct view){ v->p, 0 };
	while (w.n < v->n && !is_blank(v->p[w.n]))
		w.n++;
	*v = view_skip(*v, w.n);
	return w;
}

bool
view_u64(struct view v, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (v.n == 0)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		uint64_t digit = (uint64_t)(v.p[i] - '0');

		if (!is_digit(v.p[i]) || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (n > max)
		return false;
	*out = n;
	return true;
}

bool
view_hex(struct view v, size_t digits, uint64_t *out)
{
	*out = 0;
	if (v.n != digits)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (!is_digit(c) && (c < 'A' || c > 'F'))
			return false;
		*out = *out << 4 |
		    (uint64_t)(c <= '9' ? c - '0' : c - 'A' + 10);
	}
	return true;
}

uint32_t
view_hash(uint32_t h, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 16777619u;
	return h;
}

bool
view_size(struct view v, uint64_t max, uint64_t *out)
{
	static const char units[] = "kmgt";
	const char *unit = v.n > 0 && is_alpha(v.p[v.n - 1]) ?
	    strchr(units, to_lower(v.p[v.n - 1])) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	v.n -= unit != NULL;
	if (!view_u64(v, max >> shift, out))
		return false;
	*out <<= shift;
	return true;
}

bool
view_eq_secret(struct view a, struct view b)
{
	volatile unsigned char differ = a.n != b.n;

	/* b's own bytes stand in for a shorter a: the time tells b.n only */
	for (size_t i = 0; i < b.n; i++)
		differ |= (unsigned char)((i < a.n ? a.p[i] : ~b.p[i]) ^ b.p[i]);
	return differ == 0;
}
