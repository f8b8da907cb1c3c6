/* SPDX-License-Identifier: ISC */
/*
 * queue_json - a mail of the queue as an object, and in a few words
 *
 * The keys that scripts know from Postfix's postqueue -j keep their names and
 * their meaning; ours stand behind them.
 */
#include <time.h>

#include "ctl/queue.h"
#include "lib/mail/spool.h"

static void
set_text(json_t *o, const char *key, struct view v)
{
	if (v.n > 0)
		json_object_set_new(o, key, output_text(v));
}

static void
set_number(json_t *o, const char *key, int64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* As MT-PRIORITY has it (RFC 6710). */
static int
priority_of(const struct msg_queue_item *m)
{
	return m->priority - 10;
}

/* The letters of NOTIFY (RFC 3461), in words. */
static json_t *
notify_words(uint8_t notify)
{
	static const char *const words[] = { "success", "failure", "delay",
		"never" };
	json_t *a = json_array();

	for (size_t i = 0; i < nitems(words); i++)
		if (notify & 1u << i)
			json_array_append_new(a, json_string(words[i]));
	return a;
}

static void
set_wishes(json_t *o, const struct msg_queue_item *m)
{
	if (m->hold != 0)
		set_number(o, "hold_until", m->hold);
	if (m->by_mode != 0) {
		set_number(o, "deliver_by", m->by);
		json_object_set_new(o, "deliver_by_mode",
		    json_string(m->by_mode & 2 ? "return" : "notify"));
	}
	if (m->priority != 0)
		set_number(o, "priority", priority_of(m));
	if (m->tls != 0)
		json_object_set_new(o, "tls", json_string(m->tls == 1 ?
		    "required" : "not-required"));
	if (m->ret != 0)
		json_object_set_new(o, "ret", json_string(m->ret == 1 ?
		    "full" : "headers"));
	set_text(o, "envid", m->envid);
}

json_t *
queue_json_mail(const struct msg_queue_item *m)
{
	json_t *o = json_object();
	char id[SPOOL_ID_SIZE];

	set_text(o, "queue_name", m->queue);
	json_object_set_new(o, "queue_id",
	    json_string(spool_id(m->mail, id)));
	set_number(o, "arrival_time", m->arrival);
	set_number(o, "message_size", (int64_t)m->size);
	json_object_set_new(o, "forced_expire", json_false());
	set_text(o, "sender", m->sender.n > 0 ? m->sender :
						VIEW_LIT("MAILER-DAEMON"));
	set_wishes(o, m);
	return o;
}

json_t *
queue_json_rcpt(const struct msg_queue_item *m)
{
	json_t *r = json_object();

	set_text(r, "address", m->address);
	set_text(r, "delay_reason", m->sentence);
	set_text(r, "state", m->state);
	if (!view_eq(m->original, m->address))
		set_text(r, "original", m->original);
	set_text(r, "transport", m->transport);
	set_text(r, "destination", m->destination);
	set_number(r, "tries", m->tries);
	if (m->tried != 0)
		set_number(r, "last_try", m->tried);
	set_number(r, "next_try", m->next);
	if (m->until != 0)
		set_number(r, "tries_end", m->until);
	set_text(r, "status", m->status);
	set_text(r, "relay", m->relay);
	set_text(r, "reply", m->reply);
	if (m->notify != 0)
		json_object_set_new(r, "notify", notify_words(m->notify));
	set_text(r, "orcpt", m->orcpt);
	return r;
}

/* ---- in words ---- */

static void
add_fact(struct str *facts, const char *fact)
{
	str_adds(facts, facts->n > 0 ? "; " : "");
	str_adds(facts, fact);
}

static void
add_time(struct str *facts, const char *what, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[40];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(text, sizeof(text), " %a %b %e %H:%M:%S %Y", &tm);
	add_fact(facts, what);
	str_adds(facts, text);
}

void
queue_facts(const struct msg_queue_item *m, struct str *facts)
{
	if (m->frozen != 0)
		add_fact(facts, "held by the administrator");
	else if (view_is(m->state, "held"))
		add_time(facts, "held until", m->hold);
	if (m->by_mode != 0)
		add_time(facts, m->by_mode & 2 ? "return if not delivered by" :
		    "report if not delivered by", m->by);
	if (m->priority != 0) {
		add_fact(facts, "priority ");
		str_addf(facts, "%d", priority_of(m));
	}
	if (m->tls == 1)
		add_fact(facts, "REQUIRETLS");
	if (m->tls == 2)
		add_fact(facts, "TLS-Required: No");
}
