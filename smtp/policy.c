/* SPDX-License-Identifier: ISC */
/*
 * policy - the levels of hops and of the setting smtp_tls
 */
#include "lib/proc/service.h"
#include "smtp/client.h"
#include "smtp/policy.h"

bool
policy_begin(struct policy *p, const struct job *j, const struct hosts *h,
    struct outcome *o)
{
	*p = (struct policy){ .arena = o->arena, .hop = &j->hop, .hosts = h,
		.demand = j->m.tls, .level = j->hop.tls };
	if (p->level == HOP_TLS_DEFAULT && h == NULL)
		p->level = HOP_TLS_NONE;
	if (p->level == HOP_TLS_DEFAULT)
		must(hop_tls_named(view_of(service_settings()->smtp_tls),
		    &p->level));
	return true;
}

/* What each level comes to for a host. */
static const struct {
	enum host_tls tls;
	enum tls_trust trust;
} levels[] = {
	[HOP_TLS_NONE] = { HOST_NONE, TRUST_ANYBODY },
	[HOP_TLS_MAY] = { HOST_MAY, TRUST_ANYBODY },
	[HOP_TLS_ENCRYPT] = { HOST_MUST, TRUST_ANYBODY },
	[HOP_TLS_VERIFY] = { HOST_MUST, TRUST_AUTHORITIES },
	[HOP_TLS_IMPLICIT] = { HOST_IMPLICIT, TRUST_AUTHORITIES },
};

bool
policy_host(const struct policy *p, const struct host *host,
    struct host_policy *hp, struct outcome *o)
{
	static const struct view nobody = { "", 0 };
	enum hop_tls level = p->level;

	if (level == HOP_TLS_DANE_ONLY)
		return outcome_later(o, "7.5", "there are no TLSA records for "
		    "%.*s", VIEW(host != NULL ? host->name : p->hop->host));
	if (p->demand == TLS_REQUIRED && level < HOP_TLS_VERIFY)
		level = HOP_TLS_VERIFY;
	*hp = (struct host_policy){ .tls = levels[level].tls,
		.demand = { .host = host != NULL ? host->name : nobody,
		    .trust = levels[level].trust,
		    .names = host != NULL ? &host->name : &nobody,
		    .nnames = 1, .tlsa = VIEW_NONE } };
	return true;
}

bool
policy_handshake(const struct policy *p, const struct host_policy *hp,
    struct client *c, struct outcome *o)
{
	int64_t deadline = deadline_in(
	    service_settings()->handshake_timeout * 1000);
	struct why w;

	(void)p;
	if (!tls_connect(&c->stream, &hp->demand, deadline, &w))
		return outcome_why(o, &w);
	c->info = tls_info(&c->stream);
	return true;
}

bool
policy_no_tls(const struct policy *p, const struct host_policy *hp,
    struct client *c, const struct response *why, struct outcome *o)
{
	(void)p;
	if (hp->tls == HOST_MAY)
		return true;
	if (why == NULL)
		return outcome_later(o, "7.4", "TLS is required, but was not "
		    "offered by host %s", c->host);
	return client_refused(c, PHASE_STARTTLS, o);
}
