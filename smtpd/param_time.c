/* SPDX-License-Identifier: ISC */
/*
 * param_time - HOLDFOR, HOLDUNTIL, BY and MT-PRIORITY
 *
 * Intervals become points in time here, counted from now, so that queue need
 * not know when MAIL was said.
 */
#include "lib/base/clock.h"
#include "lib/mail/date.h"
#include "smtpd/param.h"

static bool
hold(struct dialog *d, int64_t until, struct why *w)
{
	int64_t most = d->house->settings()->future_release;

	if (d->tx.hold != 0)
		return why_never(w, "5.4",
		    "HOLDFOR and HOLDUNTIL exclude each other");
	if (until > clock_wall() + most)
		return why_never(w, "5.4",
		    "A mail is held for %lld seconds at most",
		    (long long)most);
	d->tx.hold = until > 0 ? until : 1;
	return true;
}

/* 1 to 999999999 (RFC 4865 4) */
bool
param_hold_for(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	uint64_t n;

	(void)rcpt;
	if (value.n > 9 || !view_u64(value, UINT64_MAX, &n) ||
	    value.p[0] == '0')
		return why_never(w, "5.4", "HOLDFOR is a number of seconds");
	return hold(d, clock_wall() + (int64_t)n, w);
}

/* A time that has passed is now: clocks differ. */
bool
param_hold_until(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	struct date date;

	(void)rcpt;
	if (!date_parse_rfc3339(value, &date))
		return why_never(w, "5.4",
		    "HOLDUNTIL is a date as 2026-11-23T17:12:20Z");
	return hold(d, date.seconds, w);
}

/* by-time ";" by-mode [by-trace] (RFC 2852 4): one to nine digits with a sign
 * that may be missing, N or R, and T. */
bool
param_by(struct dialog *d, struct rcpt *rcpt, struct view value, struct why *w)
{
	struct view mode = value, time = view_cut(&mode, ';');
	bool minus = view_starts(time, VIEW_LIT("-"));
	char letter = mode.n > 0 ? to_upper(mode.p[0]) : '\0';
	uint64_t n;

	(void)rcpt;
	if (minus || view_starts(time, VIEW_LIT("+")))
		time = view_skip(time, 1);
	if (time.n > 9 || !view_u64(time, UINT64_MAX, &n) ||
	    (letter != 'N' && letter != 'R') || mode.n > 2 ||
	    (mode.n == 2 && to_upper(mode.p[1]) != 'T'))
		return why_never(w, "5.4", "BY is seconds;N, seconds;R, each "
		    "with a T behind it if traced");
	if (letter == 'R' && (minus || n == 0))
		return why_never(w, "5.4",
		    "A mail cannot be returned before it was sent");
	d->tx.by = clock_wall() + (minus ? -(int64_t)n : (int64_t)n);
	d->tx.by_mode = letter == 'N' ? BY_NOTIFY : BY_RETURN;
	if (mode.n == 2)
		d->tx.by_mode |= BY_TRACE;
	return true;
}

/* -9 to 9, one way to write each (RFC 6710 6) */
bool
param_priority(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	bool minus = view_starts(value, VIEW_LIT("-"));
	struct view digit = view_skip(value, minus);

	(void)rcpt;
	if (digit.n != 1 || !is_digit(digit.p[0]) ||
	    (minus && digit.p[0] == '0'))
		return why_never(w, "5.4", "MT-PRIORITY is -9 to 9");
	d->tx.priority = (uint8_t)(10 + (minus ? '0' - digit.p[0] :
	    digit.p[0] - '0'));
	return true;
}

bool
param_times_fit(const struct dialog *d, struct why *w)
{
	if (d->tx.by_mode != 0 && d->tx.hold != 0 && d->tx.by <= d->tx.hold)
		return why_never(w, "5.4",
		    "The mail is due before it may be released");
	return true;
}
