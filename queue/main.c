/* SPDX-License-Identifier: ISC */
/*
 * queue - the only owner of the spool
 *
 * Runs as posthouse-queue. smtpd and bounce bring mail (queue/intake.c), which
 * is made durable in groups (queue/durable.c) and written into a journal
 * (lib/mail/journal.c). When it is time to (queue/schedule.c), local and smtp are
 * asked to deliver (queue/attempt.c, queue/relay.c), bounce to tell the sender what failed
 * (queue/report.c). Content is never looked at. May be killed at any moment:
 * doc/QUEUE.md says what a start (queue/replay.c) finds then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "queue/act.h"
#include "queue/age.h"
#include "queue/attempt.h"
#include "queue/content.h"
#include "queue/control.h"
#include "queue/durable.h"
#include "queue/extent.h"
#include "queue/judge.h"
#include "queue/ledger.h"
#include "queue/relay.h"
#include "queue/replay.h"
#include "queue/report.h"
#include "queue/schedule.h"
#include "queue/segments.h"
#include "queue/settle.h"
#include "queue/soft.h"
#include "queue/stats.h"
#include "queue/wake.h"

#define THREADS		16	/* syncs in parallel */
#define STOP_CHECK_MS	20

/* Mails that were there before: those whose time has come are tried. */
static void
wake_up(void)
{
	uint64_t *ids = xcalloc(ledger_count() + 1, sizeof(*ids));
	struct mail *m;
	size_t n = 0;

	for (size_t at = 0; (m = ledger_next(&at)) != NULL;) {
		schedule_doubt(m, (uint32_t)service_settings()->retry_most);
		age_begin(m);
		ids[n++] = m->id;
	}
	for (size_t i = 0; i < n; i++)
		wake_due(ledger_find(ids[i]));
	for (size_t i = 0; i < n; i++)
		judge_progress(ledger_find(ids[i]));
	free(ids);
}

static void
say(const struct replay *r)
{
	log_info("start", "mails=%zu octets=%llu segments=%u-%u removed=%zu "
	    "finished=%zu restored=%zu missing=%zu damaged=%zu gaps=%zu lost=%zu",
	    ledger_count(),
	    (unsigned long long)ledger_octets(), r->oldest, r->newest,
	    r->removed, r->finishes, r->restores, r->missing, r->damages,
	    r->gaps, r->lost);
}

static void
begin(void)
{
	const char *dir = service_settings()->spool_dir;
	int spool = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int journal = spool < 0 ? -1 : openat(spool, "journal",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct replay r;

	if (journal < 0 || !content_start(spool))
		fatal("cannot open the spool %s: %s", dir, strerror(errno));
	close(spool);
	if (!replay_journal(journal, &r))
		fatal("cannot read the journal in %s: %s", dir,
		    strerror(errno));
	if (!extent_start(journal, &r.extent))
		fatal("cannot open the file %s/journal/extent: %s", dir,
		    strerror(errno));
	if (!replay_restore(journal, &r))
		fatal("cannot write the content of mails in %s: %s", dir,
		    strerror(errno));
	replay_content(&r);
	durable_start(journal, r.end, r.damaged, r.damages);
	segments_missing(r.gaps);
	say(&r);
	schedule_start(wake_due, age_doubt);
	for (size_t i = 0; i < r.restores; i++)
		soft_add(ledger_find(r.restored[i]));
	settle_ids(r.finished, r.finishes);
	wake_up();
	replay_free(&r);
}

static void
linked(struct channel *c)
{
	if (channel_peer(c)->role == ROLE_STORE)
		settle_linked(c);
	attempt_kick();
	relay_kick();
	report_kick();
}

static void
closed(struct channel *c)
{
	intake_closed(c);
	attempt_closed(c);
	relay_closed(c);
	report_closed(c);
	control_closed(c);
	act_closed(c);
	stats_closed(c);
}

/* What is under way ends, what it ended with is written down. */
static void
stop_check(void *timer)
{
	static struct loop_timer *again;

	(void)timer;
	loop_timer_free(&again);
	if (attempt_is_idle() && relay_is_idle() && report_is_idle() && durable_is_idle()) {
		extent_sync();
		service_quit();
	} else {
		again = loop_timer_new(STOP_CHECK_MS, stop_check, NULL);
	}
}

static void
stopping(void)
{
	soft_hurry();
	stop_check(NULL);
}

static void
verdict(struct channel *c, uint32_t tag, struct msg_verdict *v)
{
	if (channel_peer(c)->role == ROLE_SMTP)
		relay_verdict(c, tag, v);
	else
		attempt_verdict(c, tag, v);
}

static const struct program_path paths[] = {
	{ "spool_dir", "/content", true },
	{ "spool_dir", "/journal", true },
	{ "spool_dir", "/lost", true },
	{ 0 },
};

static const struct handlers handlers = {
	.mail_open = intake_open,
	.mail_file = intake_file,
	.mail_rcpt = intake_rcpt,
	.mail_commit = intake_commit,
	.mail_abort = intake_abort,
	.verdict = verdict,
	.forward = attempt_forward,
	.sent = relay_sent,
	.content_get = control_content,
	.answer = report_answer,
	.queue_act = act_begin,
	.queue_stats = stats_begin,
	.queue_domain = control_domain,
	.closed = closed,
};

static const struct program program = {
	.role = ROLE_QUEUE,
	.user = "posthouse-queue",
	.purpose = "keeps mail until it is delivered: owner of the spool",
	.calls = CALLS_FILES_READ | CALLS_FILES_WRITE | CALLS_THREADS,
	.paths = paths,
	.peers = ROLE_SMTPD | ROLE_SMTP | ROLE_BOUNCE | ROLE_LOCAL |
	    ROLE_STORE | ROLE_CTL | ROLE_ROUTER | ROLE_HISTORY,
	.threads = THREADS,
	.handlers = &handlers,
	.begin = begin,
	.linked = linked,
	.stopping = stopping,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
