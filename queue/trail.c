/* SPDX-License-Identifier: ISC */
/*
 * trail - the lines of a mail's life
 */
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "queue/schedule.h"
#include "queue/story.h"
#include "queue/trail.h"

void
trail_active(const struct mail *m)
{
	char id[SPOOL_ID_SIZE];

	log_info(spool_id(m->id, id), "from=<%s>, size=%llu, nrcpt=%u "
	    "(queue %s)", log_quote(mail_sender(m)),
	    (unsigned long long)m->size, m->nrcpt,
	    mail_hold(m) > schedule_now() ? "hold" : "active");
}

static const char *
status_word(enum verdict v)
{
	return v == VERDICT_DONE ? "sent" :
	    v == VERDICT_LATER	 ? "deferred" :
				   "bounced";
}

/* Seconds as Postfix writes them: two digits that count. */
static const char *
seconds(int64_t us, char out[24])
{
	if (us < 0)
		us = 0;
	if (us >= 10000000)
		snprintf(out, 24, "%lld", (long long)(us / 1000000));
	else if (us >= 1000000)
		snprintf(out, 24, "%.1f", (double)us / 1e6);
	else
		snprintf(out, 24, "%.2g", (double)(us / 1000) / 1e3);
	return out;
}

void
trail_verdict(const struct mail *m, uint32_t rcpt, const struct outcome *o)
{
	const struct why *w = &o->why;
	struct rcpt_texts t = mail_texts(m, rcpt);
	int64_t now = clock_wall_us(), arrival = (int64_t)m->id;
	int64_t taken = (int64_t)m->taken_ms * 1000;
	char id[SPOOL_ID_SIZE], all[24], a[24], b[24], last[24];
	int64_t began = o->began > 0 ? o->began : now;
	bool same = view_eq(t.original, t.address);

	log_info(spool_id(m->id, id), "to=<%s>,%s%s%s relay=%s, delay=%s, "
	    "delays=%s/%s/0/%s, dsn=%d.%s, status=%s (%s)",
	    log_quote(t.address), same ? "" : " orig_to=<",
	    same ? "" : log_quote(t.original), same ? "" : ">,",
	    o->relay.n > 0 ? log_quote(o->relay) : "none",
	    seconds(now - arrival, all), seconds(taken, a),
	    seconds(began - arrival - taken, b), seconds(now - began, last),
	    w->verdict, w->status, status_word(w->verdict), w->text);
	story_verdict(m, rcpt, o);
}

void
trail_removed(uint64_t id)
{
	char text[SPOOL_ID_SIZE];

	log_info(spool_id(id, text), "removed");
	story_finished(id);
}
