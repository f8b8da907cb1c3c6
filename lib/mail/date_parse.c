/* SPDX-License-Identifier: ISC */
/*
 * date_parse - one small reader for all forms of dates
 *
 * The reader keeps a sticky error: the forms are written down as sequences of
 * what must come, and asked once at the end.
 */
#include "lib/mail/date.h"

#define DAY 86400

static const struct {
	const char *name;
	int32_t zone;
} zones[] = {
	{ "EST", -300 }, { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 },
	{ "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 },
	{ "CET", 60 }, { "CEST", 120 }, { "MET", 60 }, { "MEST", 120 },
	{ "BST", 60 }, { "JST", 540 },
};

/* The parts of a date as they are read. */
struct parts {
	struct date_civil day;
	unsigned hour, minute, second;
	int32_t zone;
	char sign;
};

struct reader {
	const char *p, *end;
	bool bad;
};

static struct reader
reader_of(struct view v)
{
	v = view_trim(v);
	return (struct reader){ v.p, v.p + v.n, false };
}

static bool
next_is(const struct reader *r, char c)
{
	return r->p < r->end && *r->p == c;
}

static void
want(struct reader *r, char c)
{
	if (next_is(r, c))
		r->p++;
	else
		r->bad = true;
}

/* A number of least to most digits. */
static unsigned
number(struct reader *r, int least, int most)
{
	unsigned n = 0;
	int digits = 0;

	for (; r->p < r->end && is_digit(*r->p) && digits < most; digits++)
		n = n * 10 + (unsigned)(*r->p++ - '0');
	if (digits < least || (r->p < r->end && is_digit(*r->p) && most > 2))
		r->bad = true;
	return n;
}

static struct view
letters(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && is_alpha(*r->p))
		r->p++;
	return (struct view){ from, (size_t)(r->p - from) };
}

static unsigned
month(struct reader *r)
{
	struct view name = letters(r);

	for (unsigned i = 0; i < 12; i++)
		if (view_startsi(name, view_of(date_months[i])))
			return i + 1;
	r->bad = true;
	return 1;
}

static void
comment(struct reader *r)
{
	size_t depth = 0;

	do {
		if (*r->p == '\\')
			r->p += r->p + 1 < r->end;
		else if (*r->p == '(')
			depth++;
		else if (*r->p == ')')
			depth--;
		r->p++;
	} while (depth > 0 && r->p < r->end);
	r->bad |= depth > 0;
}

static void
blanks(struct reader *r)
{
	while (r->p < r->end) {
		if (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' ||
		    *r->p == '\n')
			r->p++;
		else if (*r->p == '(')
			comment(r);
		else
			break;
	}
}

static unsigned
days_in(int64_t year, unsigned m)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[m - 1] + (m == 2 && leap);
}

static bool
is_day(struct date_civil c)
{
	return c.year >= 1 && c.year <= 9999 && c.month >= 1 &&
	    c.month <= 12 && c.day >= 1 && c.day <= days_in(c.year, c.month);
}

/* Put together what was read; all of it must have been used up. */
static bool
finish(struct reader *r, struct parts *p, struct date *out)
{
	if (r->bad || r->p != r->end || !is_day(p->day) || p->hour > 23 ||
	    p->minute > 59 || p->second > 60 || p->zone >= 24 * 60)
		return false;
	if (p->second == 60)
		p->second = 59;
	out->zone = p->sign == '-' ? -p->zone : p->zone;
	out->seconds = date_from_civil(p->day.year, p->day.month, p->day.day) *
	    DAY + p->hour * 3600 + p->minute * 60 + p->second -
	    (int64_t)out->zone * 60;
	return true;
}

/* "+hhmm", or "+hh:mm" with a colon. */
static void
offset(struct reader *r, struct parts *p, bool colon)
{
	unsigned hours, minutes;

	p->sign = r->p < r->end ? *r->p : 0;
	if (p->sign != '+' && p->sign != '-')
		r->bad = true;
	else
		r->p++;
	hours = number(r, 2, 2);
	if (colon)
		want(r, ':');
	minutes = number(r, 2, 2);
	r->bad |= minutes > 59;
	p->zone = (int32_t)(hours * 60 + minutes);
}

