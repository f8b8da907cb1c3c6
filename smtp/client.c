/* SPDX-License-Identifier: ISC */
/*
 * client - greeting, EHLO, TLS, login, and the end
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include "lib/proc/service.h"
#include "smtp/client.h"
#include "smtp/connect.h"
#include "smtp/login.h"

/* ---- replies ---- */

static bool
junk(struct client *c, enum phase p, struct outcome *o)
{
	return outcome_later(o, "5.0", "host %s broke the protocol while %s",
	    c->host, phase_doing(p));
}

bool
client_reply(struct client *c, enum phase p, struct outcome *o)
{
	switch (response_read(&c->response, &c->stream, phase_deadline(p))) {
	case RESPONSE_COMPLETE:
		/* the server ends the session (RFC 5321 3.8) */
		c->broken |= c->response.code == 421;
		return true;
	case RESPONSE_TIMEOUT:
		c->broken = true;
		return outcome_timed_out(o, c->host, p);
	case RESPONSE_JUNK:
		c->broken = true;
		return junk(c, p, o);
	default:
		c->broken = true;
		return outcome_lost(o, c->host, p);
	}
}

bool
client_settled(struct client *c, enum phase p, struct outcome *o)
{
	if (!stream_pending(&c->stream))
		return true;
	c->broken = true;
	return outcome_later(o, "5.0", "host %s sent a reply that was not "
	    "asked for while %s", c->host, phase_doing(p));
}

bool
client_command(struct client *c, enum phase p, struct outcome *o,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&c->stream.out, fmt, ap);
	va_end(ap);
	stream_puts(&c->stream, "\r\n");
	return client_reply(c, p, o) && client_settled(c, p, o);
}

bool
client_refused(const struct client *c, enum phase p, struct outcome *o)
{
	return outcome_said(o, c->host, p, &c->response);
}

/* ---- how a conversation begins ---- */

/* A refusal in the greeting is about this host and now, whatever its code says:
 * Postfix and others go on to the next host, and try again later. 521 alone says
 * for good that no mail is taken here (RFC 7504). */
static bool
greeting(struct client *c, struct outcome *o)
{
	if (!client_reply(c, PHASE_GREETING, o) ||
	    !client_settled(c, PHASE_GREETING, o))
		return false;
	if (c->response.code == 220)
		return true;
	client_refused(c, PHASE_GREETING, o);
	o->busy = c->response.code == 421;
	if (c->response.code != 521)
		o->verdict = VERDICT_LATER;
	return false;
}

static bool
hello_with(struct client *c, enum phase p, const char *verb, struct outcome *o)
{
	if (!client_command(c, p, o, "%s %s", verb,
		service_settings()->hostname))
		return false;
	return response_class(&c->response) == 2 || client_refused(c, p, o);
}

/* A server that does not know EHLO is greeted as of old (RFC 5321 3.2); LMTP has
 * no older form. */
static bool
hello(struct client *c, struct outcome *o)
{
	enum phase p = c->lmtp ? PHASE_LHLO : PHASE_EHLO;

	c->features = (struct features){ .auth = VIEW_NONE };
	c->esmtp = hello_with(c, p, c->lmtp ? "LHLO" : "EHLO", o);
	if (c->esmtp) {
		features_read(&c->response, &c->arena, &c->features);
		return true;
	}
	if (c->broken || c->lmtp || response_class(&c->response) != 5 ||
	    c->info != NULL)
		return false;
	return hello_with(c, PHASE_HELO, "HELO", o);
}

static bool
handshake(struct client *c, const struct client_target *t,
    const struct host_policy *hp, struct outcome *o)
{
	bool ok = policy_handshake(t->policy, hp, c, o);

	c->tls_failed = !ok;
	c->broken |= !ok;
	return ok;
}

/* 220, and not an octet behind it: what is there already was not sent by
 * whoever the handshake is with (CVE-2011-0411). */
