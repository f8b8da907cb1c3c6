/* SPDX-License-Identifier: ISC */
/*
 * remote - a queue of questions for each table, and fibers that take from it
 *
 * Whoever closes a connection that was used before did it between two questions,
 * as programs do after a time: the question goes again over a new one.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/table_client.h"
#include "lib/proc/service.h"
#include "router/remote.h"

#define CONNECTIONS_MOST 4	/* to one table */
#define IDLE_MS		 30000	/* a connection without questions */
#define LEFT_ALONE_MS	 1000	/* a table that does not answer */

struct remote {
	SLIST_ENTRY(remote) entry;
	struct str name;
	const struct table_kind *kind;
	struct table_socket *socket;	/* NULL: the name is wrong */
	STAILQ_HEAD(, answer) turns;
	struct fiber_queue idle;
	SLIST_HEAD(, line) lines;
	unsigned fibers;
	int64_t alone_until;
	bool down;		/* it has been said */
};

static SLIST_HEAD(, remote) remotes = SLIST_HEAD_INITIALIZER(remotes);

static void
complain(void *arg, size_t line UNUSED, const char *sentence)
{
	log_error("tables", "%s: %s", (const char *)arg, sentence);
}

static struct remote *
remote_of(struct view table)
{
	struct table_sink sink = { complain, NULL, NULL };
	struct remote *r;
	struct view source;

	SLIST_FOREACH(r, &remotes, entry)
		if (view_eq(str_view(&r->name), table))
			return r;
	r = xcalloc(1, sizeof(*r));
	str_add(&r->name, table);
	STAILQ_INIT(&r->turns);
	SLIST_INIT(&r->lines);
	r->kind = table_kind(table, &source);
	must(r->kind != NULL && r->kind->is_remote);
	sink.arg = r->name.p;
	r->socket = r->kind->open(source, &sink);
	SLIST_INSERT_HEAD(&remotes, r, entry);
	return r;
}

/* ---- the state of a table ---- */

static void
put_down(struct remote *r, const char *reason)
{
	r->alone_until = deadline_in(LEFT_ALONE_MS);
	if (!r->down)
		log_error("tables", "%s: %s; mail that needs it waits",
		    str_c(&r->name), reason);
	r->down = true;
}

static void
put_up(struct remote *r)
{
	if (r->down)
		log_info("tables", "%s: answers again", str_c(&r->name));
	r->down = false;
}

/* ---- a connection ---- */

struct line {
	SLIST_ENTRY(line) entry;
	struct remote *remote;
	struct stream stream;
	struct str text;	/* of the last answer */
	bool open, used;
};

static void
line_close(struct line *l)
{
	if (l->open)
		stream_close(&l->stream);
	l->open = l->used = false;
}

/* False with the reason. */
static bool
line_open(struct line *l, int64_t deadline, struct str *text)
{
	struct message m = { .type = MSG_table_connect,
		.table_connect = { str_view(&l->remote->name) } };
	struct reply reply = { .m.type = MSG_LIMIT };
	struct why w;

	str_reset(text);
	if (service_call_master(&m, &reply, deadline, &w) &&
	    reply_is(&reply, MSG_table_connected, &w)) {
		stream_open(&l->stream,
		    fd_take(&reply.m.table_connected.socket));
		l->open = true;
	} else {
		str_adds(text, w.text);
	}
	reply_free(&reply);
	if (l->open && !table_client_ready(&l->stream, text, deadline))
		line_close(l);
	return l->open;
}

/* A connection that is of no more use is closed. TABLE_SAID_PART with the reason:
 * nobody answers there. */
static enum table_said
line_ask(struct line *l, const struct answer *a, struct str *text)
{
	enum table_said said;
	bool again;

	do {
		again = l->used;
		if (!l->open && !line_open(l, a->until, text))
			return TABLE_SAID_PART;
		said = table_client_ask(&l->stream, l->remote->socket, a->key,
		    text, a->until);
		if (said == TABLE_SAID_WRONG || said == TABLE_SAID_PART)
			line_close(l);
	} while (said == TABLE_SAID_PART && again);
	l->used = l->open;
	return said;
}

static void
tell(struct remote *r, const struct answer *a, enum table_said said,
    const struct str *text)
{
	if (said == TABLE_SAID_PART)
		put_down(r, str_c(text));
	else if (said == TABLE_SAID_WRONG)
		log_warning("tables", "%s: %s key=%s", str_c(&r->name),
		    str_c(text), log_quote(a->key));
	else
		put_up(r);
	if (said == TABLE_SAID_LATER)
		log_warning("tables", "%s: it cannot tell key=%s reason=%s",
		    str_c(&r->name), log_quote(a->key),
		    log_quote(str_view(text)));
}

static void
line_turn(struct line *l, struct answer *a)
{
	static const enum kv_result results[] = {
		[TABLE_SAID_PART] = KV_TROUBLE, [TABLE_SAID_VALUE] = KV_FOUND,
		[TABLE_SAID_NONE] = KV_NONE, [TABLE_SAID_LATER] = KV_TROUBLE,
		[TABLE_SAID_WRONG] = KV_TROUBLE };
	const struct remote *r = l->remote;
	enum table_said said = TABLE_SAID_PART;

	if (r->socket != NULL && clock_ms() < a->until &&
	    clock_ms() >= r->alone_until) {
		said = line_ask(l, a, &l->text);
		tell(l->remote, a, said, &l->text);
	}
	answers_put(a, results[said], str_view(&l->text));
}

/* A program that ends does not wait for it. */
static void
run(void *arg)
{
	struct line *l = arg;
	struct remote *r = l->remote;
	struct answer *a;

	do {
		while ((a = STAILQ_FIRST(&r->turns)) != NULL) {
			STAILQ_REMOVE_HEAD(&r->turns, turn);
			line_turn(l, a);
		}
	} while (fiber_queue_wait(&r->idle, deadline_in(IDLE_MS)) ==
		WAIT_READY || !STAILQ_EMPTY(&r->turns));
	line_close(l);
	SLIST_REMOVE(&r->lines, l, line, entry);
	r->fibers--;
	str_free(&l->text);
	free(l);
}

static void
line_start(struct remote *r)
{
	struct line *l = xcalloc(1, sizeof(*l));

	l->remote = r;
	SLIST_INSERT_HEAD(&r->lines, l, entry);
	r->fibers++;
	fiber_start(run, l);
}

void
remote_ask(struct answer *a)
{
	struct remote *r = remote_of(a->table);

	STAILQ_INSERT_TAIL(&r->turns, a, turn);
	if (r->idle.first != NULL) {
		fiber_queue_wake(&r->idle);
	} else if (r->fibers < CONNECTIONS_MOST) {
		line_start(r);
	}
}