static void
obsolete_zone(struct reader *r, struct parts *p)
{
	struct view name = letters(r);

	p->sign = '+';
	p->zone = 0;
	for (size_t i = 0; i < nitems(zones); i++)
		if (view_isi(name, zones[i].name)) {
			p->sign = zones[i].zone < 0 ? '-' : '+';
			p->zone = zones[i].zone < 0 ? -zones[i].zone :
			    zones[i].zone;
		}
}

static unsigned
old_year(struct reader *r)
{
	const char *from = r->p;
	unsigned y = number(r, 2, 4);

	if (r->p - from == 2)
		return y < 50 ? 2000 + y : 1900 + y;
	return r->p - from == 3 ? 1900 + y : y;
}

/* Between day, month and year: blanks, or a hyphen as some old programs. */
static void
divider(struct reader *r)
{
	blanks(r);
	if (next_is(r, '-'))
		r->p++;
	blanks(r);
}

static void
time_of_day(struct reader *r, struct parts *p)
{
	p->hour = number(r, 1, 2);
	blanks(r);
	want(r, ':');
	blanks(r);
	p->minute = number(r, 1, 2);
	blanks(r);
	if (next_is(r, ':')) {
		r->p++;
		blanks(r);
		p->second = number(r, 1, 2);
		blanks(r);
	}
}

bool
date_parse(struct view v, struct date *out)
{
	struct reader r = reader_of(v);
	struct parts p = { .sign = '+' };

	blanks(&r);
	if (letters(&r).n > 0) {
		blanks(&r);
		if (next_is(&r, ','))
			r.p++;
		blanks(&r);
	}
	p.day.day = number(&r, 1, 2);
	divider(&r);
	p.day.month = month(&r);
	divider(&r);
	p.day.year = old_year(&r);
	blanks(&r);
	time_of_day(&r, &p);
	if (next_is(&r, '+') || next_is(&r, '-'))
		offset(&r, &p, false);
	else
		obsolete_zone(&r, &p);
	blanks(&r);
	return finish(&r, &p, out);
}

/* "17-Jul-1996" */
/* Nothing around it, and of the month three letters. */
static void
imap_day(struct reader *r, struct parts *p)
{
	const char *name;

	p->day.day = number(r, 1, 2);
	want(r, '-');
	name = r->p;
	p->day.month = month(r);
	r->bad |= r->p - name != 3;
	want(r, '-');
	p->day.year = number(r, 4, 4);
}

static void
clock_time(struct reader *r, struct parts *p)
{
	p->hour = number(r, 2, 2);
	want(r, ':');
	p->minute = number(r, 2, 2);
	want(r, ':');
	p->second = number(r, 2, 2);
}

bool
date_parse_internal(struct view v, struct date *out)
{
	struct reader r = { v.p, v.p + v.n, false };
	struct parts p = { 0 };

	if (v.n > 1 && v.p[0] == ' ' && is_digit(v.p[1]))
		r.p++;
	imap_day(&r, &p);
	want(&r, ' ');
	clock_time(&r, &p);
	want(&r, ' ');
	offset(&r, &p, false);
	return finish(&r, &p, out);
}

bool
date_parse_day(struct view v, int64_t *days)
{
	struct reader r = { v.p, v.p + v.n, false };
	struct parts p = { 0 };
	struct date d;

	imap_day(&r, &p);
	if (!finish(&r, &p, &d))
		return false;
	*days = date_day(d);
	return true;
}

bool
date_parse_rfc3339(struct view v, struct date *out)
{
	struct reader r = reader_of(v);
	struct parts p = { 0 };

	p.day.year = number(&r, 4, 4);
	want(&r, '-');
	p.day.month = number(&r, 2, 2);
	want(&r, '-');
	p.day.day = number(&r, 2, 2);
	if (r.p < r.end && to_upper(*r.p) == 'T')
		r.p++;
	else
		r.bad = true;
	clock_time(&r, &p);
	if (next_is(&r, '.')) {
		r.p++;
		number(&r, 1, 2);
		while (r.p < r.end && is_digit(*r.p))
			r.p++;
	}
	if (r.p < r.end && to_upper(*r.p) == 'Z')
		r.p++;
	else
		offset(&r, &p, true);
	return finish(&r, &p, out);
}
