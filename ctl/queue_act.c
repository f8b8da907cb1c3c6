/* SPDX-License-Identifier: ISC */
/*
 * queue_act - flush, hold, release, delete, requeue, reroute
 *
 * Each says how many mails it was. What cannot be undone, or is meant for few,
 * is not done to everything by a slip: it wants ids, a filter or --all.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/queue.h"
#include "lib/mail/hop.h"

static const struct {
	const char *verb;	/* "say which mails to ..." */
	const char *done;	/* "3 mails: ..." */
} words[] = {
	[QUEUE_FLUSH] = { "flush", "being tried" },
	[QUEUE_HOLD] = { "hold", "held" },
	[QUEUE_RELEASE] = { "release", "released" },
	[QUEUE_DELETE] = { "delete", "deleted" },
	[QUEUE_REQUEUE] = { "requeue", "queued again" },
	[QUEUE_REROUTE] = { "reroute", "rerouted" },
};

static struct {
	uint64_t mails, recipients;
	int code;	/* of the ids that did not match */
} sum;

bool
queue_tell(struct queue_request *r, struct msg_queue_acted *acted,
    struct why *w)
{
	struct reply reply;
	bool fine = link_call(r->queue, &r->act, &reply, w) &&
	    reply_is(&reply, MSG_queue_acted, w);

	*acted = fine ? reply.m.queue_acted : (struct msg_queue_acted){ 0 };
	reply_free(&reply);
	return fine;
}

static int
act_each(struct queue_request *r)
{
	struct msg_queue_acted acted;
	struct why w;
	bool fine = queue_tell(r, &acted, &w);

	sum.mails += acted.mails;
	sum.recipients += acted.recipients;
	if (!fine)
		return ctl_fail(w.verdict == VERDICT_LATER ? EX_TEMPFAIL :
							     EX_UNAVAILABLE,
		    "%s%s%s", r->id != NULL ? r->id : "",
		    r->id != NULL ? ": " : "", w.text);
	if (acted.mails == 0 && r->id != NULL)
		sum.code = ctl_fail(EX_DATAERR, "%s: nothing in the queue that "
		    "could be meant; \"queue list\" shows what is there",
		    r->id);
	return 0;
}

static void
print_sum(enum queue_action action)
{
	printf("%llu mail%s (%llu recipient%s): %s\n",
	    (unsigned long long)sum.mails, sum.mails == 1 ? "" : "s",
	    (unsigned long long)sum.recipients,
	    sum.recipients == 1 ? "" : "s", words[action].done);
}

static int
act(struct ctl *ctl, enum queue_action action)
{
	bool chosen = ctl->argc > 0 || (ctl->options & OPTION_FILTERS) != 0;
	int code;

	if (action != QUEUE_FLUSH && chosen == ctl_has(ctl, OPTION_ALL))
		return ctl_fail(EX_USAGE, "say which mails to %s: queue ids or "
		    "filters, or --all", words[action].verb);
	code = queue_each(ctl, action, act_each);
	if (code != 0 && sum.mails == 0)
		return code;
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_pack("{s:I, s:I}", "mails",
		    (json_int_t)sum.mails, "recipients",
		    (json_int_t)sum.recipients));
	else
		print_sum(action);
	return code != 0 ? code : sum.code;
}

int
queue_act_flush(struct ctl *ctl)
{
	return act(ctl, QUEUE_FLUSH);
}

int
queue_act_hold(struct ctl *ctl)
{
	return act(ctl, QUEUE_HOLD);
}

int
queue_act_release(struct ctl *ctl)
{
	return act(ctl, QUEUE_RELEASE);
}

int
queue_act_delete(struct ctl *ctl)
{
	return act(ctl, QUEUE_DELETE);
}

int
queue_act_requeue(struct ctl *ctl)
{
	return act(ctl, QUEUE_REQUEUE);
}

int
queue_act_reroute(struct ctl *ctl)
{
	const char *to = ctl_value(ctl, OPTION_TO);
	struct arena arena;
	struct hop hop;
	struct why w;
	bool fine;

	if (to == NULL)
		return ctl_fail(EX_USAGE, "say where to: --to HOP, as in "
		    "routes(5), for example --to '[relay.example.net]:587'");
	arena_init(&arena);
	fine = hop_parse(view_of(to), &arena, &hop, &w);
	arena_reset(&arena);
	return fine ? act(ctl, QUEUE_REROUTE) :
		      ctl_fail(EX_USAGE, "--to %s: %s", to, w.text);
}
