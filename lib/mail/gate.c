/* SPDX-License-Identifier: ISC */
/*
 * gate - the way in: TLS, SASL, time, and what the log says of it
 *
 * Octets that arrived behind STARTTLS in the same read are thrown away here;
 * those that arrived later are what the handshake reads, and it fails. Either
 * way nothing that was said in clear text is taken for said in TLS.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <bsd/string.h>

#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "lib/mail/gate.h"
#include "lib/proc/session_tls.h"

/* ---- the real house ---- */

static bool
real_in_tls(const struct session *s)
{
	return tls_info(&s->stream) != NULL;
}

const struct gate_house gate_real = {
	.tls_offered = session_tls_offered,
	.in_tls = real_in_tls,
	.tls_start = session_tls_start,
	.plain_allowed = sasl_plain_allowed,
	.offer = sasl_offer,
	.offers = sasl_offers,
	.begin = sasl_begin,
	.answer = sasl_answer,
	.end = sasl_end,
};

/* ---- time ---- */

void
gate_open(struct gate *g, struct session *s, const char *service,
    uint64_t timeout)
{
	*g = (struct gate){ .session = s, .house = &gate_real,
		.service = service, .begun = clock_ms(), .method = "PLAIN",
		.write_ms = s->stream.write_deadline_ms };
	g->until = g->begun + (int64_t)timeout * 1000;
}

void
gate_reopen(struct gate *g, uint64_t timeout)
{
	gate_end(g);
	g->begun = clock_ms();
	g->until = g->begun + (int64_t)timeout * 1000;
	g->method = "PLAIN";
	g->tried[0] = '\0';
	g->session->stream.known = g->session->settled = false;
}

int64_t
gate_deadline(struct gate *g)
{
	int64_t left = g->until - clock_ms();

	if (left < 1)
		left = 1;
	if (left < g->write_ms)
		g->session->stream.write_deadline_ms = left;
	return g->until;
}

/* ---- TLS ---- */

bool
gate_start_tls(struct gate *g)
{
	struct stream *s = &g->session->stream;
	int64_t deadline = gate_deadline(g);
	struct why w;

	if (!stream_flush(s))
		return false;
	if (stream_pending(s))
		log_warning(g->session->id, "clear text behind the command to "
		    "begin TLS: thrown away octets=%u client=%s",
		    (unsigned)s->in_n, g->session->client);
	stream_discard(s);
	if (g->house->tls_start(g->session, deadline, &w))
		return true;
	strlcpy(g->trouble, w.text, sizeof(g->trouble));
	return false;
}

/* ---- SASL ---- */

void
gate_tried(struct gate *g, struct view user, const struct why *w)
{
	size_t n = user.n < sizeof(g->tried) ? user.n : sizeof(g->tried) - 1;

	if (w->verdict != VERDICT_NEVER)
		return;
	g->attempts++;
	memcpy(g->tried, user.p, n);
	g->tried[n] = '\0';
}

void
gate_disallowed(struct gate *g)
{
	g->disallowed++;
}

void
gate_take_back(const struct gate *g)
{
	struct message bye = { .type = MSG_session_end };
	struct channel *c;

	bye.session_end.session = g->session->number;
	for (size_t n = 0; (c = service_peer_nth(ROLE_STORE, n)) != NULL; n++)
		channel_send(c, &bye);
}

/* The name in a response of PLAIN or APOP, for the log. */
static struct view
name_in(const struct gate *g, struct view response)
{
	if (strcmp(g->sasl.mechanism, "PLAIN") != 0 &&
	    strcmp(g->sasl.mechanism, "APOP") != 0)
		return VIEW_NONE;
	view_cut(&response, '\0');
	return view_cut(&response, '\0');
}

static enum gate_step
judge(struct gate *g, enum sasl_result r, struct view response, struct why *w)
{
	g->method = g->sasl.mechanism;
	str_reset(&g->challenge);
	if (r == SASL_CONTINUE) {
		encode_base64(&g->challenge, str_view(&g->sasl.challenge));
		return GATE_MORE;
	}
	if (r == SASL_DONE)
		return GATE_IN;
	if (w->verdict == VERDICT_NEVER && strcmp(w->status, "7.8") == 0)
		gate_tried(g, name_in(g, response), w);
	else if (w->verdict == VERDICT_NEVER && strcmp(w->status, "7.11") == 0)
		gate_disallowed(g);
	else if (w->verdict == VERDICT_LATER)
		gate_take_back(g);
	return GATE_REFUSED;
}

