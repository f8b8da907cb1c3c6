/* SPDX-License-Identifier: ISC */
/*
 * engine - a libunbound context and the questions that it has
 *
 * The library works in callbacks of the loop's events, so it needs no thread.
 * It works deep: questions are handed to it from the loop's stack, not from a
 * fiber's. A question cannot be taken back; who does not wait for it any more
 * ignores the answer, which is in the cache then.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>

#include <unbound-event.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "resolver/engine.h"

/* From the library this is anything: silence, or refusals of all servers. */
#define SERVFAIL	2

struct engine {
	struct ub_ctx *context;
	size_t questions;
	bool released;
};

struct request {
	struct engine *engine;
	struct question question;
	struct arena arena;
	answered *fn;
	void *arg;
};

static const struct {
	const char *name, *value;
} options[] = {
	/* bounded memory, about 32 MiB in all */
	{ "msg-cache-size:", "6m" },
	{ "rrset-cache-size:", "12m" },
	{ "key-cache-size:", "2m" },
	{ "neg-cache-size:", "1m" },
	{ "cache-max-ttl:", "86400" },
	{ "cache-max-negative-ttl:", "3600" },
	{ "prefetch:", "no" },
	/* sockets at once; more questions wait for one */
	{ "outgoing-range:", "400" },
	{ "outgoing-num-tcp:", "40" },
	{ "edns-buffer-size:", "1232" },
	/* a server that was away is asked again soon */
	{ "infra-host-ttl:", "60" },
	{ "infra-keep-probing:", "yes" },
	{ "do-not-query-localhost:", "no" },
	/* the servers know what stands in the networks here */
	{ "unblock-lan-zones:", "yes" },
	{ "insecure-lan-zones:", "yes" },
	{ "local-zone:", "test. nodefault" },
	{ "minimal-responses:", "yes" },
	{ "trust-anchor-signaling:", "no" },
	{ "root-key-sentinel:", "no" },
};

/* ---- what the library says ---- */

static ssize_t
log_write(void *unused, const char *text, size_t n)
{
	(void)unused;
	log_debug("libunbound", "%s",
	    log_quote(view_trim(view_bytes(text, n))));
	return (ssize_t)n;
}

static FILE *
log_stream(void)
{
	static FILE *stream;

	if (stream == NULL) {
		stream = fopencookie(NULL, "w",
		    (cookie_io_functions_t){ .write = log_write });
		must(stream != NULL);
		setvbuf(stream, NULL, _IOLBF, 0);
	}
	return stream;
}

/* ---- answers ---- */

static void
engine_free_if_idle(void *arg)
{
	struct engine *e = arg;

	if (!e->released || e->questions > 0)
		return;
	ub_ctx_delete(e->context);
	free(e);
}

static void
request_free(struct request *r)
{
	struct engine *e = r->engine;

	arena_reset(&r->arena);
	free(r);
	e->questions--;
	if (e->released && e->questions == 0)
		loop_defer(engine_free_if_idle, e);
}

static void
fail(struct request *r, enum dns_result result, const char *sentence,
    struct dns_answer *answer)
{
	*answer = (struct dns_answer){ .result = result,
		.canonical = r->question.name,
		.records = VIEW_NONE,
		.sentence = arena_view(&r->arena, view_of(sentence)) };
}

static void
on_answer(void *arg, int rcode, void *octets, int n, int security,
    char *bogus, int limited)
{
	struct request *r = arg;
	struct dns_answer answer;
	struct packet p;

	(void)limited;
	if (security == 1)
		fail(r, DNS_BOGUS, bogus ? bogus : "validation failed",
		    &answer);
	else if (rcode == SERVFAIL)
		fail(r, DNS_FAILED, "no name server gives an answer", &answer);
	else if (octets != NULL && n > 0 &&
	    packet_read(view_bytes(octets, (size_t)n), &r->question, &r->arena,
		&p, &answer))
		answer.secure = security == 2 && answer.result != DNS_FAILED;
	else if (rcode != 0)
		packet_refused((unsigned)rcode, &r->arena, &answer);
	else
		fail(r, DNS_FAILED, "the answer is malformed", &answer);
	r->fn(r->arg, &answer);
	request_free(r);
}

/* ---- questions ---- */

static void
ask_now(void *arg)
{
	struct request *r = arg;
	struct dns_answer answer;
	int error = ub_resolve_event(r->engine->context,
	    r->question.name.n ? r->question.name.p : ".",
	    (int)r->question.type, 1, r, on_answer, NULL);

	if (error == 0)
		return;
	fail(r, DNS_FAILED, ub_strerror(error), &answer);
	r->fn(r->arg, &answer);
	request_free(r);
}

void
engine_ask(struct engine *e, const struct question *q, answered *fn, void *arg)
{
	struct request *r = xcalloc(1, sizeof(*r));

	arena_init(&r->arena);
	r->engine = e;
	r->question.name = arena_view(&r->arena, q->name);
	r->question.type = q->type;
	r->fn = fn;
	r->arg = arg;
	e->questions++;
	loop_defer(ask_now, r);
}

/* ---- life ---- */

static void
add_servers(struct ub_ctx *context, const struct sources *s)
{
	char text[ADDRESS16_TEXT], *server;

	for (size_t i = 0; i < s->servers; i++) {
		struct str word = { 0 };

		address16_text(&s->server[i].address, text);
		str_addf(&word, "%s@%u", text, s->server[i].port);
		server = xstrdup(str_c(&word));
		must(ub_ctx_set_fwd(context, server) == 0);
		free(server);
		str_free(&word);
	}
}

static void
nothing(void *arg, int rcode, void *octets, int n, int security, char *bogus,
    int limited)
{
	(void)arg;
	(void)rcode;
	(void)octets;
	(void)n;
	(void)security;
	(void)bogus;
	(void)limited;
}

struct engine *
engine_new(const struct sources *s, bool validate, struct why *w)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	int error;

	must(fiber_self() == NULL);
	e->context = ub_ctx_create_event(loop_base());
	must(e->context != NULL);
	ub_ctx_debugout(e->context, log_stream());
	for (size_t i = 0; i < nitems(options); i++)
		must(ub_ctx_set_option(e->context, options[i].name,
		    options[i].value) == 0);
	must(ub_ctx_set_option(e->context, "module-config:",
	    validate ? "validator iterator" : "iterator") == 0);
	add_servers(e->context, s);
	for (size_t i = 0; validate && i < s->anchors; i++)
		must(ub_ctx_add_ta(e->context, s->anchor[i].p) == 0);
	/* The library knows the answer itself, and sets itself up for it. */
	error = ub_resolve_event(e->context, "localhost", DNS_A, 1, NULL,
	    nothing, NULL);
	if (error == 0)
		return e;
	why_never(w, "3.5", "%s", ub_strerror(error));
	ub_ctx_delete(e->context);
	free(e);
	return NULL;
}

void
engine_release(struct engine **e)
{
	if (*e == NULL)
		return;
	(*e)->released = true;
	if ((*e)->questions == 0)
		loop_defer(engine_free_if_idle, *e);
	*e = NULL;
}