static bool
starttls(struct client *c, const struct client_target *t,
    const struct host_policy *hp, struct outcome *o)
{
	if (!(c->features.bits & FEATURE_STARTTLS))
		return policy_no_tls(t->policy, hp, c, NULL, o);
	if (!client_command(c, PHASE_STARTTLS, o, "STARTTLS"))
		return false;
	if (c->response.code != 220)
		return !c->broken &&
		    policy_no_tls(t->policy, hp, c, &c->response, o);
	return handshake(c, t, hp, o) && hello(c, o);
}

bool
client_begin(struct client *c, const struct client_target *t,
    const struct host_policy *hp, struct outcome *o)
{
	if (hp->tls == HOST_IMPLICIT && !handshake(c, t, hp, o))
		return false;
	if (!greeting(c, o) || !hello(c, o))
		return false;
	if ((hp->tls == HOST_MAY || hp->tls == HOST_MUST) &&
	    !starttls(c, t, hp, o))
		return false;
	return t->hop->login.n == 0 || login_do(c, t->hop, o);
}

/* ---- life ---- */

static void
name_it(struct client *c, const struct client_target *t)
{
	char ip[ADDRESS16_TEXT];

	if (t->address == NULL) {
		c->host = arena_copy(&c->arena, t->hop->host);
		c->name = c->relay = view_of(c->host);
		return;
	}
	c->address = *t->address;
	address16_text(t->address, ip);
	c->name = t->host->name.n > 0 ? arena_view(&c->arena, t->host->name) :
	    arena_view(&c->arena, view_of(ip));
	c->host = arena_printf(&c->arena, "%.*s[%s]", VIEW(c->name), ip);
	c->relay = view_of(arena_printf(&c->arena, "%s:%u", c->host, t->port));
}

static void
release(struct client **c)
{
	arena_reset(&(*c)->arena);
	response_free(&(*c)->response);
	free(*c);
	*c = NULL;
}

static struct client *
connected(const struct client_target *t, struct outcome *o)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->since = t->since;
	c->lmtp = t->hop->lmtp || t->hop->kind == HOP_UNIX;
	name_it(c, t);
	o->relay = arena_view(o->arena, c->relay);
	if (t->address == NULL ? !connect_unix(&c->stream, t, o) :
				 !connect_address(&c->stream, t, c->host, o))
		release(&c);
	else
		c->stream.write_deadline_ms = phase_deadline(PHASE_BODY) -
		    clock_ms();
	return c;
}

struct client *
client_open(const struct client_target *t, struct outcome *o)
{
	struct host_policy hp = { 0 };
	struct client *c;
	bool failed_tls;

	if (!policy_host(t->policy, t->host, &hp, o))
		return NULL;
	c = connected(t, o);
	if (c == NULL || client_begin(c, t, &hp, o))
		return c;
	/* TLS was tried and is not to be had, and did not have to be: once
	 * again without (RFC 7435). */
	failed_tls = hp.tls == HOST_MAY && c->tls_failed;
	client_close(&c);
	if (!failed_tls || fiber_cancelled())
		return NULL;
	hp.tls = HOST_NONE;
	c = connected(t, o);
	if (c != NULL && !client_begin(c, t, &hp, o))
		client_close(&c);
	return c;
}

/* Nobody waits for the reply to QUIT: it says nothing that matters. */
void
client_close(struct client **cp)
{
	struct client *c = *cp;
	static const char quit[] = "QUIT\r\n";
	char want;

	if (!c->broken && !c->stream.failed && c->stream.out.n == 0)
		(void)c->stream.transport->write(&c->stream, quit,
		    sizeof(quit) - 1, &want);
	stream_close(&c->stream);
	release(cp);
}

bool
client_is_quiet(struct client *c)
{
	char octet;

	if (c->broken || c->stream.failed || stream_pending(&c->stream))
		return false;
	return recv(c->stream.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK);
}
