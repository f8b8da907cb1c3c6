/* SPDX-License-Identifier: ISC */
/*
 * report - route the sender, compose, queue
 *
 * The commit names the mail that the report is about; queue settles its
 * recipients in the same record, so this program may die anywhere. A mail that
 * failed and has no sender, or one that cannot be reached, is reported to
 * bounce_postmaster; without that setting the answer is NEVER: then nobody is
 * told, and queue logs it.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "bounce/compose.h"
#include "bounce/report.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/header.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"

#define FULL_MOST	(1u << 20)	/* octets returned with RET=FULL at least */
#define HEADER_MOST	(64u * 1024)	/* octets of a header that is */
#define RCPTS_MOST	1000
#define RCPT_ITEMS	8		/* of each, in the list of the message */
#define TARGETS_MOST	1000
#define NOTIFY_NEVER	8
#define BODY_KIND	3	/* of body, without BODY_UTF8 */
#define BODY_UTF8	4
#define BODY_BINARY	2
enum { RET_FULL = 1, RET_HEADERS = 2 };

struct report {
	struct arena arena;
	uint32_t queue;		/* process that asked */
	uint32_t tag;
	uint64_t mail;		/* that it is about */
	uint32_t skip;
	uint8_t ret;
	int content;
	struct notice notice;
	struct str original;
	struct view targets;	/* of whom it goes to, as router lists them */
};

static size_t writing;

/* ---- what was asked ---- */

static const struct notice_rcpt *
copy_rcpts(struct report *p, struct view list, size_t *n)
{
	size_t items;
	struct notice_rcpt *r;

	*n = 0;
	if (!list_ok(list, &items) || items % RCPT_ITEMS != 0 ||
	    items / RCPT_ITEMS > RCPTS_MOST)
		return NULL;
	r = arena_zalloc(&p->arena, items / RCPT_ITEMS * sizeof(*r) + 1);
	list = arena_view(&p->arena, list);
	for (; *n < items / RCPT_ITEMS; ++*n) {
		list_next(&list, &r[*n].original);
		list_next(&list, &r[*n].address);
		list_next(&list, &r[*n].status);
		list_next(&list, &r[*n].sentence);
		list_next(&list, &r[*n].relay);
		list_next(&list, &r[*n].orcpt);
		list_next(&list, &r[*n].reply);
		list_next_u64(&list, &r[*n].tried);
		if (*n > 0 && view_is(r[*n].status, "=")) {
			r[*n].status = r[*n - 1].status;
			r[*n].sentence = r[*n - 1].sentence;
			r[*n].relay = r[*n - 1].relay;
			r[*n].reply = r[*n - 1].reply;
		}
	}
	return r;
}

static struct report *
report_new(struct channel *queue, uint32_t tag, struct msg_report *m)
{
	struct report *p = xcalloc(1, sizeof(*p));
	struct notice *n = &p->notice;

	arena_init(&p->arena);
	p->queue = channel_peer(queue)->process;
	p->tag = tag;
	p->mail = m->mail;
	p->skip = m->skip;
	/* nothing binary fits into a report of lines (RFC 3030) */
	p->ret = (m->body & BODY_KIND) == BODY_BINARY ? RET_HEADERS : m->ret;
	p->content = fd_take(&m->content);
	n->kind = m->kind;
	n->sender = n->to = arena_view(&p->arena, m->sender);
	n->envid = arena_view(&p->arena, m->envid);
	n->host = arena_view(&p->arena,
	    view_of(service_settings()->hostname));
	n->utf8 = (m->body & BODY_UTF8) != 0;
	n->arrival = m->arrival;
	n->until = m->until;
	n->now = clock_wall();
	n->id = m->mail;
	n->unique = (uint64_t)arc4random() << 32 | arc4random();
	n->rcpt = copy_rcpts(p, m->recipients, &n->n);
	return p;
}

static void
report_free(struct report *p)
{
	if (p->content >= 0)
		close(p->content);
	str_free(&p->original);
	arena_reset(&p->arena);
	free(p);
}

/* ---- the mail that it is about ---- */

static bool
read_part(struct report *p, uint64_t n)
{
	char *to = str_room(&p->original, n);

	if (to == NULL || !file_pread_all(p->content, to, n, p->skip))
		return false;
	p->original.n += n;
	return true;
}

/* All of a small one that failed, the header otherwise; nothing when it cannot
 * be read: the news matters more. */
static void
read_original(struct report *p)
{
	struct notice *n = &p->notice;
	struct stat st;
	uint64_t size, most = service_settings()->bounce_message_size;

	if (p->content < 0 || fstat(p->content, &st) < 0 ||
	    (uint64_t)st.st_size <= p->skip)
		return;
	size = (uint64_t)st.st_size - p->skip;
	if (p->ret == RET_FULL && most < FULL_MOST)
		most = FULL_MOST;
	n->whole = size <= most && n->kind == NOTICE_FAILED &&
	    p->ret != RET_HEADERS;
	if (!read_part(p, n->whole || size < HEADER_MOST ? size : HEADER_MOST))
		str_free(&p->original);
	n->original = str_view(&p->original);
	if (!n->whole)
		n->original.n = header_size(n->original);
}

/* ---- the steps ---- */

