/* SPDX-License-Identifier: ISC */
/*
 * search - first which mails, then everything about them
 *
 * The first walk goes back from the newest block and takes down the ids of
 * mails that have the key, until there are enough; refusals with it are kept
 * as they are. The second walk sends what became of these mails, in order.
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "history/results.h"
#include "history/search.h"
#include "history/walk.h"
#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/mail/spool.h"
#include "lib/proc/fiber.h"

#define PIECE		(128u * 1024)	/* octets of events in one message */
#define BACKLOG		(1u << 20)	/* octets that the command has not read */
#define WAIT_MS		20
#define MOST		10000		/* mails */
#define KEY_MOST	1024
#define SLACK_US	(3600 * INT64_C(1000000))	/* clocks move */

struct search {
	LIST_ENTRY(search) entry;
	struct channel *from;	/* NULL: it is gone */
	uint32_t tag;
	struct str key;
	struct view message_id;	/* the same without brackets */
	uint64_t mail;		/* the key is this mail, or 0 */
	int64_t since;		/* us */
	size_t most;
	uint64_t *ids;
	size_t ids_n, refusals;
	bool cut;
	uint64_t day;		/* of tls_report */
	struct str out;		/* events to be sent */
	struct str found;	/* refusals */
};

static LIST_HEAD(, search) searches = LIST_HEAD_INITIALIZER(searches);
static struct book *mails, *refused;
static uint64_t lost;

void
search_begin(struct book *m, struct book *r)
{
	mails = m;
	refused = r;
}

void
search_lost(uint64_t events)
{
	lost += events;
}

/* ---- sending ---- */

static void
send_piece(struct search *s)
{
	struct message m = { .type = MSG_traced, .tag = s->tag,
		.traced = { str_view(&s->out) } };

	if (s->from != NULL && s->out.n > 0)
		channel_send(s->from, &m);
	str_reset(&s->out);
}

/* True when nobody listens any more. */
static bool
is_over(void *arg)
{
	struct search *s = arg;

	while (s->from != NULL && channel_backlog(s->from) > BACKLOG)
		if (fiber_sleep(WAIT_MS) == WAIT_CANCELLED)
			return true;
	return s->from == NULL;
}

static void
put(struct str *out, struct view octets)
{
	put_u32(out, (uint32_t)octets.n);
	str_add(out, octets);
}

static void
tell(struct search *s, struct view octets)
{
	if (s->out.n + octets.n > PIECE)
		send_piece(s);
	put(&s->out, octets);
}

static int64_t
oldest(void)
{
	return mails->n > 0 ? mails->leaf[0].begun / 1000000 : clock_wall();
}

static void
finish(struct search *s)
{
	struct message end = { .type = MSG_trace_end, .tag = s->tag,
		.trace_end = { .cut = s->cut, .oldest = oldest(),
		    .lost = lost + mails->lost + refused->lost } };

	send_piece(s);
	if (s->from != NULL)
		channel_send(s->from, &end);
	LIST_REMOVE(s, entry);
	free(s->ids);
	str_free(&s->key);
	str_free(&s->out);
	str_free(&s->found);
	free(s);
}

/* ---- does an event have the key? ---- */

static bool
has_address(const struct search *s, const struct event *e)
{
	struct view key = str_view(&s->key), list, one;

	if (view_eqi(e->text[EVENT_sender], key) ||
	    view_eqi(e->text[EVENT_recipient], key) ||
	    view_eqi(e->text[EVENT_original], key))
		return true;
	list = e->text[EVENT_recipients];
	while (list_next(&list, &one))
		if (view_eqi(one, key))
			return true;
	return false;
}

static bool
has_key(const struct search *s, const struct event *e)
{
	if (s->mail != 0)
		return e->mail == s->mail;
	return has_address(s, e) ||
	    view_eqi(e->text[EVENT_ip], str_view(&s->key)) ||
	    (e->text[EVENT_message_id].n > 0 && view_eqi(s->message_id,
		print_message_id(e->text[EVENT_message_id])));
}

/* ---- the first walk ---- */

static bool
is_known(const struct search *s, uint64_t id)
{
	/* events of one mail stand near each other */
	for (size_t i = s->ids_n; i-- > 0;)
		if (s->ids[i] == id)
			return true;
	return false;
}

static void
note(void *arg, struct view octets, const struct event *e)
{
	struct search *s = arg;

	if (e->at < s->since || !has_key(s, e))
		return;
	if (e->mail == 0) {
		put(&s->found, octets);
		s->refusals++;
	} else if (!is_known(s, e->mail)) {
		s->ids = xrealloc(s->ids, (s->ids_n + 1) * sizeof(*s->ids));
		s->ids[s->ids_n++] = e->mail;
	}
}

static bool
has_enough_mails(void *arg)
{
	struct search *s = arg;

	s->cut |= s->ids_n >= s->most;
	return s->ids_n >= s->most || is_over(s);
}

