/* SPDX-License-Identifier: ISC */
/*
 * mode - the engines in use, and the fiber that finds out which can be
 *
 * A network without DNSSEC and a network that is down look alike to somebody
 * who validates. So auto gives up validation only when a server answers without
 * it; as long as none does, it validates and tries again.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"
#include "resolver/mode.h"
#include "resolver/stub.h"

#define PROBE_MS	5000
#define AGAIN_MS	20000
#define SELDOM_MS	3600000

enum way { WAY_AUTO, WAY_VALIDATE, WAY_TRUST, WAY_OFF };

static const struct {
	const char *setting, *sentence;
} ways[] = {
	[WAY_AUTO] = { "auto", "" },
	[WAY_VALIDATE] = { "validate", "answers are validated here" },
	[WAY_TRUST] = { "trust",
	    "a name server on this host validates, and is trusted" },
	[WAY_OFF] = { "off", "answers are not validated: no DANE" },
};

static struct {
	struct sources sources;	/* none: nobody can be asked */
	struct engine *engine;	/* NULL for WAY_TRUST */
	struct engine *plain;	/* to try with, while it is not known */
	enum way way;		/* WAY_AUTO: not known yet */
	uint32_t round;		/* counts the settings */
	void (*known)(void);
} mode;

static enum way
way_wanted(void)
{
	size_t i = 0;

	while (i < nitems(ways) &&
	    strcmp(ways[i].setting, service_settings()->dnssec) != 0)
		i++;
	must(i < nitems(ways));
	return (enum way)i;
}

/* ---- one question and its answer, for the fiber ---- */

struct probe {
	struct fiber_queue queue;
	bool answered, alone;	/* alone: nobody waits any more */
	enum dns_result result;
	bool secure;
};

static void
probe_answered(void *arg, const struct dns_answer *answer)
{
	struct probe *p = arg;

	if (p->alone) {
		free(p);
		return;
	}
	p->answered = true;
	p->result = answer->result;
	p->secure = answer->secure;
	log_debug("dns", "probe result=%d secure=%d", answer->result,
	    answer->secure);
	fiber_queue_wake(&p->queue);
}

/* engine NULL: the stub. */
static void
probe(struct engine *engine, enum dns_type type, struct probe *out)
{
	struct question q = { mode.sources.apex, type };
	struct probe *p = xcalloc(1, sizeof(*p));
	int64_t deadline = deadline_in(PROBE_MS);

	if (engine != NULL)
		engine_ask(engine, &q, probe_answered, p);
	else
		stub_ask(&mode.sources, &q, deadline, probe_answered, p);
	if (!p->answered)
		fiber_queue_hold(&p->queue, deadline);
	*out = *p;
	if (!p->answered) {
		p->alone = true;
		out->result = DNS_FAILED;
		return;
	}
	free(p);
}

/* ---- the choice ---- */

static void
use(enum way way, struct engine *engine)
{
	mode.way = way;
	if (mode.engine != engine)
		engine_release(&mode.engine);
	mode.engine = engine;
	log_info("dns", "dnssec=%s servers=%zu (%s)", ways[way].setting,
	    mode.sources.servers, ways[way].sentence);
	mode.known();
}

/* An engine without validation gets an answer. */
static bool
plain_works(uint32_t round)
{
	struct engine *plain = mode.plain;
	struct probe p = { 0 };

	probe(plain, DNS_SOA, &p);
	if (round != mode.round || p.result == DNS_FAILED)
		return false;
	mode.plain = NULL;
	use(WAY_OFF, plain);
	return true;
}

/* True when a way has been found, or the settings are others by now. */
static bool
try_all(uint32_t round)
{
	struct probe p = { 0 };

	if (mode.sources.anchors > 0)
		probe(mode.engine, DNS_DNSKEY, &p);
	if (round == mode.round && p.secure) {
		use(WAY_VALIDATE, mode.engine);
		return true;
	}
	if (round == mode.round && mode.sources.local)
		probe(NULL, DNS_SOA, &p);
	if (round == mode.round && p.secure) {
		use(WAY_TRUST, NULL);
		return true;
	}
	return round != mode.round || plain_works(round) ||
	    round != mode.round;
}

struct making {
	struct fiber_queue queue;
	struct engine *engine;
};

static void
make_now(void *arg)
{
	struct making *m = arg;
	struct why w;

	m->engine = engine_new(&mode.sources, true, &w);
	fiber_queue_wake(&m->queue);
}

