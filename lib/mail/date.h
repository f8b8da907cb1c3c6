/* SPDX-License-Identifier: ISC */
/*
 * date - dates in the four forms of mail, without locale or time zone files
 *
 * A date is a moment (seconds since 1970, UTC) and the zone it was written in.
 * Years 1 to 9999; leap seconds (:60) are taken as the second before. Parsers
 * take all of their text (trimmed) and say false on anything else.
 */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include "lib/base/str.h"

struct date {
	int64_t seconds;	/* since 1970-01-01 00:00:00 UTC */
	int32_t zone;		/* minutes east of UTC, -1439 to 1439 */
};

/* "Jan" to "Dec", as every form writes them. */
extern const char date_months[12][4];

#define DATE_UTC(s)	((struct date){ .seconds = (s), .zone = 0 })

/* This moment in the zone that the host's TZ says (reads the zone files at the
 * first call: before confinement, or it will be UTC). */
struct date date_local(int64_t seconds);

/* "Mon, 23 Nov 2026 17:12:20 +0000" (RFC 5322 3.3) */
void date_write(struct str *out, struct date d);
/* The same tolerantly, with comments, obsolete zones, years of two or three
 * digits, missing day name or seconds (RFC 5322 4.3). A missing or unknown zone
 * is -0000. */
bool date_parse(struct view v, struct date *out);

/* "17-Jul-1996 02:44:25 -0700", day padded with a blank (RFC 9051 date-time,
 * without the quotes) */
void date_write_internal(struct str *out, struct date d);
bool date_parse_internal(struct view v, struct date *out);

/* "1-Feb-1994", as SEARCH has it: days since 1970-01-01. */
bool date_parse_day(struct view v, int64_t *days);
/* The day a date names in its own zone, which SENTON and ON compare. */
int64_t date_day(struct date d);

/* "2026-11-23T17:12:20Z" or with "+01:00" (RFC 3339) */
void date_write_rfc3339(struct str *out, struct date d);
bool date_parse_rfc3339(struct view v, struct date *out);

/* Days since 1970-01-01 of a Gregorian date, and back; month 1-12. */
int64_t date_from_civil(int64_t year, unsigned month, unsigned day);
struct date_civil {
	int64_t year;
	unsigned month, day;
};
struct date_civil date_to_civil(int64_t days);

#endif
