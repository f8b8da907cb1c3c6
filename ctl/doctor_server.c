/* SPDX-License-Identifier: ISC */
/*
 * doctor_server - what the programs of a running server say
 */
#include <stdio.h>
#include <string.h>

#include "ctl/doctor.h"
#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/queue.h"
#include "lib/base/clock.h"
#include "lib/proc/role.h"

#define STRANGER "192.0.2.1"		/* RFC 5737: nobody's client */
#define NOWHERE	 "x@doctor.invalid"	/* RFC 2606: nobody's domain */
#define OLD_HOURS 24

static struct doctor *asking;		/* while the loop runs */

/* ---- programs ---- */

static void
on_program(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_status_program *m)
{
	struct str name = { 0 };

	str_addf(&name, "%s %u", role_name(m->role), m->instance);
	if (m->restarts > 0)
		doctor_find(asking, SEVERITY_WARNING, "server.restarts",
		    "look for \"bug\" and \"ended\" in the log, and report it",
		    "%s was started again %u times", name.p, m->restarts);
	if (view_is(m->state, "running"))
		doctor_find(asking, SEVERITY_FINE, "server.program", NULL,
		    "%s works", name.p);
	else
		doctor_find(asking, SEVERITY_CRITICAL, "server.program",
		    "its last words are in the log", "%s is %.*s", name.p,
		    VIEW(m->state));
	str_free(&name);
}

static void
on_end(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_status_end *m UNUSED)
{
	link_done();
}

const struct handlers doctor_from_master = {
	.status_program = on_program,
	.status_end = on_end,
	.closed = link_closed,
};

static bool
look_at_programs(struct doctor *d)
{
	struct message m = { .type = MSG_status };

	channel_send(link_master(), &m);
	if (link_wait())
		return true;
	doctor_find(d, SEVERITY_CRITICAL, "server.down", "look into the log",
	    "the server has just gone");
	return false;
}

/* ---- addresses ---- */

static const struct handlers handlers = { .closed = link_closed };

/* VERDICT_NEVER and so on; 0: router does not answer. */
static int
route(struct channel *c, const char *client, struct view recipient,
    struct why *w)
{
	struct message m = { .type = MSG_route };
	struct reply r;
	int verdict = 0;

	m.route.sender = VIEW_LIT("x@client.invalid");
	m.route.recipient = recipient;
	m.route.client = view_of(client);
	m.route.room = 1;
	if (link_call(c, &m, &r, w) && reply_is(&r, MSG_routed, w)) {
		verdict = r.m.routed.verdict;
		why_set(w, verdict, r.m.routed.status, r.m.routed.sentence);
	}
	reply_free(&r);
	return verdict;
}

static void
look_at_relaying(struct doctor *d, struct channel *c)
{
	struct why w;
	int verdict = route(c, STRANGER, VIEW_LIT(NOWHERE), &w);

	if (verdict == VERDICT_DONE)
		doctor_find(d, SEVERITY_CRITICAL, "relay.open",
		    "see relay_clients, relay_domains and access; \"posthouse "
		    "explain session\" tells who permits it",
		    "a stranger may send mail to anywhere");
	else if (verdict != 0)
		doctor_find(d, SEVERITY_FINE, "relay.open", NULL,
		    "a stranger is refused: %s", w.text);
}

/* RFC 5321 4.5.1 */
static void
look_at_postmaster(struct doctor *d, struct channel *c, struct view domain)
{
	struct str address = { 0 };
	struct why w;
	int verdict;

	str_addf(&address, "postmaster@%.*s", VIEW(domain));
	verdict = route(c, STRANGER, str_view(&address), &w);
	if (verdict == VERDICT_DONE)
		doctor_find(d, SEVERITY_FINE, "accounts.postmaster", NULL,
		    "%s takes mail", output_clean(str_view(&address)));
	else if (verdict != 0)
		doctor_find(d, SEVERITY_WARNING, "accounts.postmaster",
		    "set an alias for postmaster: posthouse alias set "
		    "postmaster YOU", "%s: %s",
		    output_clean(str_view(&address)), w.text);
	str_free(&address);
}

static void
look_at_router(struct doctor *d)
{
	struct channel *c;

	if (link_program(ROLE_ROUTER, 0, &handlers, &c) != 0)
		return;
	look_at_relaying(d, c);
	for (size_t i = 0; i < d->s->domains.n; i++)
		look_at_postmaster(d, c, d->s->domains.word[i]);
}

/* ---- the queue ---- */

static struct {
	uint64_t mails;
	int64_t oldest;
	char host[256], trouble[256];	/* of that one */
} queue;

static void
on_destination(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_queue_destination *m)
{
	if (m->oldest == 0 || (queue.oldest != 0 && m->oldest >= queue.oldest))
		return;
	queue.oldest = m->oldest;
	snprintf(queue.host, sizeof(queue.host), "%s",
	    output_clean(m->hop.n > 0 ? m->hop : m->transport));
	snprintf(queue.trouble, sizeof(queue.trouble), "%s",
	    output_clean(m->sentence));
}

static void
on_queue_end(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_queue_end *m)
{
	queue.mails = m->mails;
	link_done();
}

static void
on_answer(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_answer *m UNUSED)
{
	link_done();
}

static const struct handlers queue_handlers = {
	.queue_destination = on_destination,
	.queue_end = on_queue_end,
	.answer = on_answer,
	.closed = link_closed,
};

static void
look_at_queue(struct doctor *d)
{
	struct message m = { .type = MSG_queue_stats };
	struct channel *c;
	int64_t hours;

	if (link_program(ROLE_QUEUE, 0, &queue_handlers, &c) != 0)
		return;
	channel_send(c, &m);
	if (!link_wait())
		return;
	hours = queue.oldest > 0 ? (clock_wall() - queue.oldest) / 3600 : 0;
	if (hours >= OLD_HOURS)
		doctor_find(d, SEVERITY_WARNING, "queue.old",
		    "\"posthouse queue why\" tells what waits for what",
		    "%llu mails wait, the oldest for %lld hours, for %s: %s",
		    (unsigned long long)queue.mails, (long long)hours,
		    queue.host, queue.trouble);
	else
		doctor_find(d, SEVERITY_FINE, "queue.old", NULL,
		    "%llu mails wait, none of them for a day",
		    (unsigned long long)queue.mails);
}

void
doctor_server(struct doctor *d)
{
	if (!d->running)
		return;
	asking = d;
	if (!look_at_programs(d))
		return;
	look_at_router(d);
	look_at_queue(d);
}
