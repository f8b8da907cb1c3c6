/* SPDX-License-Identifier: ISC */
/*
 * smtpd_gate - TLS, logins and proxies of a house without a wire
 *
 * alice@example.test has the password wonderland, by PLAIN and LOGIN, in TLS or
 * where plain_logins is on. CRAM-MD5 gives a challenge and then cannot tell.
 */
#ifndef TESTS_SMTPD_GATE_H
#define TESTS_SMTPD_GATE_H

#include "smtpd/dialog.h"

static struct {
	bool no_tls, no_certificate, crowded;
	unsigned exchanges;	/* begun and not ended */
	char address[ADDRESS16_TEXT];
	uint16_t port;
} gate;

static bool
gate_tls_allowed(UNUSED const struct dialog *d)
{
	return !gate.no_tls;
}

static bool
gate_tls_ready(UNUSED const struct dialog *d)
{
	return !gate.no_certificate;
}

static void
gate_offer(const struct dialog *d, struct str *out)
{
	if (d->secure || d->house->settings()->plain_logins)
		str_adds(out, " PLAIN LOGIN CRAM-MD5");
}

static enum sasl_result
gate_judge(struct dialog *d, struct view user, struct view password,
    struct why *w)
{
	if (!view_is(user, "alice@example.test") ||
	    !view_is(password, "wonderland")) {
		why_never(w, "7.8", "Authentication failed");
		return SASL_REFUSED;
	}
	str_add(&d->sasl.user, user);
	return SASL_DONE;
}

static enum sasl_result
gate_answer(struct dialog *d, struct view response, struct why *w)
{
	struct view rest = response, user;

	must(d->sasl.exchange != 0);
	str_reset(&d->sasl.challenge);
	if (strcmp(d->sasl.mechanism, "CRAM-MD5") == 0) {
		why_later(w, "3.0", "auth is not available");
		return SASL_REFUSED;
	}
	if (strcmp(d->sasl.mechanism, "LOGIN") == 0) {
		if (d->sasl.exchange == 2)
			return gate_judge(d, str_view(&d->sasl.user), response,
			    w);
		d->sasl.exchange = 2;
		str_adds(&d->sasl.challenge, "Password:");
		return SASL_CONTINUE;
	}
	view_cut(&rest, '\0');
	user = view_cut(&rest, '\0');
	if (user.n > 0)
		return gate_judge(d, user, rest, w);
	why_never(w, "5.2", "The response is malformed");
	return SASL_REFUSED;
}

static enum sasl_result
gate_begin(struct dialog *d, struct view mechanism, const struct view *initial,
    struct why *w)
{
	static const struct {
		const char *name, *challenge;
	} rows[] = { { "PLAIN", "" }, { "LOGIN", "Username:" },
		{ "CRAM-MD5", "<1.2@mail.example.test>" } };

	must(d->sasl.exchange == 0);
	d->sasl.mechanism = "unknown";
	for (size_t i = 0; i < nitems(rows); i++) {
		if (!view_isi(mechanism, rows[i].name))
			continue;
		d->sasl.mechanism = rows[i].name;
		d->sasl.exchange = 1;
		gate.exchanges++;
		str_adds(&d->sasl.challenge, rows[i].challenge);
		return initial == NULL ? SASL_CONTINUE :
					 gate_answer(d, *initial, w);
	}
	why_never(w, "5.4", "No such way to log in");
	return SASL_REFUSED;
}

static void
gate_end(struct dialog *d)
{
	gate.exchanges -= d->sasl.exchange != 0;
	str_free(&d->sasl.challenge);
	str_free(&d->sasl.user);
	d->sasl = (struct sasl){ 0 };
}

static bool
gate_speaks_for(UNUSED struct dialog *d, const struct address16 *a,
    uint16_t port)
{
	address16_text(a, gate.address);
	gate.port = port;
	return !gate.crowded;
}

#define GATE                                                                   \
	.tls_allowed = gate_tls_allowed, .tls_ready = gate_tls_ready,          \
	.sasl_offer = gate_offer, .sasl_begin = gate_begin,                    \
	.sasl_answer = gate_answer, .sasl_end = gate_end,                      \
	.speaks_for = gate_speaks_for

#endif
