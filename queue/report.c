/* SPDX-License-Identifier: ISC */
/*
 * report - the line of mails to report about, and the reports under way
 *
 * What is to be told is found by looking at the states of the recipients when
 * the report's turn comes, so nothing has to be remembered over a restart:
 * FAILED and DONE stand in the journal.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/age.h"
#include "queue/durable.h"
#include "queue/judge.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/line.h"
#include "queue/note.h"
#include "queue/report.h"
#include "queue/table.h"
#include "queue/transport.h"

#define REPORTS_MOST	20	/* under way at once */
#define LIST_MOST	(200u << 10)	/* octets of a list: a frame holds it */
#define AGAIN_MS	30000	/* after bounce could not */
#define RET_HEADERS	2	/* RFC 3461 RET=HDRS */
#define IN_TIME_MS	60000	/* for the others of the mail */
#define SOON_MS		1000	/* after its link broke, or the journal failed */

/* A report that bounce is writing. */
struct writing {
	uint64_t mail;		/* first: struct table wants it */
	uint32_t tag;
	struct channel *to;
	struct settles about;
};

static struct table writings;
static struct line line;	/* of mails */
static bool kicked;
static struct loop_timer *failing_timer;

static const struct {
	uint8_t kind;
	uint8_t state;		/* of the recipients that it is about */
} kinds[] = {
	{ REPORT_FAILED, RCPT_FAILED },
	{ REPORT_DELIVERED, RCPT_DONE },
	{ REPORT_RELAYED, RCPT_DONE },
	{ REPORT_EXPANDED, RCPT_DONE },
	{ REPORT_LATE, RCPT_WAITING },
	{ REPORT_DELAYED, RCPT_WAITING },
};

static uint8_t
state_of(uint8_t kind)
{
	size_t i = 0;

	while (kinds[i].kind != kind)
		must(++i < nitems(kinds));
	return kinds[i].state;
}

/* What a report of success calls it. LMTP delivers (RFC 2033). */
static uint8_t
success_of(const struct rcpt *r)
{
	if (r->transport == TRANSPORT_EXPANDED ||
	    r->transport == TRANSPORT_LIST)
		return REPORT_EXPANDED;
	return r->to != NULL && !destination_delivers(r->to) ?
	    REPORT_RELAYED : REPORT_DELIVERED;
}

static bool
is_about(const struct mail *m, uint32_t rcpt, uint8_t kind)
{
	const struct rcpt *r = &m->rcpt[rcpt];

	if (r->state != state_of(kind) || r->unsaid)
		return false;
	switch (kind) {
	case REPORT_DELAYED:
		return r->tries > 0 && mail_wants(m, rcpt, NOTIFY_DELAY);
	case REPORT_LATE:
		return mail_wants(m, rcpt, NOTIFY_DELAY);
	case REPORT_DELIVERED:
	case REPORT_RELAYED:
	case REPORT_EXPANDED:
		return success_of(r) == kind;
	default:
		return true;
	}
}

static bool
is_wanted(const struct mail *m, uint8_t kind)
{
	if (kind == REPORT_DELAYED)
		return m->warn && !m->warned;
	return kind != REPORT_LATE || (m->late && !m->late_told);
}

/* What a recipient needs in the list of a report, and some more. */
static size_t
list_size(const struct mail *m, uint32_t rcpt, const struct reason *before)
{
	struct rcpt_texts t = mail_texts(m, rcpt);
	const struct reason *why = m->rcpt[rcpt].why;
	size_t n = t.original.n + t.address.n + t.orcpt.n + 100;

	return why == before ? n : n + reason_sentence(why).n +
	    reason_relay(why).n + reason_reply(why).n;
}

/* What has no room in one report has it in the next. */
static void
collect(const struct mail *m, struct settles *about)
{
	const struct reason *before = NULL;
	size_t bytes = 0;

	for (uint32_t i = about->kind == m->telling ? m->told : 0;
	    i < m->nrcpt && about->n < SETTLES_MOST; i++) {
		if (!is_about(m, i, about->kind))
			continue;
		bytes += list_size(m, i, before);
		if (bytes > LIST_MOST)
			break;
		before = m->rcpt[i].why;
		about->rcpt[about->n++] = i;
	}
}

/* A report is safe, or given up. One of a delay settles nobody: when it could
 * not name all, it goes on behind the last that it named. A restart forgets
 * that, as it may forget others that are late: nobody is told twice. */
