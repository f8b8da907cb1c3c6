/* SPDX-License-Identifier: ISC */
/*
 * send - the jobs that are under way
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "smtp/deliver.h"
#include "smtp/pool.h"
#include "smtp/send.h"

struct errand {
	LIST_ENTRY(errand) entry;
	struct job *job;
	struct fiber *fiber;
};

static LIST_HEAD(, errand) errands = LIST_HEAD_INITIALIZER(errands);

static void
quit_when_done(void)
{
	if (!service_stopping() || !LIST_EMPTY(&errands))
		return;
	pool_stop();
	service_quit();
}

static void
run(void *arg)
{
	struct errand *e = arg;

	deliver_job(e->job);
	LIST_REMOVE(e, entry);
	job_free(&e->job);
	free(e);
	quit_when_done();
}

/* queue is trusted more than this program: what it sends is well formed. */
void
send_take(struct channel *queue, uint32_t tag, struct msg_send *m)
{
	struct errand *e = xmalloc(sizeof(*e));

	e->job = job_new(queue, tag, m);
	must(e->job != NULL);
	LIST_INSERT_HEAD(&errands, e, entry);
	e->fiber = fiber_start(run, e);
}

void
send_closed(struct channel *c)
{
	struct errand *e;

	LIST_FOREACH(e, &errands, entry) {
		if (e->job->queue != c)
			continue;
		e->job->queue = NULL;
		fiber_cancel(e->fiber);
	}
}

void
send_stopping(void)
{
	struct errand *e;

	LIST_FOREACH(e, &errands, entry)
		if (!e->job->final)
			fiber_cancel(e->fiber);
	quit_when_done();
}