static bool
route(struct report *p, struct why *w)
{
	struct message m = { .type = MSG_route,
		.route = { .recipient = p->notice.to, .trusted = 1 } };
	struct reply r;
	size_t items;
	bool done = service_call(ROLE_ROUTER, 0, &m, &r, w) &&
	    reply_is(&r, MSG_routed, w);

	if (done && r.m.routed.verdict != VERDICT_DONE) {
		why_set(w, r.m.routed.verdict == VERDICT_NEVER ?
		    VERDICT_NEVER : VERDICT_LATER, r.m.routed.status,
		    r.m.routed.sentence);
		done = false;
	}
	if (done && (!list_ok(r.m.routed.targets, &items) || items == 0 ||
	    items % 3 != 0 || items / 3 > TARGETS_MOST))
		done = why_never(w, "3.5", "the address has no usable targets");
	if (done)
		p->targets = arena_view(&p->arena, r.m.routed.targets);
	reply_free(&r);
	return done;
}

/* To the sender, else to who cares for what went astray. */
static bool
find_reader(struct report *p, struct why *w)
{
	struct notice *n = &p->notice;

	if (n->sender.n == 0)
		why_never(w, "1.7", "there is no sender");
	else if (route(p, w))
		return true;
	n->to = view_of(service_settings()->bounce_postmaster);
	if (w->verdict != VERDICT_NEVER || n->kind != NOTICE_FAILED ||
	    n->to.n == 0)
		return false;
	n->astray = true;
	n->to = arena_view(&p->arena, n->to);
	n->unheard = arena_view(&p->arena, view_of(w->text));
	return route(p, w);
}

/* A spool file for the report; its descriptor is the caller's. */
static bool
open_mail(size_t size, uint64_t *id, int *fd, struct why *w)
{
	struct message m = { .type = MSG_mail_open,
		.mail_open = { .size = size } };
	struct reply r;
	bool done = service_call(ROLE_QUEUE, 0, &m, &r, w) &&
	    reply_is(&r, MSG_mail_opened, w);

	if (done) {
		*id = r.m.mail_opened.mail;
		*fd = fd_take(&r.m.mail_opened.content);
	}
	reply_free(&r);
	return done;
}

static void
send_recipients(struct channel *c, const struct report *p, uint64_t id)
{
	struct view list = p->targets;
	struct message m = { .type = MSG_mail_rcpt,
		.mail_rcpt = { .mail = id, .original = p->notice.to,
		    .notify = NOTIFY_NEVER } };

	while (list_next(&list, &m.mail_rcpt.transport) &&
	    list_next(&list, &m.mail_rcpt.destination) &&
	    list_next(&list, &m.mail_rcpt.address))
		channel_send(c, &m);
}

static bool
commit(const struct report *p, struct msg_mail_commit *mc, struct why *w)
{
	struct channel *c = service_peer(ROLE_QUEUE, 0);
	struct message m = { .type = MSG_mail_commit, .mail_commit = *mc };
	struct reply r;
	bool done;

	if (c == NULL || channel_peer(c)->process != p->queue)
		return why_later(w, "3.0", "queue was restarted");
	send_recipients(c, p, mc->mail);
	done = service_call(ROLE_QUEUE, 0, &m, &r, w) &&
	    reply_is(&r, MSG_mail_queued, w);
	reply_free(&r);
	return done;
}

static void
abort_mail(uint64_t id)
{
	struct channel *c = service_peer(ROLE_QUEUE, 0);
	struct message m = { .type = MSG_mail_abort, .mail_abort = { id } };

	if (c != NULL)
		channel_send(c, &m);
}

static bool
queue_text(struct report *p, const struct str *text, const struct composed *c,
    struct why *w)
{
	struct msg_mail_commit mc = { .size = text->n,
		.skip = (uint32_t)c->skip, .client = VIEW_LIT("local"),
		.body = (uint8_t)(c->eight | (c->utf8 ? BODY_UTF8 : 0)),
		.settles = p->mail, .received = 1 };
	char about[SPOOL_ID_SIZE], id[SPOOL_ID_SIZE];
	bool written;
	int fd;

	if (!open_mail(text->n, &mc.mail, &fd, w))
		return false;
	written = file_write_all(fd, str_view(text));
	close(fd);
	if (!written)
		why_errno(w, "cannot write the report");
	if (!written || !commit(p, &mc, w)) {
		abort_mail(mc.mail);
		return false;
	}
	log_info(spool_id(p->mail, about), "%s notification (%s): %s",
	    p->notice.astray ? "postmaster" : "sender",
	    p->notice.kind == NOTICE_LATE ? "late" :
	    compose_action(p->notice.kind), spool_id(mc.mail, id));
	return true;
}

static void
answer(const struct report *p, const struct why *w)
{
	struct channel *c = service_peer(ROLE_QUEUE, 0);

	if (c != NULL && channel_peer(c)->process == p->queue)
		channel_answer(c, p->tag, w);
}

static void
run(void *arg)
{
	struct report *p = arg;
	struct str text = { 0 };
	struct composed c;
	struct why w;

	if (find_reader(p, &w)) {
		read_original(p);
		compose(&text, &p->notice, &c);
		if (queue_text(p, &text, &c, &w))
			why_done(&w, "0.0", "reported");
	}
	answer(p, &w);
	str_free(&text);
	report_free(p);
	writing--;
	if (service_stopping())
		report_stopping();
}

void
report_request(struct channel *queue, uint32_t tag, struct msg_report *m)
{
	struct report *p;
	struct why w;

	if (m->kind < NOTICE_FAILED || m->kind >= NOTICE_KINDS) {
		why_never(&w, "5.4", "not a report");
		channel_answer(queue, tag, &w);
		return;
	}
	p = report_new(queue, tag, m);
	writing++;
	fiber_start(run, p);
}

void
report_stopping(void)
{
	if (writing == 0)
		service_quit();
}
