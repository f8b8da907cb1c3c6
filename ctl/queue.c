/* SPDX-License-Identifier: ISC */
/*
 * queue - the commands about waiting mail, and whom they mean
 *
 * The queue looks for what the filters say, so that a command about ten mails
 * does not carry a list of a million. Answers come one recipient at a time, and
 * nothing here keeps more than one.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/queue.h"
#include "lib/base/clock.h"
#include "lib/mail/spool.h"

static struct {
	void (*item)(const struct msg_queue_item *m);
	struct queue_sums *sums;
	struct why why;		/* when the queue refuses */
} listing;

bool
queue_age(const char *text, int64_t *seconds)
{
	static const struct { char letter; int64_t seconds; } units[] = {
		{ 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
		{ 's', 1 }
	};
	struct view v = view_of(text);
	int64_t unit = 1;
	uint64_t n;

	for (size_t i = 0; i < nitems(units) && v.n > 0; i++)
		if (v.p[v.n - 1] == units[i].letter) {
			unit = units[i].seconds;
			v.n--;
			break;
		}
	if (!view_u64(v, 100000000, &n))
		return false;
	*seconds = (int64_t)n * unit;
	return true;
}

static struct view
value(const struct ctl *ctl, unsigned option)
{
	const char *v = ctl_value(ctl, option);

	return v != NULL ? view_of(v) : VIEW_NONE;
}

/* The moment that is so long ago. */
static int
take_age(const struct ctl *ctl, unsigned option, int64_t *moment)
{
	const char *age = ctl_value(ctl, option);
	int64_t seconds;

	if (age == NULL)
		return 0;
	if (!queue_age(age, &seconds))
		return ctl_fail(EX_USAGE, "%s is no age; say 90s, 30m, 12h, "
		    "5d or 1w", age);
	*moment = clock_wall_us() / 1000000 - seconds;
	return 0;
}

static int
take_state(const struct ctl *ctl, struct view *state)
{
	static const char *const known[] = { "active", "deferred", "held",
		"reporting" };
	struct view v = value(ctl, OPTION_STATE);

	for (size_t i = 0; i < nitems(known); i++)
		if (view_is(v, known[i]))
			*state = v;
	return v.n == state->n ? 0 : ctl_fail(EX_USAGE,
	    "a state is active, deferred, held or reporting");
}

static int
take_filters(const struct ctl *ctl, struct msg_queue_act *act)
{
	int code = take_age(ctl, OPTION_OLDER, &act->before);

	act->sender = value(ctl, OPTION_SENDER);
	act->recipient = value(ctl, OPTION_RECIPIENT);
	act->destination = value(ctl, OPTION_DOMAIN);
	act->reason = value(ctl, OPTION_REASON);
	if (code == 0)
		code = take_age(ctl, OPTION_NEWER, &act->after);
	return code == 0 ? take_state(ctl, &act->state) : code;
}

static void
on_item(struct channel *c, uint32_t tag, struct msg_queue_item *m)
{
	(void)c;
	(void)tag;
	listing.item(m);
}

static void
on_end(struct channel *c, uint32_t tag, struct msg_queue_end *m)
{
	(void)c;
	(void)tag;
	listing.sums->mails += m->mails;
	listing.sums->octets += m->octets;
	listing.sums->hurt = m->hurt;
	link_done();
}

static void
on_answer(struct channel *c, uint32_t tag, struct msg_answer *m)
{
	(void)c;
	(void)tag;
	why_set(&listing.why, VERDICT_NEVER, m->status, m->sentence);
	link_done();
}

static const struct handlers handlers = {
	.queue_item = on_item,
	.queue_end = on_end,
	.answer = on_answer,
	.closed = link_closed,
};

int
queue_open(struct ctl *ctl, const struct handlers *from_queue,
    struct channel **c)
{
	static const struct handlers from_master = { .closed = link_closed };
	int code = link_open(ctl, &from_master);

	return code != 0 ? code : link_program(ROLE_QUEUE, 0, from_queue, c);
}

int
queue_list(struct queue_request *r,
    void (*item)(const struct msg_queue_item *m), struct queue_sums *sums)
{
	listing.item = item;
	listing.sums = sums;
	listing.why.verdict = VERDICT_DONE;
	channel_send(r->queue, &r->act);
	if (!link_wait())
		return ctl_fail(EX_TEMPFAIL, "the queue went away; try again");
	return listing.why.verdict == VERDICT_DONE ? 0 :
	    ctl_fail(EX_UNAVAILABLE, "%s", listing.why.text);
}

int
queue_each(struct ctl *ctl, enum queue_action action,
    int (*each)(struct queue_request *r))
{
	struct queue_request r = { .ctl = ctl,
		.act = { .type = MSG_queue_act } };
	struct msg_queue_act *act = &r.act.queue_act;
	int code = take_filters(ctl, act);

	act->action = (uint8_t)action;
	act->hop = value(ctl, OPTION_TO);
	for (int i = 0; i < ctl->argc; i++)
		if (!spool_id_parse(view_of(ctl->argv[i]), &act->mail))
			return ctl_fail(EX_USAGE, "%s is no queue id; \"queue "
			    "list\" shows them", ctl->argv[i]);
	if (code == 0)
		code = queue_open(ctl, &handlers, &r.queue);
	if (code == 0 && ctl->argc == 0)
		return each(&r);
	for (int i = 0; code == 0 && i < ctl->argc; i++) {
		r.id = ctl->argv[i];
		spool_id_parse(view_of(r.id), &act->mail);
		code = each(&r);
	}
	return code;
}

const struct command queue_commands[] = {
	{ "queue list", "[ID ...] [FILTER ...]", OPTION_JSON | OPTION_FILTERS,
	    0, 1000, queue_list_run, "the mail that waits, and why" },
	{ "queue show", "ID", OPTION_JSON | OPTION_BODY, 1, 1, queue_show_run,
	    "a mail's envelope and header" },
	{ "queue why", "ID ...", OPTION_JSON, 1, 1000, queue_why_run,
	    "what was tried, what came of it, what one can do" },
	{ "queue flush", "[ID ...] [FILTER ...]", OPTION_JSON | OPTION_FILTERS,
	    0, 1000, queue_act_flush, "try these mails now, or all" },
	{ "queue hold", "[ID ...] [FILTER ...]",
	    OPTION_JSON | OPTION_ALL | OPTION_FILTERS, 0, 1000, queue_act_hold,
	    "do not try until released" },
	{ "queue release", "[ID ...] [FILTER ...]",
	    OPTION_JSON | OPTION_ALL | OPTION_FILTERS, 0, 1000,
	    queue_act_release, "let go what is held" },
	{ "queue delete", "[ID ...] [FILTER ...]",
	    OPTION_JSON | OPTION_ALL | OPTION_FILTERS, 0, 1000,
	    queue_act_delete, "throw mail away; nobody is told" },
	{ "queue requeue", "[ID ...] [FILTER ...]",
	    OPTION_JSON | OPTION_ALL | OPTION_FILTERS, 0, 1000,
	    queue_act_requeue, "ask etc/routes again, and try as if new" },
	{ "queue reroute", "[ID ...] [FILTER ...]",
	    OPTION_JSON | OPTION_ALL | OPTION_FILTERS | OPTION_TO, 0, 1000,
	    queue_act_reroute, "send over another host" },
	{ "queue check", "[ID ...]", 0, 0, 1000, queue_check_run,
	    "is the content of every mail there, and whole?" },
	{ "queue stats", "", OPTION_JSON, 0, 0, queue_stats_run,
	    "what waits for each next host" },
	{ 0 },
};
