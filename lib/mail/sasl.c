/* SPDX-License-Identifier: ISC */
/*
 * sasl - what is on offer, and the messages to auth
 *
 * sasl_table.c says what each mechanism needs of the connection; everything
 * about passwords is auth's. A mechanism is on offer when the settings name it,
 * auth said that some account can use it, and the connection is fit for it.
 * auth checks the same again where it matters: it believes no session program
 * more than it has to.
 */
#include "lib/mail/sasl.h"
#include "lib/mail/sasl_table.h"
#include "lib/proc/tls.h"

static bool
has_binding(const struct session *s)
{
	unsigned char octets[TLS_BINDING_MAX];

	return tls_binding(&s->stream, TLS_EXPORTER, octets) > 0 ||
	    tls_binding(&s->stream, TLS_SERVER_END_POINT, octets) > 0;
}

static bool
is_secure(const struct session *s)
{
	return tls_info(&s->stream) != NULL ||
	    s->address.ss_family == AF_UNIX;
}

bool
sasl_plain_allowed(const struct session *s)
{
	return service_settings()->plain_logins || is_secure(s);
}

static bool
is_named(const struct sasl_mechanism *m)
{
	const struct words *w = &service_settings()->sasl_mechanisms;
	bool named = false;

	for (size_t i = 0; !named && i < w->n; i++)
		named = view_isi(w->word[i], m->name);
	return named && sasl_is_usable(m);
}

static bool
is_fit(const struct sasl_mechanism *m, const struct session *s)
{
	const struct tls_info *tls = tls_info(&s->stream);

	if ((m->needs & NEEDS_PRIVACY) && !sasl_plain_allowed(s))
		return false;
	if ((m->needs & NEEDS_CERTIFICATE) && (tls == NULL || !tls->verified))
		return false;
	return !(m->needs & NEEDS_BINDING) ||
	    (tls != NULL && has_binding(s));
}

void
sasl_offer(const struct session *s, const char *prefix, struct str *out)
{
	const struct sasl_mechanism *m;

	sasl_wait();
	for (size_t i = 0; (m = sasl_mechanism_nth(i)) != NULL; i++) {
		if ((m->needs & UNLISTED) || !is_named(m) || !is_fit(m, s))
			continue;
		str_adds(out, prefix);
		str_adds(out, m->name);
	}
}

bool
sasl_offers(const struct session *s, struct view mechanism)
{
	const struct sasl_mechanism *m = sasl_mechanism(mechanism);

	return m != NULL && is_named(m) && is_fit(m, s);
}

/* ---- an exchange ---- */

static enum sasl_result
refused(struct sasl *x)
{
	x->exchange = 0;
	str_wipe(&x->challenge);
	return SASL_REFUSED;
}

static enum sasl_result
take(struct sasl *x, const struct reply *r, struct why *w)
{
	str_wipe(&x->challenge);
	if (r->m.type == MSG_sasl_challenge) {
		x->exchange = r->m.sasl_challenge.exchange;
		str_add(&x->challenge, r->m.sasl_challenge.challenge);
		return SASL_CONTINUE;
	}
	if (!reply_is(r, MSG_logged_in, w))
		return refused(x);
	x->exchange = 0;
	str_reset(&x->user);
	str_add(&x->user, r->m.logged_in.user);
	x->store = r->m.logged_in.store;
	str_reset(&x->mailbox);
	str_add(&x->mailbox, r->m.logged_in.mailbox);
	return SASL_DONE;
}

static enum sasl_result
ask(struct sasl *x, const struct message *m, struct why *w)
{
	enum sasl_result result;
	struct reply r;

	if (!service_call(ROLE_AUTH, 0, m, &r, w))
		return refused(x);
	result = take(x, &r, w);
	reply_free(&r);
	return result;
}

static enum sasl_result
ask_begin(struct sasl *x, const struct session *s, struct message *m,
    struct why *w)
{
	unsigned char exporter[TLS_BINDING_MAX], end_point[TLS_BINDING_MAX];
	const struct tls_info *tls = tls_info(&s->stream);
	size_t exporter_n = 0, end_point_n = 0;

	if (tls != NULL) {
		exporter_n = tls_binding(&s->stream, TLS_EXPORTER, exporter);
		end_point_n = tls_binding(&s->stream, TLS_SERVER_END_POINT,
		    end_point);
	}
	m->sasl_begin.session = s->number;
	m->sasl_begin.client = view_of(s->client);
	m->sasl_begin.secure = is_secure(s);
	m->sasl_begin.exporter = view_bytes(exporter, exporter_n);
	m->sasl_begin.end_point = view_bytes(end_point, end_point_n);
	m->sasl_begin.identities = VIEW_NONE;
	if (tls != NULL && tls->verified)
		m->sasl_begin.identities = tls->identities;
	return ask(x, m, w);
}

/* The challenge of APOP is in the greeting: whoever could say it himself could
 * say once more what he has heard of another connection. */
static bool
is_for(const struct sasl_mechanism *m, const char *service)
{
	return !(m->needs & UNLISTED) || strcmp(service, SASL_APOP) == 0;
}

enum sasl_result
sasl_begin(struct sasl *x, const struct session *s, const char *service,
    struct view mechanism, const struct view *initial, struct why *w)
{
	const struct sasl_mechanism *m = sasl_mechanism(mechanism);
	struct message request = { .type = MSG_sasl_begin };

	sasl_wait();
	x->mechanism = m == NULL ? "unknown" : m->name;
	if (m != NULL && is_named(m) && !is_fit(m, s) &&
	    (m->needs & NEEDS_PRIVACY)) {
		why_never(w, "7.11",
		    "Passwords are taken on secure connections only");
		return refused(x);
	}
	if (!sasl_offers(s, mechanism) || !is_for(m, service)) {
		why_never(w, "5.4", "No such way to log in");
		return refused(x);
	}
	request.sasl_begin.service = view_of(service);
	request.sasl_begin.mechanism = view_of(m->name);
	request.sasl_begin.begun = initial != NULL;
	request.sasl_begin.response = initial == NULL ? VIEW_NONE : *initial;
	return ask_begin(x, s, &request, w);
}

enum sasl_result
sasl_answer(struct sasl *x, struct view response, struct why *w)
{
	struct message m = { .type = MSG_sasl_response };

	must(x->exchange != 0);
	m.sasl_response.exchange = x->exchange;
	m.sasl_response.response = response;
	return ask(x, &m, w);
}

void
sasl_end(struct sasl *x)
{
	struct message m = { .type = MSG_sasl_cancel };
	struct channel *auth = service_peer(ROLE_AUTH, 0);

	m.sasl_cancel.exchange = x->exchange;
	if (x->exchange != 0 && auth != NULL)
		channel_send(auth, &m);
	str_wipe(&x->challenge);
	str_free(&x->challenge);
	str_free(&x->user);
	str_free(&x->mailbox);
	*x = (struct sasl){ 0 };
}