/* The fiber's own stack is too small for the library. */
static struct engine *
make_in_loop(void)
{
	struct making m = { .engine = NULL };

	loop_defer(make_now, &m);
	fiber_queue_hold(&m.queue, DEADLINE_NEVER);
	return m.engine;
}

static void
try_to_validate(uint32_t round)
{
	struct probe p = { 0 };
	struct engine *engine = make_in_loop();

	if (engine == NULL)
		return;
	if (round == mode.round)
		probe(engine, DNS_DNSKEY, &p);
	if (round == mode.round && p.secure)
		use(WAY_VALIDATE, engine);
	else
		engine_release(&engine);
}

/* Whoever spoils DNSSEC for a moment must not have turned it off for good, and
 * DANE with it. */
static void
look_again(uint32_t round)
{
	int64_t wait = AGAIN_MS;

	while (round == mode.round && mode.way == WAY_OFF &&
	    mode.sources.anchors > 0) {
		if (fiber_sleep(wait) == WAIT_CANCELLED)
			return;
		if (round == mode.round)
			try_to_validate(round);
		if (wait < SELDOM_MS)
			wait *= 2;
	}
}

static void
decide(void *unused)
{
	uint32_t round = mode.round;

	(void)unused;
	while (!try_all(round)) {
		if (mode.way == WAY_AUTO) {
			log_warning("dns", "no name server answers");
			use(mode.sources.anchors > 0 ? WAY_VALIDATE : WAY_OFF,
			    mode.engine);
		}
		fiber_sleep(AGAIN_MS);
		if (round != mode.round)
			return;
	}
	if (round == mode.round)
		engine_release(&mode.plain);
	look_again(round);
}

/* ---- settings ---- */

/* An engine for these, and a plain one to try with, if they are needed. False:
 * it cannot be made. */
static bool
make_engines(enum way way, const struct sources *s, struct engine **pair,
    struct why *w)
{
	if (way == WAY_VALIDATE && s->anchors == 0)
		return why_never(w, "3.5", "dnssec = validate needs dns_anchors"
		    ", and %s has none", service_settings()->dns_anchors);
	if (way == WAY_TRUST && !s->local && s->servers > 0)
		return why_never(w, "3.5", "dnssec = trust needs name servers "
		    "on this host alone");
	if (way == WAY_TRUST || s->servers == 0)
		return true;
	pair[0] = engine_new(s, way == WAY_VALIDATE ||
	    (way == WAY_AUTO && s->anchors > 0), w);
	if (way == WAY_AUTO && pair[0] != NULL)
		pair[1] = engine_new(s, false, w);
	return pair[0] != NULL;
}

static bool
renew(struct why *w)
{
	enum way way = way_wanted();
	struct engine *pair[2] = { NULL, NULL };
	struct sources sources;

	sources_make(service_settings(), &sources);
	if (!make_engines(way, &sources, pair, w)) {
		sources_free(&sources);
		return false;
	}
	sources_free(&mode.sources);
	engine_release(&mode.engine);
	engine_release(&mode.plain);
	mode.sources = sources;
	mode.engine = pair[0];
	mode.plain = pair[1];
	mode.way = way;
	mode.round++;
	return true;
}

static void
settle(void)
{
	if (mode.sources.servers == 0)
		log_warning("dns", "there is no name server: neither "
		    "dns_servers nor /etc/resolv.conf has one");
	else if (mode.way == WAY_AUTO)
		fiber_start(decide, NULL);
	else
		use(mode.way, mode.engine);
}

void
mode_prepare(void)
{
	struct why w;

	if (!renew(&w))
		fatal("%s", w.text);
}

void
mode_begin(void (*known)(void))
{
	mode.known = known;
	settle();
}

void
mode_files(struct channel *c, uint32_t tag, struct msg_dns_files *m)
{
	struct why w;

	(void)c;
	(void)tag;
	sources_take(m->resolv, m->anchors);
	if (mode.known == NULL)
		return;	/* not begun yet */
	if (renew(&w))
		settle();
	else
		log_error("dns", "the settings of before stay: %s", w.text);
}

bool
mode_known(void)
{
	return mode.way != WAY_AUTO || mode.sources.servers == 0;
}

bool
mode_able(void)
{
	return mode.sources.servers > 0;
}

void
mode_ask(const struct question *q, int64_t deadline, answered *fn, void *arg)
{
	must(mode_known() && mode_able());
	if (mode.way == WAY_TRUST)
		stub_ask(&mode.sources, q, deadline, fn, arg);
	else
		engine_ask(mode.engine, q, fn, arg);
}
