/* SPDX-License-Identifier: ISC */
/*
 * age - counted on the monotonic clock
 *
 * mail.born is the second of that clock at which the mail would have arrived,
 * so a jump of the system's clock changes no age. At a start nobody can tell a
 * long time off from a clock that is wrong, which is put right within minutes,
 * mostly: every mail has DOUBT seconds left then.
 */
#include "lib/base/clock.h"
#include "lib/proc/service.h"
#include "queue/age.h"
#include "queue/ledger.h"
#include "queue/schedule.h"

#define DOUBT	3600

static int64_t
steady(void)
{
	return clock_ms() / 1000;
}

int64_t
age_most(const struct mail *m)
{
	const struct settings *s = service_settings();

	return mail_sender(m).n > 0 ? s->queue_lifetime : s->bounce_lifetime;
}

/* What the system's clock says of its age, as far as that is believed. */
static int64_t
by_clock(const struct mail *m)
{
	int64_t age = (int64_t)schedule_now() - mail_arrival(m);
	int64_t most = age_most(m);

	most -= most / 2 < DOUBT ? most / 2 : DOUBT;
	return age < 0 ? 0 : age < most ? age : most;
}

void
age_begin(struct mail *m)
{
	m->born = (int32_t)(steady() - by_clock(m));
}

void
age_doubt(void)
{
	struct mail *m;

	for (size_t at = 0; (m = ledger_next(&at)) != NULL;) {
		int64_t born = steady() - by_clock(m);

		if (born > m->born)
			m->born = (int32_t)born;
	}
}

/* A time that its sender has set is one of the clock as it is now. */
int64_t
age_of(const struct mail *m)
{
	int64_t age = steady() - m->born;
	int64_t since = (int64_t)schedule_now() - mail_hold(m);

	return mail_hold(m) != 0 && since < age ? since : age;
}

int64_t
age_until(const struct mail *m)
{
	int64_t end = (int64_t)schedule_now() + age_most(m) - age_of(m);
	bool back = (m->by_mode & BY_MODE) == BY_RETURN;

	return back && mail_by(m) < end ? mail_by(m) : end;
}
