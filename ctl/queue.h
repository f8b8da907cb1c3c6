/* SPDX-License-Identifier: ISC */
/*
 * queue - what the commands about the queue share: whom they mean
 *
 * Filters and mail ids stand on the command line; each id makes a request of
 * its own, without ids there is one.
 */
#ifndef CTL_QUEUE_H
#define CTL_QUEUE_H

#include "ctl/ctl.h"
#include "ctl/output.h"
#include "lib/proc/channel.h"

/* As queue_act has them. */
enum queue_action { QUEUE_LIST = 1, QUEUE_FLUSH, QUEUE_HOLD, QUEUE_RELEASE,
	QUEUE_DELETE, QUEUE_REQUEUE, QUEUE_REROUTE, QUEUE_CHECK };

struct queue_request {
	struct ctl *ctl;
	struct channel *queue;
	struct message act;	/* MSG_queue_act */
	const char *id;		/* as it was typed; NULL: any */
};

/* Begin each() for every request; stops at the first code but 0 and returns
 * it. */
int queue_each(struct ctl *ctl, enum queue_action action,
    int (*each)(struct queue_request *r));
/* List what a request means: item() of each recipient, then the sums. */
struct queue_sums {
	uint64_t mails, octets;
	uint32_t hurt;		/* segments of the journal */
};
int queue_list(struct queue_request *r,
    void (*item)(const struct msg_queue_item *m), struct queue_sums *sums);
/* Ask the queue to do what a request means; how many it was. */
bool queue_tell(struct queue_request *r, struct msg_queue_acted *acted,
    struct why *w);
/* A channel to the queue. */
int queue_open(struct ctl *ctl, const struct handlers *from_queue,
    struct channel **c);

/* "30m", "2d": seconds; false when it is no such thing. */
bool queue_age(const char *text, int64_t *seconds);

/* The head of a mail's object, and one of its recipients (ctl/queue_json.c). */
json_t *queue_json_mail(const struct msg_queue_item *m);
json_t *queue_json_rcpt(const struct msg_queue_item *m);
/* What the sender asked for, "held until ...; priority 4"; empty: nothing. */
void queue_facts(const struct msg_queue_item *m, struct str *facts);

/* The commands. */
int queue_list_run(struct ctl *ctl);
int queue_show_run(struct ctl *ctl);
int queue_why_run(struct ctl *ctl);
int queue_act_flush(struct ctl *ctl);
int queue_act_hold(struct ctl *ctl);
int queue_act_release(struct ctl *ctl);
int queue_act_delete(struct ctl *ctl);
int queue_act_requeue(struct ctl *ctl);
int queue_act_reroute(struct ctl *ctl);
int queue_check_run(struct ctl *ctl);
int queue_stats_run(struct ctl *ctl);

#endif
