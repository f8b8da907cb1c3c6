/* SPDX-License-Identifier: ISC */
/*
 * exchange - the table of exchanges under way, and of the mechanisms
 */
#include <stdlib.h>

#include "auth/exchange.h"
#include "lib/base/log.h"
#include "lib/mail/scheme.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"

#define EXCHANGES_MOST	16384	/* in all */
#define OF_A_LINK_MOST	8192
#define SILENCE_MS	180000	/* of a client */

/* In which settings or by which secrets a mechanism can be used; 0: always. */
enum need { NEED_NOTHING, NEED_SECRET, NEED_CERTIFICATES, NEED_OAUTH };

static const struct {
	const struct mechanism *mechanism;
	enum need need;
	unsigned serves;
} mechanisms[] = {
	{ &mechanism_plain, NEED_NOTHING, 0 },
	{ &mechanism_login, NEED_NOTHING, 0 },
	{ &mechanism_scram_sha_1, NEED_SECRET, SERVES_SCRAM_SHA_1 },
	{ &mechanism_scram_sha_1_plus, NEED_SECRET, SERVES_SCRAM_SHA_1 },
	{ &mechanism_scram_sha_256, NEED_SECRET, SERVES_SCRAM_SHA_256 },
	{ &mechanism_scram_sha_256_plus, NEED_SECRET, SERVES_SCRAM_SHA_256 },
	{ &mechanism_cram_md5, NEED_SECRET, SERVES_CRAM_MD5 },
	{ &mechanism_apop, NEED_SECRET, SERVES_CRAM_MD5 },
	{ &mechanism_external, NEED_CERTIFICATES, 0 },
	{ &mechanism_oauthbearer, NEED_OAUTH, 0 },
	{ &mechanism_xoauth2, NEED_OAUTH, 0 },
};

RB_HEAD(exchanges, exchange);

static int
by_session(const struct exchange *x, const struct exchange *y)
{
	const struct claim *a = &x->claim, *b = &y->claim;

	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	return a->session < b->session ? -1 : a->session > b->session;
}
TREE_GENERATE(exchanges, exchange, entry, by_session)

static struct exchanges exchanges = RB_INITIALIZER(&exchanges);
static unsigned listed;

/* ---- what can be used ---- */

bool
exchange_is_named(const char *mechanism)
{
	const struct words *w = &service_settings()->sasl_mechanisms;

	for (size_t i = 0; i < w->n; i++)
		if (view_isi(w->word[i], mechanism))
			return true;
	return false;
}

static bool
is_usable(enum need need, unsigned wanted, unsigned serves)
{
	const struct settings *s = service_settings();

	switch (need) {
	case NEED_SECRET:
		return (wanted & serves) != 0;
	case NEED_CERTIFICATES:
		return s->tls_client_ca[0] != '\0';
	case NEED_OAUTH:
		return s->oauth_program[0] != '\0';
	default:
		return true;
	}
}

void
exchange_names(unsigned serves, struct str *list)
{
	for (size_t i = 0; i < nitems(mechanisms); i++)
		if (is_usable(mechanisms[i].need, mechanisms[i].serves, serves))
			list_put(list, view_of(mechanisms[i].mechanism->name));
}

/* One that the settings make possible; whether an account has a secret for it
 * shows later, and is nobody's affair now. */
static const struct mechanism *
find_mechanism(struct view name)
{
	for (size_t i = 0; i < nitems(mechanisms); i++)
		if (view_is(name, mechanisms[i].mechanism->name) &&
		    is_usable(mechanisms[i].need, ~0u, ~0u))
			return mechanisms[i].mechanism;
	return NULL;
}

/* ---- life of an exchange ---- */

/* A link counts in its slot. */
static uintptr_t
count(struct channel *c, int more)
{
	uintptr_t n = (uintptr_t)*channel_slot(c) + more;

	*channel_slot(c) = (void *)n;
	return n;
}

/* Listed ones have a channel. */
static void
unlist(struct exchange *x)
{
	if (!x->listed)
		return;
	RB_REMOVE(exchanges, &exchanges, x);
	x->listed = false;
	listed--;
	count(x->claim.channel, -1);
	loop_timer_free(&x->deadline);
}

static void
free_exchange(struct claim *a)
{
	struct exchange *x = (struct exchange *)a;

	unlist(x);
	if (x->mechanism->end != NULL)
		x->mechanism->end(x);
	str_wipe(&x->response);
	str_free(&x->response);
	str_free(&x->challenge);
	str_free(&x->exporter);
	str_free(&x->end_point);
	str_free(&x->identities);
}

/* Nobody waits for it any more. A fiber that works for it frees it. */
static void
drop(struct exchange *x)
{
	unlist(x);
	x->claim.channel = NULL;
	if (!x->working)
		claim_end(&x->claim);
}

static void
silent(void *arg)
{
	drop(arg);
}

static struct exchange *
find(struct channel *c, uint64_t session)
{
	struct exchange key = { .claim = {
		.process = channel_peer(c)->process, .session = session } };
	struct exchange *x = RB_FIND(exchanges, &exchanges, &key);

	return x != NULL && x->claim.channel == c ? x : NULL;
}

/* ---- steps ---- */