static void
settled(struct mail *m, const struct settles *s)
{
	uint32_t i = s->rcpt[s->n - 1] + 1;

	note_settle(m, s);
	if (state_of(s->kind) != RCPT_WAITING)
		return;
	while (i < m->nrcpt && !is_about(m, i, s->kind))
		i++;
	m->told = i < m->nrcpt ? i : 0;
	m->telling = i < m->nrcpt ? s->kind : 0;
	if (i < m->nrcpt && s->kind == REPORT_LATE)
		m->late_told = false;
	else if (i < m->nrcpt)
		m->warned = false;
}

/* What is to be told first; false when nothing is. */
static bool
choose(const struct mail *m, struct settles *about)
{
	about->mail = m->id;
	about->n = 0;
	for (size_t i = 0; i < nitems(kinds) && about->n == 0; i++) {
		about->kind = kinds[i].kind;
		if (is_wanted(m, about->kind))
			collect(m, about);
	}
	return about->n > 0;
}

void
report_consider(struct mail *m)
{
	struct settles about;

	if (m->reporting || !choose(m, &about))
		return;
	m->reporting = true;
	line_put(&line, m->id, 0);
	report_kick();
}

/* ---- sending ---- */

/* "=": the same reason as the one before. */
static void
put_reason(struct str *list, const struct reason *why, bool late, bool same)
{
	list_put(list, same ? VIEW_LIT("=") : late ? VIEW_LIT("4.7") :
	    reason_status(why));
	list_put(list, late && why == NULL ?
	    VIEW_LIT("Not delivered by the time that you set") :
	    reason_sentence(same ? NULL : why));
	list_put(list, reason_relay(same ? NULL : why));
}

static void
put_recipients(struct str *list, const struct mail *m,
    const struct settles *about)
{
	bool late = about->kind == REPORT_LATE;
	const struct reason *before = NULL;

	for (uint16_t i = 0; i < about->n; i++) {
		struct rcpt_texts t = mail_texts(m, about->rcpt[i]);
		const struct reason *why = m->rcpt[about->rcpt[i]].why;
		bool same = why != NULL && why == before;

		list_put(list, t.original);
		list_put(list, t.address);
		put_reason(list, why, late, same);
		list_put(list, t.orcpt);
		list_put(list, reason_reply(same ? NULL : why));
		list_put_u64(list, m->rcpt[about->rcpt[i]].tried);
		before = why;
	}
}

static void
mark(struct mail *m, const struct settles *about, enum state to)
{
	if (state_of(about->kind) == RCPT_WAITING)
		return;
	for (uint16_t i = 0; i < about->n; i++) {
		struct rcpt *r = &m->rcpt[about->rcpt[i]];

		r->good = state_of(about->kind) == RCPT_DONE;
		if (to == RCPT_REPORTING || r->state == RCPT_REPORTING)
			ledger_move(m, about->rcpt[i], to);
	}
}

static int
open_content(const struct mail *m)
{
	int fd = kept_open(m->id);
	char id[SPOOL_ID_SIZE];

	if (fd < 0)
		log_error(spool_id(m->id, id), "cannot open the content: %s",
		    strerror(errno));
	return fd;
}

/* What had to be kept secret on its way is not sent back (RFC 8689 5). */
static uint8_t
returned(const struct mail *m)
{
	return m->tls & TLS_REQUIRED ? RET_HEADERS : m->ret;
}

/* Without content there is still the news; bounce copes with -1. */
static void
send_report(struct channel *to, struct mail *m, const struct settles *about)
{
	struct writing *w = xcalloc(1, sizeof(*w));
	struct str recipients = { 0 };
	struct message r = { .type = MSG_report, .tag = channel_tag(to),
		.report = { .mail = m->id, .sender = mail_sender(m),
		    .kind = about->kind, .arrival = mail_arrival(m),
		    .until = age_until(m), .envid = mail_envid(m),
		    .ret = returned(m), .skip = m->skip, .body = m->body,
		    .content = open_content(m) } };

	put_recipients(&recipients, m, about);
	r.report.recipients = str_view(&recipients);
	w->mail = m->id;
	w->tag = r.tag;
	w->to = to;
	w->about = *about;
	table_add(&writings, w);
	mark(m, about, RCPT_REPORTING);
	channel_send(to, &r);
	str_free(&recipients);
}

static void
look_again(void *unused)
{
	(void)unused;
	loop_timer_free(&failing_timer);
	report_kick();
}

