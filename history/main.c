/* SPDX-License-Identifier: ISC */
/*
 * history - what became of every mail, for posthouse trace
 *
 * Runs as posthouse-history, at the lowest priority. smtpd and queue tell it
 * what happens (lib/mail/tell.h) and never wait for it; smtp tells it results
 * of TLS and policies by MTA-STS. It writes books of events (history/book.h),
 * which posthouse asks about (history/search.h). Nothing that it has is needed
 * to deliver mail: all of it may be lost. doc/HISTORY.md has the files.
 */
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "history/book.h"
#include "history/policies.h"
#include "history/results.h"
#include "history/search.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/service.h"

#define NICE		19
#define WRITE_MS	1000
#define CARE_MS		60000
#define REFUSED_PART	4	/* of the space, for refusals */
#define RESERVES	4	/* times spool_reserve, that must be free */
#define MEND_MS		10
#define STOP_MS		3000
#define STOP_CHECK_MS	20

static struct book mails, refused;
static int dir = -1;
static bool full;		/* the disk is: nothing is kept */

/* ---- taking events ---- */

/* What each role may say. */
static bool
may_say(unsigned role, enum event_kind kind)
{
	bool smtpd = kind == EVENT_REFUSED || kind == EVENT_ACCEPTED ||
	    kind == EVENT_RECIPIENTS;

	if (kind == EVENT_TLS)
		return false;
	return role == ROLE_SMTPD ? smtpd : role == ROLE_QUEUE ? !smtpd : false;
}

static void
on_events(struct channel *c, uint32_t tag UNUSED, struct msg_events *m)
{
	unsigned role = channel_peer(c)->role;
	struct view rest = m->events, octets;
	struct event e;

	search_lost(m->lost);
	while (event_next(&rest, &octets)) {
		if (full || !event_read(octets, &e) ||
		    !may_say(role, e.kind))
			search_lost(1);
		else if (service_settings()->history_keep > 0)
			book_add(e.kind == EVENT_REFUSED ? &refused : &mails,
			    octets, &e);
	}
}

/* ---- housekeeping ---- */

static bool
is_full(void)
{
	struct statvfs s;

	return fstatvfs(dir, &s) == 0 && (uint64_t)s.f_bavail * s.f_frsize <
	    RESERVES * service_settings()->spool_reserve;
}

static void
write_books(void *timer)
{
	static struct loop_timer *again;

	(void)timer;
	loop_timer_free(&again);
	book_write(&mails);
	book_write(&refused);
	again = loop_timer_new(WRITE_MS, write_books, NULL);
}

static void
look_at_disk(void)
{
	bool was = full;

	full = is_full();
	if (full && !was)
		log_warning("history", "the disk is nearly full: what happens "
		    "is not kept");
}

static void
prune(void)
{
	const struct settings *s = service_settings();
	int64_t before = s->history_keep == 0 ? INT64_MAX :
	    clock_wall_us() - s->history_keep * 1000000;

	refused.most = s->history_size / REFUSED_PART;
	mails.most = s->history_size - refused.most;
	book_prune(&mails, before);
	book_prune(&refused, before);
}

static void
care(void *timer)
{
	static struct loop_timer *again;

	(void)timer;
	loop_timer_free(&again);
	look_at_disk();
	results_flush();
	policies_write();
	prune();
	again = loop_timer_new(CARE_MS, care, NULL);
}

static void
mend(void *unused)
{
	(void)unused;
	while (book_mend(&mails) || book_mend(&refused))
		if (fiber_sleep(MEND_MS) == WAIT_CANCELLED)
			return;
}

/* ---- life ---- */

/* What is left of the processor is enough. */
static void
prepare(void)
{
	setpriority(PRIO_PROCESS, 0, NICE);
}

static void
begin(void)
{
	struct str path = { 0 };

	str_addf(&path, "%s/history", service_settings()->state_dir);
	dir = open(str_c(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		fatal("cannot open %s: %s", str_c(&path), strerror(errno));
	str_free(&path);
	book_open(&mails, dir, "mail");
	book_open(&refused, dir, "refused");
	policies_begin(dir);
	search_begin(&mails, &refused);
	results_begin(&mails);
	log_info("start", "segments=%zu octets=%llu", mails.n + refused.n,
	    (unsigned long long)(book_size(&mails) + book_size(&refused)));
	care(NULL);
	write_books(NULL);
	fiber_start(mend, NULL);
}

static void
linked(struct channel *c)
{
	if (channel_peer(c)->role == ROLE_SMTP)
		policies_tell(c);
}

/* queue has something to say until its end, which comes at the same time. */
static void
stop_check(void *timer)
{
	static struct loop_timer *again;
	static int64_t until;

	(void)timer;
	loop_timer_free(&again);
	if (until == 0)
		until = deadline_in(STOP_MS);
	if (service_peer(ROLE_QUEUE, 0) != NULL && clock_ms() < until) {
		again = loop_timer_new(STOP_CHECK_MS, stop_check, NULL);
		return;
	}
	results_flush();
	policies_write();
	book_close(&mails);
	book_close(&refused);
	service_quit();
}

static void
stopping(void)
{
	stop_check(NULL);
}

static const struct program_path paths[] = {
	{ "state_dir", "/history", true },
	{ 0 },
};

static const struct handlers handlers = {
	.events = on_events,
	.tls_result = results_take,
	.sts_keep = policies_keep,
	.trace = search_trace,
	.tls_report = search_tls,
	.closed = search_closed,
};

static const struct program program = {
	.role = ROLE_HISTORY,
	.user = "posthouse-history",
	.purpose = "keeps what became of every mail",
	.calls = CALLS_FILES_READ | CALLS_FILES_WRITE,
	.paths = paths,
	.peers = ROLE_SMTPD | ROLE_SMTP | ROLE_QUEUE | ROLE_CTL,
	.handlers = &handlers,
	.prepare = prepare,
	.begin = begin,
	.changed = prune,
	.linked = linked,
	.stopping = stopping,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