enum step
exchange_malformed(struct exchange *x)
{
	why_never(&x->claim.why, "5.2", "The response is malformed");
	return STEP_TROUBLE;
}

enum step
exchange_outcome(enum outcome outcome)
{
	static const enum step steps[] = {
		[OUTCOME_RIGHT] = STEP_RIGHT,
		[OUTCOME_WRONG] = STEP_WRONG,
		[OUTCOME_TROUBLE] = STEP_TROUBLE,
	};

	return steps[outcome];
}

static void
send_challenge(struct exchange *x)
{
	struct message m = { .type = MSG_sasl_challenge,
		.tag = x->claim.tag };

	m.sasl_challenge.exchange = x->claim.session;
	m.sasl_challenge.challenge = str_view(&x->challenge);
	channel_send(x->claim.channel, &m);
	loop_timer_free(&x->deadline);
	x->deadline = loop_timer_new(SILENCE_MS, silent, x);
}

static void
run(void *arg)
{
	static const enum outcome outcomes[] = {
		[STEP_RIGHT] = OUTCOME_RIGHT,
		[STEP_WRONG] = OUTCOME_WRONG,
		[STEP_TROUBLE] = OUTCOME_TROUBLE,
	};
	struct exchange *x = arg;
	enum step step;

	str_reset(&x->challenge);
	step = x->mechanism->respond(x, str_view(&x->response));
	str_wipe(&x->response);
	x->step++;
	x->working = false;
	if (step != STEP_CHALLENGE) {
		unlist(x);
		claim_finish(&x->claim, outcomes[step]);
	} else if (x->claim.channel == NULL) {
		claim_end(&x->claim);
	} else {
		send_challenge(x);
	}
}

static void
take_response(struct exchange *x, uint32_t tag, struct view response)
{
	x->claim.tag = tag;
	x->claim.since = clock_ms();
	x->working = true;
	loop_timer_free(&x->deadline);
	str_add(&x->response, response);
	fiber_start(run, x);
}

/* ---- messages ---- */

static void
refuse(struct channel *c, uint32_t tag, bool later, const char *sentence)
{
	struct why w;

	if (later)
		why_later(&w, "7.0", "%s", sentence);
	else
		why_never(&w, "5.4", "%s", sentence);
	channel_answer(c, tag, &w);
}

/* session programs look at the same; their word is not enough. */
static bool
is_allowed(const struct mechanism *m, bool secure)
{
	return m != NULL && exchange_is_named(m->name) &&
	    (!(m->flags & MECHANISM_PRIVATE) || secure ||
		service_settings()->plain_logins);
}

static struct exchange *
make(struct channel *c, const struct mechanism *mechanism,
    const struct msg_sasl_begin *m)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	claim_begin(&x->claim, c, m->client);
	x->claim.session = m->session;
	x->claim.free = free_exchange;
	x->mechanism = mechanism;
	x->secure = m->secure != 0;
	str_add(&x->exporter, m->exporter);
	str_add(&x->end_point, m->end_point);
	str_add(&x->identities, m->identities);
	return x;
}

static void
list(struct exchange *x)
{
	must(RB_INSERT(exchanges, &exchanges, x) == NULL);
	x->listed = true;
	listed++;
	count(x->claim.channel, 1);
}

static void
start(struct exchange *x, uint32_t tag, const struct msg_sasl_begin *m)
{
	const struct mechanism *mech = x->mechanism;

	list(x);
	if (m->begun) {
		take_response(x, tag, m->response);
		return;
	}
	x->claim.tag = tag;
	if (mech->begin != NULL)
		mech->begin(x);
	send_challenge(x);
}

void
exchange_begin(struct channel *c, uint32_t tag, struct msg_sasl_begin *m)
{
	const struct mechanism *mechanism = find_mechanism(m->mechanism);
	struct exchange *x = find(c, m->session);

	if (x != NULL)
		drop(x);
	if (!is_allowed(mechanism, m->secure != 0)) {
		refuse(c, tag, false, "No such way to log in");
		return;
	}
	if (listed >= EXCHANGES_MOST || count(c, 0) >= OF_A_LINK_MOST) {
		refuse(c, tag, true, "Too many logins at once, try again later");
		return;
	}
	x = make(c, mechanism, m);
	x->claim.tag = tag;
	if (claim_is_shut_out(&x->claim))
		return;
	if (m->begun && mechanism->begin != NULL && !mechanism->early) {
		exchange_malformed(x);
		claim_refuse(&x->claim);
		return;
	}
	start(x, tag, m);
}

void
exchange_respond(struct channel *c, uint32_t tag, struct msg_sasl_response *m)
{
	struct exchange *x = find(c, m->exchange);

	if (x == NULL || x->working)
		refuse(c, tag, true, "The login has been given up, try again");
	else
		take_response(x, tag, m->response);
}

void
exchange_cancel(struct channel *c, uint32_t tag UNUSED,
    struct msg_sasl_cancel *m)
{
	struct exchange *x = find(c, m->exchange);

	if (x != NULL)
		drop(x);
}

void
exchange_closed(struct channel *c)
{
	struct exchange *x = NULL, *next = NULL;

	RB_FOREACH_SAFE(x, exchanges, &exchanges, next)
		if (x->claim.channel == c)
			drop(x);
	claim_closed(c);
}
