/* SPDX-License-Identifier: ISC */
/*
 * policy - who demands what: the mail, the route, TLSA records, MTA-STS
 *
 * Where the route or the settings demand more than "may", that holds in any case.
 * Beyond it a host with TLSA records is held to them, and one without to the
 * policy of MTA-STS of its domain, if there is one (RFC 8461 2: DANE comes
 * first). A mail with REQUIRETLS needs a verified host (RFC 8689 4.2.1), one with
 * TLS-Required: No does without the two (RFC 8689 4.2.2), not without the route.
 */
#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "smtp/client.h"
#include "smtp/dane.h"
#include "smtp/policy.h"
#include "smtp/tls_report.h"

#define SUBMISSIONS 465		/* RFC 8314 3.3: TLS from the first octet */

/* ---- the destination ---- */

/* A password goes to a verified server, unless the route says otherwise. */
static enum hop_tls
usual_level(const struct hop *hop)
{
	enum hop_tls level = HOP_TLS_MAY;

	if (hop->tls != HOP_TLS_DEFAULT)
		return hop->tls;
	if (hop->kind == HOP_UNIX)
		return HOP_TLS_NONE;
	if (hop->port == SUBMISSIONS)
		return HOP_TLS_IMPLICIT;
	if (hop->login.n > 0)
		return HOP_TLS_VERIFY;
	hop_tls_named(view_of(service_settings()->smtp_tls), &level);
	return level;
}

static bool
is_verifying(enum hop_tls level)
{
	return level == HOP_TLS_VERIFY || level == HOP_TLS_DANE_ONLY ||
	    level == HOP_TLS_IMPLICIT;
}

/* Told apart from the session, whose host has no policy then. */
static void
report_sts_failure(const struct policy *p)
{
	const struct tls_report r = { .policy = "sts",
		.domain = p->hosts->domain, .strings = VIEW_NONE,
		.mx = VIEW_NONE,
		.result = arena_copy(p->arena, p->sts.failure),
		.reason = arena_copy(p->arena, p->sts.sentence) };

	if (p->sts.failure.n > 0)
		tls_report_send(&r);
}

bool
policy_begin(struct policy *p, const struct job *j, const struct hosts *h,
    struct outcome *o)
{
	const struct settings *s = service_settings();
	bool optional = j->m.tls == TLS_OPTIONAL;

	*p = (struct policy){ .arena = o->arena, .hop = &j->hop, .hosts = h,
		.demand = j->m.tls, .level = usual_level(&j->hop) };
	if (p->demand == TLS_REQUIRED && p->level == HOP_TLS_NONE &&
	    j->hop.kind != HOP_UNIX)
		return outcome_never(o, "7.30", "the mail requires TLS "
		    "(REQUIRETLS), and its route is without");
	if (p->level == HOP_TLS_NONE)
		return true;
	if (p->demand == TLS_REQUIRED && !is_verifying(p->level))
		p->level = HOP_TLS_VERIFY;
	p->dane = s->dane && (!optional || p->level == HOP_TLS_DANE_ONLY);
	if (h == NULL || h->domain.n == 0 || !s->mta_sts || optional ||
	    p->level == HOP_TLS_DANE_ONLY)
		return true;
	sts_find(h->domain, p->arena, &p->sts);
	report_sts_failure(p);
	return true;
}

/* ---- what a host must come to ---- */

static const struct {
	enum host_tls tls;
	enum tls_trust trust;
} levels[] = {
	[HOP_TLS_NONE] = { HOST_NONE, TRUST_ANYBODY },
	[HOP_TLS_MAY] = { HOST_MAY, TRUST_ANYBODY },
	[HOP_TLS_ENCRYPT] = { HOST_MUST, TRUST_ANYBODY },
	[HOP_TLS_VERIFY] = { HOST_MUST, TRUST_AUTHORITIES },
	[HOP_TLS_DANE_ONLY] = { HOST_MUST, TRUST_TLSA },
	[HOP_TLS_IMPLICIT] = { HOST_IMPLICIT, TRUST_AUTHORITIES },
};

/* A host by its name; one without, by its address. */
static struct view
name_of(const struct host *host, struct arena *a)
{
	char ip[ADDRESS16_TEXT];

	if (host->name.n > 0 || host->naddresses == 0)
		return host->name;
	address16_text(&host->address[0], ip);
	return arena_view(a, view_of(ip));
}

static void
add_name(struct host_policy *hp, struct view *names, struct view name)
{
	if (name.n > 0)
		names[hp->demand.nnames++] = name;
	hp->demand.names = names;
}