static void
run(void *unused)
{
	struct channel *to = service_peer(ROLE_BOUNCE, 0);
	struct settles about;

	(void)unused;
	kicked = false;
	if (service_stopping())
		return;
	if (durable_is_failing()) {
		if (failing_timer == NULL)
			failing_timer = loop_timer_new(SOON_MS, look_again,
			    NULL);
		return;
	}
	while (to != NULL && line.n > 0 && writings.count < REPORTS_MOST) {
		struct mail *m = ledger_find(line_take(&line).mail);

		if (m == NULL || m->state != MAIL_QUEUED)
			continue;
		if (!m->settling && choose(m, &about))
			send_report(to, m, &about);
		else
			m->reporting = false;
	}
}

void
report_kick(void)
{
	if (!kicked)
		loop_defer(run, NULL);
	kicked = true;
}

/* ---- how it ends ---- */

struct settles *
report_settles(uint64_t id)
{
	struct writing *w = table_find(&writings, id);
	struct mail *m = ledger_find(id);
	struct settles *s;

	if (w == NULL || m == NULL || m->state != MAIL_QUEUED)
		return NULL;
	s = xmalloc(sizeof(*s));
	*s = w->about;
	m->settling = true;
	return s;
}

void
report_safe(const struct settles *s)
{
	struct mail *m = ledger_find(s->mail);

	if (m == NULL || m->state != MAIL_QUEUED)
		return;
	m->settling = false;
	if (m->rewritten)
		note_settled(durable_notes(), s);
	m->rewritten = false;
	settled(m, s);
	judge_progress(m);
}

void
report_unsafe(const struct settles *s)
{
	struct mail *m = ledger_find(s->mail);

	if (m == NULL)
		return;
	m->settling = m->rewritten = false;
	report_consider(m);
}

struct again {
	struct loop_timer *timer;
	uint64_t mail;
};

/* Its time has come; the mail may be gone. */
static struct mail *
end_again(struct again *a)
{
	struct mail *m = ledger_find(a->mail);

	loop_timer_free(&a->timer);
	free(a);
	return m;
}

static void
again(void *arg)
{
	struct mail *m = end_again(arg);

	if (m == NULL)
		return;
	m->reporting = false;
	report_consider(m);
}

static void
in_time(void *arg)
{
	struct mail *m = end_again(arg);

	if (m == NULL)
		return;
	m->timed = false;
	if (m->state == MAIL_QUEUED)
		report_consider(m);
}

void
report_in_time(struct mail *m)
{
	struct again *a;

	if (m->timed)
		return;
	m->timed = true;
	a = xcalloc(1, sizeof(*a));
	a->mail = m->id;
	a->timer = loop_timer_new(IN_TIME_MS, in_time, a);
}

static void
once_more(struct mail *m, const struct settles *about, int64_t ms)
{
	struct again *a = xcalloc(1, sizeof(*a));

	mark(m, about, state_of(about->kind));
	a->mail = m->id;
	a->timer = loop_timer_new(ms, again, a);
}

/* DONE: the commit has settled all, or bounce had nothing to send. NEVER: the
 * sender cannot be told. Both are the end of it. */
static void
give_up(struct mail *m, const struct settles *about)
{
	if (!m->settling) {
		note_settled(durable_notes(), about);
		settled(m, about);
	}
	m->warn = m->warn && !m->warned;
	m->reporting = false;
	report_consider(m);
	judge_progress(m);
}

void
report_answer(struct channel *c, uint32_t tag, struct msg_answer *a)
{
	struct writing *w = NULL;
	struct mail *m;
	char id[SPOOL_ID_SIZE];

	for (size_t at = 0; (w = table_next(&writings, &at)) != NULL;)
		if (w->tag == tag && w->to == c)
			break;
	if (w == NULL)
		return;
	table_remove(&writings, w->mail);
	m = ledger_find(w->mail);
	if (m != NULL && m->state == MAIL_QUEUED) {
		if (a->verdict == VERDICT_NEVER)
			log_warning(spool_id(m->id, id), "the sender cannot "
			    "be told: %s", log_quote(a->sentence));
		if (a->verdict == VERDICT_DONE || a->verdict == VERDICT_NEVER)
			give_up(m, &w->about);
		else
			once_more(m, &w->about, AGAIN_MS);
	}
	free(w);
	report_kick();
}

void
report_closed(struct channel *c)
{
	struct writing *w;
	size_t at = 0;

	while ((w = table_next(&writings, &at)) != NULL) {
		struct mail *m = ledger_find(w->mail);

		if (w->to != c)
			continue;
		table_remove(&writings, w->mail);
		if (m != NULL && m->state == MAIL_QUEUED)
			once_more(m, &w->about, SOON_MS);
		free(w);
		at = 0;
	}
}

bool
report_is_idle(void)
{
	return writings.count == 0;
}
