/* SPDX-License-Identifier: ISC */
/*
 * gate_fake - TLS and auth as the gates of tests see them
 *
 * TLS is a word that is said. There are two mechanisms: PLAIN, where everything
 * is wrong, and STEPS, where the client says what comes next.
 */
#ifndef TESTS_UNIT_GATE_FAKE_H
#define TESTS_UNIT_GATE_FAKE_H

#include "lib/mail/gate.h"

static struct {
	bool tls_offered, tls_fails, in_tls;
	bool apop;		/* is offered */
	bool strict;		/* no password in clear text */
	void (*begun)(void);	/* TLS */
} fake_gate;

static bool
fake_tls_offered(const struct session *s UNUSED)
{
	return fake_gate.tls_offered && !fake_gate.in_tls;
}

static bool
fake_in_tls(const struct session *s UNUSED)
{
	return fake_gate.in_tls;
}

static bool
fake_tls_start(struct session *s UNUSED, int64_t deadline UNUSED,
    struct why *w)
{
	if (fake_gate.tls_fails)
		return why_never(w, "7.0", "Not today");
	fake_gate.in_tls = true;
	if (fake_gate.begun != NULL)
		fake_gate.begun();
	return true;
}

static bool
fake_plain_allowed(const struct session *s UNUSED)
{
	return fake_gate.in_tls || !fake_gate.strict;
}

static void
fake_offer(const struct session *s, const char *prefix, struct str *out)
{
	str_addf(out, "%sSTEPS%s%s", prefix,
	    fake_plain_allowed(s) ? prefix : "",
	    fake_plain_allowed(s) ? "PLAIN" : "");
}

static bool
fake_offers(const struct session *s UNUSED, struct view mechanism)
{
	return fake_gate.apop && view_is(mechanism, "APOP");
}

/* STEPS says how much it got, until it is told how to end: end (wrong), odd
 * (malformed) or away (no auth). */
static enum sasl_result
fake_answer_sasl(struct sasl *x, struct view response, struct why *w)
{
	if (view_is(response, "away"))
		why_later(w, "3.0", "Away");
	else if (view_is(response, "odd"))
		why_never(w, "5.2", "The response is malformed");
	else if (view_is(response, "end") || strcmp(x->mechanism, "PLAIN") == 0)
		why_never(w, "7.8", "Wrong password");
	else {
		str_wipe(&x->challenge);
		str_addf(&x->challenge, "got %zu", response.n);
		return SASL_CONTINUE;
	}
	return SASL_REFUSED;
}

static enum sasl_result
fake_begin(struct sasl *x, const struct session *s, const char *service UNUSED,
    struct view mechanism, const struct view *initial, struct why *w)
{
	bool plain = view_isi(mechanism, "PLAIN");

	if (view_is(mechanism, "APOP")) {
		x->mechanism = "APOP";
		why_never(w, "7.8", "Wrong digest");
		return SASL_REFUSED;
	}

	x->mechanism = plain ? "PLAIN" : "STEPS";
	if (!plain && !view_isi(mechanism, "STEPS")) {
		why_never(w, "5.4", "No such way to log in");
		return SASL_REFUSED;
	}
	if (plain && !fake_plain_allowed(s)) {
		why_never(w, "7.11", "Not in the clear");
		return SASL_REFUSED;
	}
	if (initial != NULL)
		return fake_answer_sasl(x, *initial, w);
	return SASL_CONTINUE;
}

static void
fake_end(struct sasl *x)
{
	str_free(&x->challenge);
	str_free(&x->user);
	*x = (struct sasl){ 0 };
}

static const struct gate_house fake_gate_house = {
	.tls_offered = fake_tls_offered,
	.in_tls = fake_in_tls,
	.tls_start = fake_tls_start,
	.plain_allowed = fake_plain_allowed,
	.offer = fake_offer,
	.offers = fake_offers,
	.begin = fake_begin,
	.answer = fake_answer_sasl,
	.end = fake_end,
};

#endif