static bool
has_enough_refusals(void *arg)
{
	struct search *s = arg;

	s->cut |= s->refusals >= s->most;
	return s->refusals >= s->most || is_over(s);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
find(struct search *s)
{
	const struct view key = str_view(&s->key);
	uint32_t prints[] = {
		s->mail != 0 ? print_of_number(PRINT_MAIL, s->mail) :
		    print_of(PRINT_ADDRESS, key),
		print_of(PRINT_MESSAGE_ID, s->message_id),
		print_of(PRINT_IP, key),
	};
	struct walk w = { .book = mails, .prints = prints,
		.n = nitems(prints), .since = s->since, .event = note,
		.enough = has_enough_mails, .arg = s };

	qsort(prints, nitems(prints), sizeof(*prints), by_number);
	walk_backward(&w);
	w.book = refused;
	w.enough = has_enough_refusals;
	if (s->mail == 0)
		walk_backward(&w);
}

/* ---- the second walk ---- */

static int
by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
is_one(const struct search *s, uint64_t id)
{
	return id != 0 && bsearch(&id, s->ids, s->ids_n, sizeof(id),
	    by_id) != NULL;
}

static void
tell_if_one(void *arg, struct view octets, const struct event *e)
{
	struct search *s = arg;

	if (is_one(s, e->mail) || is_one(s, event_number(e, EVENT_about)))
		tell(s, octets);
}

/* Ids are times, so the newest are the largest; one block can have brought
 * more than was asked for. */
static void
keep_newest(struct search *s)
{
	size_t more = s->ids_n > s->most ? s->ids_n - s->most : 0;

	if (s->ids_n > 1)
		qsort(s->ids, s->ids_n, sizeof(*s->ids), by_id);
	s->cut |= more > 0;
	s->ids_n -= more;
	if (more > 0)
		memmove(s->ids, s->ids + more, s->ids_n * sizeof(*s->ids));
}

static void
tell_all(struct search *s)
{
	struct walk w = { .book = mails, .event = tell_if_one,
		.enough = is_over, .arg = s };
	uint32_t *prints = xcalloc(s->ids_n, sizeof(*prints));

	for (size_t i = 0; i < s->ids_n; i++)
		prints[i] = print_of_number(PRINT_MAIL, s->ids[i]);
	qsort(prints, s->ids_n, sizeof(*prints), by_number);
	w.prints = prints;
	w.n = s->ids_n;
	w.since = (int64_t)s->ids[0] - SLACK_US;
	walk_forward(&w);
	free(prints);
}

static void
tell_refusals(struct search *s)
{
	struct view rest = str_view(&s->found), one;

	while (event_next(&rest, &one))
		tell(s, one);
}

static void
trace(void *arg)
{
	struct search *s = arg;

	find(s);
	tell_refusals(s);
	keep_newest(s);
	if (s->ids_n > 0)
		tell_all(s);
	finish(s);
}

/* ---- results of TLS ---- */

static void
tell_if_result(void *arg, struct view octets, const struct event *e)
{
	struct search *s = arg;

	if (e->kind == EVENT_TLS && event_number(e, EVENT_day) == s->day &&
	    (s->key.n == 0 || view_eqi(e->text[EVENT_domain],
		str_view(&s->key))))
		tell(s, octets);
}

static void
report(void *arg)
{
	struct search *s = arg;
	uint32_t print = s->key.n > 0 ?
	    print_of(PRINT_DOMAIN, str_view(&s->key)) :
	    print_of_number(PRINT_DAY, s->day);
	struct walk w = { .book = mails, .prints = &print, .n = 1,
		.since = s->since, .event = tell_if_result,
		.enough = is_over, .arg = s };

	walk_forward(&w);
	finish(s);
}

/* ---- requests ---- */

static struct search *
search_new(struct channel *c, uint32_t tag, struct view key)
{
	struct search *s = xcalloc(1, sizeof(*s));

	s->from = c;
	s->tag = tag;
	str_add(&s->key, key);
	LIST_INSERT_HEAD(&searches, s, entry);
	return s;
}

void
search_trace(struct channel *c, uint32_t tag, struct msg_trace *m)
{
	struct view key = view_trim(m->key);
	struct search *s;
	struct why w;

	if (key.n == 0 || key.n > KEY_MOST) {
		why_never(&w, "5.4", "That is nothing to look for");
		channel_answer(c, tag, &w);
		return;
	}
	s = search_new(c, tag, key);
	s->message_id = print_message_id(str_view(&s->key));
	spool_id_parse(key, &s->mail);
	s->since = m->since * 1000000;
	s->most = m->most > 0 && m->most < MOST ? m->most : MOST;
	fiber_start(trace, s);
}

void
search_tls(struct channel *c, uint32_t tag, struct msg_tls_report *m)
{
	struct search *s = search_new(c, tag, m->domain);

	results_flush();
	s->day = (uint64_t)m->day;
	s->since = m->day * 86400 * 1000000;
	fiber_start(report, s);
}

void
search_closed(struct channel *c)
{
	struct search *s;

	LIST_FOREACH(s, &searches, entry)
		if (s->from == c)
			s->from = NULL;
}