/* That the host is one of the domain is known from a validated MX, or from a
 * policy of MTA-STS. A route that names a host says so itself. */
static bool
is_vouched_for(const struct policy *p, const struct host *host)
{
	return p->hop->kind != HOP_MX || p->hosts->secure ||
	    (p->sts.mode != STS_NONE &&
		sts_policy_lists(&p->sts.policy, host->name));
}

/* As the route and the settings have it. Who gets a password is not for an MX to
 * say that anybody may have forged: there the certificate is the domain's. */
static void
begin_host(const struct policy *p, const struct host *host,
    struct host_policy *hp)
{
	struct view *names = arena_zalloc(p->arena, 2 * sizeof(*names));

	*hp = (struct host_policy){ .tls = levels[p->level].tls,
		.demand = { .host = VIEW_NONE, .tlsa = VIEW_NONE,
		    .trust = levels[p->level].trust,
		    .fresh = p->hop->login.n > 0 }, .basis = "",
		.kind = "no-policy-found", .mx = VIEW_NONE,
		.strings = VIEW_NONE };
	if (hp->tls == HOST_MUST || hp->tls == HOST_IMPLICIT)
		hp->basis = p->demand == TLS_REQUIRED ? " (the mail requires it)" :
							" (the route demands it)";
	if (host == NULL)
		return;
	hp->mx = hp->demand.host = host->name;
	if (p->hop->login.n == 0 || is_vouched_for(p, host))
		add_name(hp, names, name_of(host, p->arena));
	add_name(hp, names, p->hosts->domain);
}

static void
report(const struct policy *p, const struct host_policy *hp,
    const char *result, const char *reason, const struct stream *s)
{
	const struct tls_report r = { .policy = hp->kind,
		.domain = p->hosts != NULL ? p->hosts->domain : VIEW_NONE,
		.strings = hp->strings, .mx = hp->mx, .result = result,
		.reason = reason, .stream = s };

	if (!hp->told)
		tls_report_send(&r);
}

/* RFC 7672 3.2.2: the names that a certificate under a trust anchor of the
 * records may have. */
static void
hold_to_records(const struct policy *p, const struct dane_records *d,
    struct host_policy *hp)
{
	struct view *names = arena_zalloc(p->arena, 3 * sizeof(*names));

	if (hp->tls != HOST_IMPLICIT)
		hp->tls = HOST_MUST;
	hp->demand = (struct tls_demand){ .host = d->base,
		.trust = TRUST_TLSA, .tlsa = d->records,
		.fresh = hp->demand.fresh };
	add_name(hp, names, d->base);
	add_name(hp, names, hp->mx);
	add_name(hp, names, p->hosts->domain);
	hp->basis = " (its TLSA records demand it)";
}

static bool
by_dane(const struct policy *p, const struct host *host,
    struct host_policy *hp, struct outcome *o)
{
	bool secure = host != NULL && p->dane &&
	    (p->hop->kind != HOP_MX || p->hosts->secure);
	struct dane_records d;
	enum dane found = secure ?
	    dane_find(host, p->hosts->port, p->arena, &d) : DANE_NONE;

	if (found == DANE_FAILED) {
		hp->kind = "tlsa";
		report(p, hp, d.bogus ? "dnssec-invalid" : "validation-failure",
		    "TLSA lookup", NULL);
		return outcome_later(o, "7.5", "TLSA lookup error for "
		    "%.*s:%u: %.*s", VIEW(hp->mx), p->hosts->port,
		    VIEW(d.sentence));
	}
	if (found != DANE_NONE) {
		hp->kind = "tlsa";
		hp->strings = d.strings;
	}
	if (found == DANE_USABLE) {
		hold_to_records(p, &d, hp);
		return true;
	}
	if (p->level == HOP_TLS_DANE_ONLY) {
		report(p, hp, "dane-required", "", NULL);
		return outcome_later(o, "7.5", "host %.*s has no TLSA records "
		    "that can be used and are validated (the route demands "
		    "DANE)", VIEW(hp->mx));
	}
	if (found == DANE_UNUSABLE && hp->tls == HOST_MAY) {
		hp->tls = HOST_MUST;
		hp->basis = " (its TLSA records demand it)";
	}
	return true;
}

static void
hold_to_sts(const struct policy *p, const struct host *host,
    struct host_policy *hp)
{
	struct view *name = arena_zalloc(p->arena, sizeof(*name));

