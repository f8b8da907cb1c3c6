/* SPDX-License-Identifier: ISC */
/*
 * date - civil days by arithmetic, and dates written
 *
 * Days are counted in years that begin in March, so that the leap day is the
 * last of its year.
 */
#include <time.h>

#include "lib/mail/date.h"

#define DAY 86400

const char date_months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char weekdays[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue",
	"Wed" };	/* 1970-01-01 was a Thursday */

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
	    weekdays[p.weekday], p.day.day, date_months[p.day.month - 1],
	    (long long)p.day.year, p.hour, p.minute, p.second, p.sign,
	    p.zone / 60, p.zone % 60);
}

void
date_write_internal(struct str *out, struct date d)
{
	struct parts p = take_apart(d);

	str_addf(out, "%2u-%s-%04lld %02u:%02u:%02u %c%02d%02d", p.day.day,
	    date_months[p.day.month - 1], (long long)p.day.year, p.hour, p.minute,
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
