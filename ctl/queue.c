/* SPDX-License-Identifier: ISC */
/*
 * queue - list, flush and delete waiting mail
 *
 * The list has the shape of Postfix's mailq, which monitoring scripts read, and
 * the JSON the keys of its postqueue -j. Items of one mail come together, so
 * only that mail is held in memory, however long the queue is.
 */
#include <bsd/string.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "lib/mail/spool.h"

static struct {
	bool json, any;
	uint64_t mail, mails, octets;
	json_t *object, *recipients;	/* of the mail that is being read */
} list;

/* As MT-PRIORITY has it (RFC 6710). */
static int
priority_of(const struct msg_queue_item *m)
{
	return m->priority - 10;
}

/* What the sender asked for: "held until ...; priority 4". */
static void
add_fact(struct str *facts, const char *fact)
{
	str_adds(facts, facts->n > 0 ? "; " : "");
	str_adds(facts, fact);
}

static void
add_time(struct str *facts, const char *what, int64_t seconds)
{
	char text[80];
	time_t t = (time_t)seconds;
	struct tm tm;
	size_t n = strlcpy(text, what, sizeof(text));

	localtime_r(&t, &tm);
	strftime(text + n, sizeof(text) - n, " %a %b %e %H:%M:%S %Y", &tm);
	add_fact(facts, text);
}

static void
print_facts(const struct msg_queue_item *m)
{
	struct str facts = { 0 };

	if (view_is(m->state, "held"))
		add_time(&facts, "held until", m->hold);
	if (m->by_mode != 0)
		add_time(&facts, m->by_mode & 2 ? "return if not delivered by" :
		    "report if not delivered by", m->by);
	if (m->priority != 0) {
		add_fact(&facts, "priority ");
		str_addf(&facts, "%d", priority_of(m));
	}
	if (m->tls == 1)
		add_fact(&facts, "REQUIRETLS");
	if (m->tls == 2)
		add_fact(&facts, "TLS-Required: No");
	if (facts.n > 0)
		printf("%*s(%s)\n", 48, "", str_c(&facts));
	str_free(&facts);
}

static void
print_mail_line(const struct msg_queue_item *m)
{
	bool active = view_is(m->state, "active") ||
	    view_is(m->state, "reporting");
	char arrival[32], id[SPOOL_ID_SIZE];
	time_t t = (time_t)m->arrival;
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(arrival, sizeof(arrival), "%a %b %e %H:%M:%S", &tm);
	if (!list.any)
		puts("----Queue ID-----  --Size-- ----Arrival Time---- "
		     "-Sender/Recipient------");
	else
		putchar('\n');
	printf("%s%c %9llu %s  %s\n", spool_id(m->mail, id),
	    active			? '*' :
	    view_is(m->state, "held") ? '!' :
					' ',
	    (unsigned long long)m->size, arrival,
	    m->sender.n > 0 ? output_clean(m->sender) : "MAILER-DAEMON");
}

