/* SPDX-License-Identifier: ISC */
/*
 * numset - parsing, asking and writing sets of numbers
 *
 * Clients nearly always send ascending ranges, so sorting happens only when the
 * text was not in order. After it ranges are merged, touching ones too.
 */
#include <stdlib.h>

#include "lib/mail/numset.h"

/* A number or '*' from the front of *v. */
static bool
take_number(struct view *v, uint32_t star, uint32_t *out, bool *starred)
{
	uint64_t n = 0;
	size_t i = 0;

	if (v->n > 0 && v->p[0] == '*') {
		*v = view_skip(*v, 1);
		*out = star;
		*starred = true;
		return true;
	}
	if (v->n == 0 || v->p[0] == '0')
		return false;
	for (; i < v->n && is_digit(v->p[i]) && n <= UINT32_MAX; i++)
		n = n * 10 + (uint64_t)(v->p[i] - '0');
	if (i == 0 || n > UINT32_MAX)
		return false;
	*v = view_skip(*v, i);
	*out = (uint32_t)n;
	return true;
}

static bool
take_range(struct view *v, uint32_t star, struct numset_range *r, bool *starred)
{
	uint32_t other;

	if (!take_number(v, star, &r->first, starred))
		return false;
	r->last = r->first;
	if (v->n == 0 || v->p[0] != ':')
		return true;
	*v = view_skip(*v, 1);
	if (!take_number(v, star, &other, starred))
		return false;
	if (other < r->first)
		r->first = other;
	else
		r->last = other;
	return true;
}

static int
range_cmp(const void *a, const void *b)
{
	const struct numset_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sort if needed, then join what overlaps or touches. */
static void
normalize(struct numset *s, bool sorted)
{
	struct numset_range *r = s->ranges;
	size_t n = 0;

	if (!sorted)
		qsort(r, s->n, sizeof(*r), range_cmp);
	for (size_t i = 0; i < s->n; i++) {
		if (n > 0 && r[i].first <= (uint64_t)r[n - 1].last + 1) {
			if (r[i].last > r[n - 1].last)
				r[n - 1].last = r[i].last;
		} else {
			r[n++] = r[i];
		}
	}
	s->n = n;
}

bool
numset_parse(struct view text, uint32_t star, struct arena *a,
    struct numset *out)
{
	size_t commas = view_count(text, ',');
	bool sorted = true;
	struct numset_range r;

	*out = (struct numset){ 0 };
	if (commas >= NUMSET_RANGES_MAX)
		return false;
	out->ranges = arena_alloc(a, (commas + 1) * sizeof(r));
	for (;;) {
		if (!take_range(&text, star, &r, &out->star))
			return false;
		if (r.first == 0)	/* '*' where nothing is */
			r.first = 1;
		if (r.first <= r.last) {
			sorted &= out->n == 0 ||
			    out->ranges[out->n - 1].first <= r.first;
			out->ranges[out->n++] = r;
		}
		if (text.n == 0)
			break;
		if (text.p[0] != ',')
			return false;
		text = view_skip(text, 1);
	}
	normalize(out, sorted);
	return true;
}

/* Index of the first range that ends at or behind the number. */
static size_t
range_for(const struct numset *s, uint32_t number)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->ranges[mid].last < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
numset_has(const struct numset *s, uint32_t number)
{
	size_t i = range_for(s, number);

	return number != 0 && i < s->n && s->ranges[i].first <= number;
}

uint64_t
numset_count(const struct numset *s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s->n; i++)
		count += (uint64_t)s->ranges[i].last - s->ranges[i].first + 1;
	return count;
}

uint32_t
numset_last(const struct numset *s)
{
	return s->n ? s->ranges[s->n - 1].last : 0;
}

uint32_t
numset_first(const struct numset *s)
{
	return s->n ? s->ranges[0].first : 0;
}

uint32_t
numset_next(const struct numset *s, uint32_t from)
{
	size_t i = range_for(s, from);

	if (i == s->n)
		return 0;
	return s->ranges[i].first > from ? s->ranges[i].first : from;
}

struct numset
numset_both(const struct numset *x, const struct numset *y, struct arena *a)
{
	struct numset both = { .ranges = arena_alloc(a,
	    (x->n + y->n + 1) * sizeof(*both.ranges)) };
	size_t i = 0, k = 0;

	while (i < x->n && k < y->n) {
		struct numset_range p = x->ranges[i], q = y->ranges[k], r = {
			p.first > q.first ? p.first : q.first,
			p.last < q.last ? p.last : q.last };

		if (r.first <= r.last)
			both.ranges[both.n++] = r;
		if (p.last < q.last)
			i++;
		else
			k++;
	}
	return both;
}

void
numset_begin(struct numset_text *t, struct str *out)
{
	*t = (struct numset_text){ .out = out };
}

static void
add_number(struct str *out, uint32_t n)
{
	char digits[10];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	str_addn(out, digits + i, sizeof(digits) - i);
}

static void
write_range(struct numset_text *t)
{
	if (t->some)
		str_addc(t->out, ',');
	t->some = true;
	add_number(t->out, t->first);
	if (t->last != t->first) {
		str_addc(t->out, ':');
		add_number(t->out, t->last);
	}
}

void
numset_put_range(struct numset_text *t, uint32_t first, uint32_t last)
{
	if (t->first != 0 && t->last != UINT32_MAX && first == t->last + 1) {
		t->last = last;
		return;
	}
	if (t->first != 0)
		write_range(t);
	t->first = first;
	t->last = last;
}

void
numset_put(struct numset_text *t, uint32_t number)
{
	numset_put_range(t, number, number);
}

void
numset_end(struct numset_text *t)
{
	if (t->first != 0)
		write_range(t);
	t->first = 0;
}