	if (hp->demand.trust != TRUST_ANYBODY)
		return;
	*name = host->name;
	hp->demand.trust = TRUST_AUTHORITIES;
	hp->demand.names = name;
	hp->demand.nnames = 1;
	hp->demand.lenient = p->sts.mode == STS_TESTING;
	if (p->sts.mode != STS_ENFORCE)
		return;
	hp->tls = HOST_MUST;
	hp->basis = " (the MTA-STS policy of its domain demands it)";
}

static bool
by_sts(const struct policy *p, const struct host *host,
    struct host_policy *hp, struct outcome *o)
{
	if (p->sts.mode == STS_NONE || host == NULL ||
	    hp->demand.trust == TRUST_TLSA)
		return true;
	hp->kind = "sts";
	hp->strings = p->sts.lines;
	if (sts_policy_lists(&p->sts.policy, host->name)) {
		hold_to_sts(p, host, hp);
		return true;
	}
	report(p, hp, "validation-failure", "mx-not-in-policy", NULL);
	hp->told = true;
	return p->sts.mode == STS_TESTING ||
	    outcome_later(o, "7.5", "host %.*s is not in the MTA-STS policy of "
		"%.*s", VIEW(host->name), VIEW(p->hosts->domain));
}

/* RFC 8689 4.2.1 */
static bool
by_mail(const struct policy *p, const struct host *host, struct outcome *o)
{
	if (p->demand != TLS_REQUIRED || is_vouched_for(p, host))
		return true;
	if (p->sts.failure.n > 0)
		return outcome_later(o, "7.30", "the mail requires TLS "
		    "(REQUIRETLS), and the MTA-STS policy of %.*s cannot be "
		    "had: %.*s", VIEW(p->hosts->domain), VIEW(p->sts.sentence));
	return outcome_never(o, "7.30", "the mail requires TLS (REQUIRETLS), "
	    "and neither DNSSEC nor MTA-STS says that host %.*s is one of %.*s",
	    VIEW(host->name), VIEW(p->hosts->domain));
}

bool
policy_host(const struct policy *p, const struct host *host,
    struct host_policy *hp, struct outcome *o)
{
	begin_host(p, host, hp);
	if (hp->tls == HOST_NONE)
		return true;
	return by_dane(p, host, hp, o) && by_sts(p, host, hp, o) &&
	    by_mail(p, host, o);
}

/* ---- how it went ---- */

/* RFC 8460 4.3 */
static const char *
result_of(const struct client *c)
{
	static const char *const results[] = {
		[TLS_FAULT_NAME] = "certificate-host-mismatch",
		[TLS_FAULT_EXPIRED] = "certificate-expired",
		[TLS_FAULT_UNTRUSTED] = "certificate-not-trusted",
		[TLS_FAULT_OTHER] = "validation-failure",
	};
	enum tls_fault fault = tls_fault(&c->stream);

	return fault == TLS_FAULT_NONE ? "validation-failure" : results[fault];
}

static void
log_success(const struct client *c)
{
	const struct tls_info *i = c->info;

	log_info("tls", "%s TLS connection %s to %s: %s with cipher %s "
	    "(%u/%u bits)", i->verified ? "Verified" : "Untrusted",
	    i->resumed ? "resumed" : "established",
	    log_quote(c->relay), i->version, i->cipher, i->bits, i->bits);
}

bool
policy_handshake(const struct policy *p, const struct host_policy *hp,
    struct client *c, struct outcome *o)
{
	int64_t deadline = deadline_in(
	    service_settings()->handshake_timeout * 1000);
	struct why w;

	if (!tls_connect(&c->stream, &hp->demand, deadline, &w)) {
		report(p, hp, result_of(c), w.text, &c->stream);
		log_info("tls", "cannot start TLS with %s: %s",
		    log_quote(c->relay), w.text);
		return outcome_later(o, w.status, "cannot start TLS with host "
		    "%s: %s%s", c->host, w.text, hp->basis);
	}
	c->info = tls_info(&c->stream);
	log_success(c);
	report(p, hp, tls_fault(&c->stream) == TLS_FAULT_NONE ? "success" :
								 result_of(c),
	    "", &c->stream);
	return true;
}

bool
policy_no_tls(const struct policy *p, const struct host_policy *hp,
    struct client *c, const struct response *why, struct outcome *o)
{
	report(p, hp, "starttls-not-supported", "", &c->stream);
	if (hp->tls == HOST_MAY)
		return true;
	if (why == NULL)
		return outcome_later(o, "7.4", "TLS is required, but was not "
		    "offered by host %s%s", c->host, hp->basis);
	client_refused(c, PHASE_STARTTLS, o);
	o->verdict = VERDICT_LATER;	/* it offered TLS */
	return false;
}
