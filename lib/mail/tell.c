/* SPDX-License-Identifier: ISC */
/*
 * tell - one batch of events, and the timer that sends it
 *
 * A batch leaves WAIT_MS after its first event, or when it is full: under load
 * a message carries a hundred mails and costs next to nothing for each.
 */
#include "lib/base/clock.h"
#include "lib/mail/tell.h"
#include "lib/proc/service.h"

#define WAIT_MS		200
#define BATCH		(48u * 1024)	/* octets; and one event must fit */
#define REFUSALS_SECOND	200
#define REFUSALS_BURST	2000

static struct str batch;
static size_t begun;		/* the event that is being written */
static uint32_t lost;		/* since the last message */
static struct loop_timer *timer;

static void
send_batch(struct channel *c)
{
	struct message m = { .type = MSG_events,
		.events = { lost, str_view(&batch) } };

	if (channel_send(c, &m))
		lost = 0;
	str_reset(&batch);
}

static void
tell_flush(void)
{
	struct channel *c = service_peer(ROLE_HISTORY, 0);

	loop_timer_free(&timer);
	if (c != NULL && (batch.n > 0 || lost > 0))
		send_batch(c);
}

static void
waited(void *unused)
{
	(void)unused;
	tell_flush();
}

/* Refusals have a bucket of their own. */
static bool
is_too_often(void)
{
	static int64_t last, tokens = REFUSALS_BURST * 1000;
	int64_t now = clock_ms();

	tokens += (now - last) * REFUSALS_SECOND;
	last = now;
	if (tokens > REFUSALS_BURST * 1000)
		tokens = REFUSALS_BURST * 1000;
	if (tokens < 1000)
		return true;
	tokens -= 1000;
	return false;
}

static bool
is_wanted(enum event_kind kind)
{
	struct channel *c = service_peer(ROLE_HISTORY, 0);

	if (c != NULL && service_settings()->history_keep == 0)
		return false;
	if (c == NULL || channel_backlog(c) > TELL_BACKLOG ||
	    (kind == EVENT_REFUSED && is_too_often())) {
		lost += lost < UINT32_MAX;
		if (timer == NULL && c != NULL)
			timer = loop_timer_new(WAIT_MS, waited, NULL);
		return false;
	}
	if (batch.n >= BATCH)
		send_batch(c);
	return true;
}

bool
tell_begin(enum event_kind kind, uint64_t mail)
{
	if (!is_wanted(kind))
		return false;
	service_on_stop(tell_flush);
	begun = event_begin(&batch, kind, mail);
	return true;
}

void
tell_put(enum event_field field, struct view v)
{
	event_put(&batch, field, v);
}

void
tell_put_number(enum event_field field, uint64_t n)
{
	event_put_number(&batch, field, n);
}

void
tell_end(void)
{
	if (!event_end(&batch, begun))
		lost++;
	if (service_stopping())
		tell_flush();
	else if (timer == NULL)
		timer = loop_timer_new(WAIT_MS, waited, NULL);
}