static void
print_item(const struct msg_queue_item *m)
{
	if (!list.any || m->mail != list.mail)
		print_mail_line(m);
	if (!list.any || m->mail != list.mail)
		print_facts(m);
	if (m->sentence.n > 0)
		printf("%*s(%s)\n", 48, "", output_clean(m->sentence));
	printf("%*s%s\n", 50, "", output_clean(m->address));
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
add_facts(json_t *o, const struct msg_queue_item *m)
{
	if (m->hold != 0)
		json_object_set_new(o, "hold_until", json_integer(m->hold));
	if (m->by_mode != 0) {
		json_object_set_new(o, "deliver_by", json_integer(m->by));
		json_object_set_new(o, "deliver_by_mode",
		    json_string(m->by_mode & 2 ? "return" : "notify"));
	}
	if (m->priority != 0)
		json_object_set_new(o, "priority",
		    json_integer(priority_of(m)));
	if (m->tls != 0)
		json_object_set_new(o, "tls", json_string(m->tls == 1 ?
		    "required" : "not-required"));
	if (m->envid.n > 0)
		json_object_set_new(o, "envid", output_text(m->envid));
}

static void
finish_object(void)
{
	if (list.object == NULL)
		return;
	json_object_set_new(list.object, "recipients", list.recipients);
	output_json_line(list.object);
	list.object = NULL;
}

static void
begin_object(const struct msg_queue_item *m)
{
	char id[SPOOL_ID_SIZE];

	spool_id(m->mail, id);
	list.object = json_object();
	list.recipients = json_array();
	json_object_set_new(list.object, "queue_name",
	    json_string(view_is(m->state, "held")     ? "hold" :
		    view_is(m->state, "deferred") ? "deferred" :
						    "active"));
	json_object_set_new(list.object, "queue_id", json_string(id));
	json_object_set_new(list.object, "arrival_time",
	    json_integer(m->arrival));
	json_object_set_new(list.object, "message_size",
	    json_integer((json_int_t)m->size));
	json_object_set_new(list.object, "forced_expire", json_false());
	json_object_set_new(list.object, "sender",
	    m->sender.n > 0 ? output_text(m->sender) :
			      json_string("MAILER-DAEMON"));
	add_facts(list.object, m);
}

static void
add_recipient(const struct msg_queue_item *m)
{
	json_t *r = json_object();

	json_object_set_new(r, "address", output_text(m->address));
	if (m->sentence.n > 0)
		json_object_set_new(r, "delay_reason",
		    output_text(m->sentence));
	json_object_set_new(r, "state", output_text(m->state));
	json_object_set_new(r, "tries", json_integer(m->tries));
	json_object_set_new(r, "next_try", json_integer(m->next));
	if (m->notify != 0)
		json_object_set_new(r, "notify", notify_words(m->notify));
	if (m->orcpt.n > 0)
		json_object_set_new(r, "orcpt", output_text(m->orcpt));
	json_array_append_new(list.recipients, r);
}

static void
json_item(const struct msg_queue_item *m)
{
	if (list.object == NULL || m->mail != list.mail) {
		finish_object();
		begin_object(m);
	}
	add_recipient(m);
}

static void
on_item(struct channel *c, uint32_t tag, struct msg_queue_item *m)
{
	(void)c;
	(void)tag;
	if (list.json)
		json_item(m);
	else
		print_item(m);
	list.any = true;
	list.mail = m->mail;
}

static void
on_end(struct channel *c, uint32_t tag, struct msg_queue_end *m)
{
	(void)c;
	(void)tag;
	list.mails = m->mails;
	list.octets = m->octets;
	link_done();
}

static const struct handlers handlers = {
	.queue_item = on_item,
	.queue_end = on_end,
	.closed = link_closed,
};

static int
open_queue(struct ctl *ctl, struct channel **c)
{
	static const struct handlers master_handlers = {
		.closed = link_closed
	};
	int code = link_open(ctl, &master_handlers);

	return code != 0 ? code : link_program(ROLE_QUEUE, 0, &handlers, c);
}

static int
show(struct ctl *ctl)
{
	struct message m = { .type = MSG_queue_list };
	struct channel *c;
	int code = open_queue(ctl, &c);

	if (code != 0)
		return code;
	list.json = ctl_has(ctl, OPTION_JSON);
	channel_send(c, &m);
	if (!link_wait())
		return ctl_fail(EX_TEMPFAIL, "the queue went away; try again");
	finish_object();
	if (list.json)
		return 0;
	if (list.mails == 0)
		puts("Mail queue is empty");
	else
		printf("\n-- %llu Kbytes in %llu Request%s.\n",
		    (unsigned long long)(list.octets + 1023) / 1024,
		    (unsigned long long)list.mails,
		    list.mails == 1 ? "" : "s");
	return 0;
}

/* One request for each mail that is named, or one with 0 for all. */
static int
request_each(struct ctl *ctl, bool (*ask)(struct channel *, uint64_t,
    struct why *))
{
	struct channel *c;
	struct why w;
	uint64_t id;
	int code;

	for (int i = 0; i < ctl->argc; i++)
		if (!spool_id_parse(view_of(ctl->argv[i]), &id))
			return ctl_fail(EX_USAGE, "%s is no queue id; \"queue "
			    "list\" shows them", ctl->argv[i]);
	code = open_queue(ctl, &c);
	if (code != 0)
		return code;
	if (ctl->argc == 0 && !ask(c, 0, &w))
		return ctl_fail(EX_TEMPFAIL, "%s", w.text);
	for (int i = 0; i < ctl->argc; i++) {
		spool_id_parse(view_of(ctl->argv[i]), &id);
		if (!ask(c, id, &w))
			code = ctl_fail(w.verdict == VERDICT_LATER ?
				EX_TEMPFAIL : EX_DATAERR,
			    "%s: %s", ctl->argv[i], w.text);
	}
	return code;
}

static bool
ask_flush(struct channel *c, uint64_t id, struct why *w)
{
	struct message m = { .type = MSG_queue_flush, .queue_flush = { id } };

	return link_ask(c, &m, w);
}

static int
flush_domains(struct ctl *ctl)
{
	struct message m = { .type = MSG_queue_domain };
	struct channel *c;
	struct reply r;
	struct why w;
	int code;

	if (ctl->argc == 0)
		return ctl_fail(EX_USAGE, "say which domains");
	code = open_queue(ctl, &c);
	for (int i = 0; code == 0 && i < ctl->argc; i++) {
		m.queue_domain.domain = view_of(ctl->argv[i]);
		if (link_call(c, &m, &r, &w) &&
		    reply_is(&r, MSG_queue_domain_tried, &w))
			printf("%s: %u mails\n", ctl->argv[i],
			    r.m.queue_domain_tried.mails);
		else
			code = ctl_fail(EX_TEMPFAIL, "%s", w.text);
		reply_free(&r);
	}
	return code;
}

static int
flush(struct ctl *ctl)
{
	if (ctl_has(ctl, OPTION_DOMAIN))
		return flush_domains(ctl);
	return request_each(ctl, ask_flush);
}

static bool
ask_delete(struct channel *c, uint64_t id, struct why *w)
{
	struct message m = { .type = MSG_queue_delete, .queue_delete = { id } };

	return link_ask(c, &m, w);
}

static int
delete(struct ctl *ctl)
{
	if ((ctl->argc == 0) != ctl_has(ctl, OPTION_ALL))
		return ctl_fail(EX_USAGE,
		    "say which mails to delete: queue ids, or --all");
	return request_each(ctl, ask_delete);
}

const struct command queue_commands[] = {
	{ "queue list", "", OPTION_JSON, 0, 0, show,
	    "the mail that waits, and why" },
	{ "queue flush", "[ID ...]", OPTION_DOMAIN, 0, 1000, flush,
	    "try these mails now, or those for domains; without ids all" },
	{ "queue delete", "[ID ...]", OPTION_ALL, 0, 1000, delete,
	    "throw mail away; nobody is told" },
	{ 0 },
};