enum gate_step
gate_apop(struct gate *g, struct view response, struct why *w)
{
	gate_end(g);
	return judge(g, g->house->begin(&g->sasl, g->session, SASL_APOP,
	    VIEW_LIT("APOP"), &response, w), response, w);
}

static enum gate_step
begin(struct gate *g, struct view mechanism, const struct view *initial,
    struct why *w)
{
	return judge(g, g->house->begin(&g->sasl, g->session, g->service,
	    mechanism, initial, w), initial ? *initial : VIEW_NONE, w);
}

enum gate_step
gate_begin(struct gate *g, struct view mechanism, const struct view *initial,
    struct why *w)
{
	struct str octets = { 0 };
	struct view response;
	enum gate_step step = GATE_DAMAGED;

	gate_end(g);
	if (initial == NULL)
		return begin(g, mechanism, NULL, w);
	if (initial->n <= SASL_LINE_MAX && (view_is(*initial, "=") ||
		decode_base64(&octets, *initial))) {
		response = str_view(&octets);
		step = begin(g, mechanism, &response, w);
	}
	str_wipe(&octets);
	str_free(&octets);
	return step;
}

enum gate_step
gate_answer(struct gate *g, struct view line, struct why *w)
{
	struct str octets = { 0 };
	enum gate_step step = GATE_DAMAGED;

	if (view_is(line, "*"))
		return GATE_CANCELLED;
	if (line.n <= SASL_LINE_MAX && decode_base64(&octets, line))
		step = judge(g, g->house->answer(&g->sasl, str_view(&octets),
		    w), str_view(&octets), w);
	str_wipe(&octets);
	str_free(&octets);
	return step;
}

void
gate_end(struct gate *g)
{
	g->house->end(&g->sasl);
	str_wipe(&g->challenge);
	str_free(&g->challenge);
}

/* ---- the log ---- */

/* Our address in this connection, and whether it is private. */
static const char *
local_side(const struct gate *g, char *out, size_t size)
{
	struct sockaddr_storage here = { 0 };
	socklen_t n = sizeof(here);
	char text[ADDRESS16_TEXT];
	struct address16 a;

	strlcpy(out, "local", size);
	if (getsockname(g->session->stream.fd, (struct sockaddr *)&here,
		&n) == 0 && address16_of(&here, &a)) {
		address16_text(&a, text);
		strlcpy(out, text, size);
	}
	if (g->trouble[0] != '\0')
		strlcat(out, ", TLS handshaking", size);
	else if (g->house->in_tls(g->session))
		strlcat(out, ", TLS", size);
	return out;
}

/* A name that does not end user=<...> before its time. */
static const char *
quote_name(struct view name, char *out, size_t size)
{
	strlcpy(out, log_quote(name), size);
	for (char *p = out; (p = strpbrk(p, "<>")) != NULL;)
		*p = '?';
	return out;
}

void
gate_enter(struct gate *g, const char *subject, struct view user)
{
	char own[96], name[256];

	g->session->stream.write_deadline_ms = g->write_ms;
	g->session->stream.known = g->session->settled = true;
	log_info(subject,
	    "Login: user=<%s>, method=%s, rip=%s, lip=%s, session=<%s>",
	    quote_name(user, name, sizeof(name)), g->method,
	    g->session->client, local_side(g, own, sizeof(own)),
	    g->session->id);
}

void
gate_leave(const struct gate *g, const char *subject, const char *why)
{
	int64_t seconds = (clock_ms() - g->begun) / 1000;
	char own[96], name[256], what[96];

	if (g->attempts > 0)
		snprintf(what, sizeof(what), "auth failed, %u attempts in "
		    "%lld secs", g->attempts, (long long)seconds);
	else if (g->disallowed > 0)
		snprintf(what, sizeof(what), "tried to use disallowed "
		    "plaintext auth");
	else
		snprintf(what, sizeof(what), "no auth attempts in %lld secs",
		    (long long)seconds);
	log_info(subject, "Disconnected: %s (%s): user=<%s>, %s%s%srip=%s, "
	    "lip=%s%s%s, session=<%s>",
	    g->trouble[0] ? "No TLS" : why, what,
	    quote_name(view_of(g->tried), name, sizeof(name)),
	    g->attempts ? "method=" : "", g->attempts ? g->method : "",
	    g->attempts ? ", " : "", g->session->client,
	    local_side(g, own, sizeof(own)), g->trouble[0] ? ": " : "",
	    g->trouble, g->session->id);
}
