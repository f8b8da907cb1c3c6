/* SPDX-License-Identifier: ISC */
/*
 * date - civil days by arithmetic, and one small reader for all forms
 *
 * Days are counted in years that begin in March, so that the leap day is the
 * last of its year. The reader keeps a sticky error: the forms are written down
 * as sequences of what must come, and asked once at the end.
 */
#include <time.h>

#include "lib/mail/date.h"

#define DAY 86400

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char weekdays[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue",
	"Wed" };	/* 1970-01-01 was a Thursday */

static const struct {
	const char *name;
	int32_t zone;
} zones[] = {
	{ "EST", -300 }, { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 },
	{ "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 },
	{ "CET", 60 }, { "CEST", 120 }, { "MET", 60 }, { "MEST", 120 },
	{ "BST", 60 }, { "JST", 540 },
};

int64_t
date_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
	    day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

struct date_civil
date_to_civil(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned of_era = (unsigned)(z - era * 146097);
	unsigned y = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * y + y / 4 - y / 100);
	unsigned m = (5 * of_year + 2) / 153;
	struct date_civil c = { .month = m < 10 ? m + 3 : m - 9,
		.day = of_year - (153 * m + 2) / 5 + 1 };

	c.year = (int64_t)y + era * 400 + (c.month <= 2);
	return c;
}

/* The parts of a date in its zone. */
struct parts {
	struct date_civil day;
	unsigned hour, minute, second, weekday;
	int32_t zone;
	char sign;
};

static struct parts
take_apart(struct date d)
{
	int64_t local = d.seconds + (int64_t)d.zone * 60;
	int64_t days = local / DAY, rest = local % DAY;
	struct parts p = { 0 };

	if (rest < 0) {
		days--;
		rest += DAY;
	}
	p.day = date_to_civil(days);
	p.weekday = (unsigned)((days % 7 + 7) % 7);
	p.hour = (unsigned)(rest / 3600);
	p.minute = (unsigned)(rest / 60 % 60);
	p.second = (unsigned)(rest % 60);
	p.sign = d.zone < 0 ? '-' : '+';
	p.zone = d.zone < 0 ? -d.zone : d.zone;
	return p;
}

struct date
date_local(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return DATE_UTC(seconds);
	return (struct date){ seconds, (int32_t)(tm.tm_gmtoff / 60) };
}

int64_t
date_day(struct date d)
{
	int64_t local = d.seconds + (int64_t)d.zone * 60;

	return local / DAY - (local % DAY < 0);
}

void
date_write(struct str *out, struct date d)
{
	struct parts p = take_apart(d);

	str_addf(out, "%s, %u %s %04lld %02u:%02u:%02u %c%02d%02d",
	    weekdays[p.weekday], p.day.day, months[p.day.month - 1],
	    (long long)p.day.year, p.hour, p.minute, p.second, p.sign,
	    p.zone / 60, p.zone % 60);
}

void
date_write_internal(struct str *out, struct date d)
{
	struct parts p = take_apart(d);

	str_addf(out, "%2u-%s-%04lld %02u:%02u:%02u %c%02d%02d", p.day.day,
	    months[p.day.month - 1], (long long)p.day.year, p.hour, p.minute,
	    p.second, p.sign, p.zone / 60, p.zone % 60);
}

void
date_write_rfc3339(struct str *out, struct date d)
{
	struct parts p = take_apart(d);

	str_addf(out, "%04lld-%02u-%02uT%02u:%02u:%02u", (long long)p.day.year,
	    p.day.month, p.day.day, p.hour, p.minute, p.second);
	if (d.zone == 0)
		str_addc(out, 'Z');
	else
		str_addf(out, "%c%02d:%02d", p.sign, p.zone / 60, p.zone % 60);
}

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
		if (view_startsi(name, view_of(months[i])))
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
static void
imap_day(struct reader *r, struct parts *p)
{
	p->day.day = number(r, 1, 2);
	want(r, '-');
	p->day.month = month(r);
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
	struct reader r = reader_of(v);
	struct parts p = { 0 };

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
	struct reader r = reader_of(v);
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
