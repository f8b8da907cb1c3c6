/* SPDX-License-Identifier: ISC */
/*
 * links - the list, and fibers that wait for somebody to be in it
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/proc/links.h"
#include "lib/proc/tls.h"

#define LINK_WAIT_MS	3000	/* for a sibling that is being restarted */
#define CALL_WAIT_MS	60000

struct link {
	LIST_ENTRY(link) entry;
	struct channel *channel;
};

static LIST_HEAD(, link) links = LIST_HEAD_INITIALIZER(links);
static struct fiber_queue waiting;
static struct handlers handlers;	/* the program's, with our closed */
static void (*program_closed)(struct channel *);
static struct channel *master;
static bool begun;

struct channel *
service_peer_nth(unsigned role, size_t n)
{
	struct link *l;

	LIST_FOREACH(l, &links, entry)
		if (channel_peer(l->channel)->role == role && n-- == 0)
			return l->channel;
	return NULL;
}

struct channel *
service_peer(unsigned role, uint32_t instance)
{
	struct link *l;

	LIST_FOREACH(l, &links, entry) {
		const struct peer_id *id = channel_peer(l->channel);

		if (id->role == role && id->instance == instance)
			return l->channel;
	}
	return NULL;
}

struct channel *
service_peer_wait(unsigned role, uint32_t instance, int64_t deadline)
{
	int64_t most = deadline_in(LINK_WAIT_MS);
	struct channel *c;
	enum wait end;

	if (deadline < most)
		most = deadline;
	while ((c = service_peer(role, instance)) == NULL) {
		end = fiber_queue_wait(&waiting, most);
		if (end != WAIT_READY && end != WAIT_WOKEN)
			return NULL;
	}
	return c;
}

bool
service_call(unsigned role, uint32_t instance, const struct message *request,
    struct reply *reply, struct why *w)
{
	struct channel *c = service_peer_wait(role, instance, DEADLINE_NEVER);
	struct message m = *request;

	*reply = (struct reply){ .m = { .type = MSG_LIMIT } };
	if (c == NULL) {
		message_close(&m);
		return why_later(w, "3.0", "%s is not available",
		    role_name(role));
	}
	return channel_call(c, request, reply, deadline_in(CALL_WAIT_MS), w);
}

/* A peer that went is known to master; of another end only this one knows. */
static void
tell_end(const struct channel *c)
{
	enum channel_end end = channel_ended(c);
	struct message m = { .type = MSG_link_lost, .link_lost = {
		channel_peer(c)->process, end == CHANNEL_BREACH } };

	if (end != CHANNEL_PEER_WENT)
		channel_send(master, &m);
}

static void
link_closed(struct channel *c)
{
	struct link *l;

	LIST_FOREACH(l, &links, entry)
		if (l->channel == c)
			break;
	must(l != NULL);
	LIST_REMOVE(l, entry);
	free(l);
	tell_end(c);
	if (program_closed != NULL)
		program_closed(c);
}

void
links_open(struct channel *to_master)
{
	master = to_master;
}

void
links_add(const struct program *p, struct msg_peer *m)
{
	struct peer_id id = { m->role, m->instance, m->process };
	struct link *l = xcalloc(1, sizeof(*l));

	handlers = *p->handlers;
	if (p->tls != NULL)
		p->tls->handlers(&handlers);
	handlers.closed = link_closed;
	program_closed = p->handlers->closed;
	l->channel = channel_open(fd_take(&m->link), p->role, id, &handlers);
	LIST_INSERT_HEAD(&links, l, entry);
	if (begun && p->linked != NULL)
		p->linked(l->channel);
	fiber_queue_wake_all(&waiting);
}

void
links_begin(const struct program *p)
{
	struct link *l;

	begun = true;
	if (p->linked != NULL)
		LIST_FOREACH(l, &links, entry)
			p->linked(l->channel);
}
