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

/* Whether a level is no use without TLS. */
static bool
is_mandatory(enum hop_tls level)
{
	return level != HOP_TLS_NONE && level != HOP_TLS_MAY;
}

bool
policy_host(const struct policy *p, const struct host *host,
    struct host_policy *hp, struct outcome *o)
{
	*hp = (struct host_policy){ .tls = HOST_NONE };
	if (!is_mandatory(p->level) && p->demand != TLS_REQUIRED)
		return true;
	return outcome_later(o, "7.4", "TLS is required for %.*s, and this "
	    "server cannot do it",
	    VIEW(host != NULL ? host->name : p->hop->host));
}

bool
policy_handshake(const struct policy *p, const struct host_policy *hp,
    struct client *c, struct outcome *o)
{
	(void)p;
	(void)hp;
	return outcome_later(o, "7.4", "Cannot start TLS: handshake failure "
	    "with %s", c->host);
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
