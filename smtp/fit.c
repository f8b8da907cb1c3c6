/* SPDX-License-Identifier: ISC */
/*
 * fit - needs against offers, and the parameters of commands
 */
#include "lib/base/clock.h"
#include "lib/mail/xtext.h"
#include "smtp/fit.h"

#define PRIORITY_ZERO	10	/* msg_send.priority of MT-PRIORITY 0 */

static bool
offers(const struct client *c, enum feature f)
{
	return (c->features.bits & f) != 0;
}

/* ---- may it go there ---- */

static enum fit_end
look_at_size(const struct client *c, const struct job *j, struct outcome *o)
{
	uint64_t most = c->features.size, size = job_size(j);

	if (most == 0 || size <= most)
		return FIT_WELL;
	outcome_never(o, "3.4", "message size %llu exceeds size limit %llu of "
	    "server %s", (unsigned long long)size, (unsigned long long)most,
	    c->host);
	return FIT_NEVER;
}

/* RFC 8689 4.2.1: only to who was verified and promises to do the same. */
static enum fit_end
look_at_tls(const struct client *c, const struct job *j, struct outcome *o)
{
	if (j->m.tls != TLS_REQUIRED || (c->info != NULL &&
	    c->info->verified && offers(c, FEATURE_REQUIRETLS)))
		return FIT_WELL;
	outcome_never(o, "7.30", "REQUIRETLS was asked for, and %s does not "
	    "offer it", c->host);
	return FIT_NOT_HERE;
}

static enum fit_end
look_at_utf8(const struct client *c, const struct job *j, struct fit *f,
    struct outcome *o)
{
	f->utf8 = (j->m.body & BODY_UTF8) != 0;
	if (!f->utf8 || offers(c, FEATURE_SMTPUTF8))
		return FIT_WELL;
	outcome_never(o, "6.7", "SMTPUTF8 is required, but was not offered by "
	    "host %s", c->host);
	return FIT_NOT_HERE;
}

static void
look_at_body(const struct client *c, const struct job *j, struct fit *f)
{
	unsigned form = j->m.body & BODY_FORM;

	f->chunks = offers(c, FEATURE_CHUNKING);
	f->body = NULL;
	if (form == 2 && offers(c, FEATURE_BINARYMIME))
		f->body = "BINARYMIME";
	else if (form != 0 && offers(c, FEATURE_8BITMIME))
		f->body = "8BITMIME";
}

enum fit_end
fit_look(const struct client *c, const struct job *j, struct fit *f,
    struct outcome *o)
{
	enum fit_end e;

	*f = (struct fit){ 0 };
	if ((e = look_at_size(c, j, o)) != FIT_WELL ||
	    (e = look_at_tls(c, j, o)) != FIT_WELL ||
	    (e = look_at_utf8(c, j, f, o)) != FIT_WELL)
		return e;
	look_at_body(c, j, f);
	return FIT_WELL;
}

/* ---- commands ---- */

static void
put_xtext(struct str *out, const char *name, struct view text)
{
	str_adds(out, name);
	xtext_encode(out, text);
}

static void
put_dsn(struct str *out, const struct job *j)
{
	static const char *const rets[] = { "", " RET=FULL", " RET=HDRS" };

	if (j->m.ret < nitems(rets))
		str_adds(out, rets[j->m.ret]);
	if (j->m.envid.n > 0)
		put_xtext(out, " ENVID=", j->m.envid);
}

static void
put_by(struct str *out, const struct job *j)
{
	if ((j->m.by_mode & BY_MODE) == 0)
		return;
	str_addf(out, " BY=%lld;%s%s", (long long)(j->m.by - clock_wall()),
	    (j->m.by_mode & BY_MODE) == BY_RETURN ? "R" : "N",
	    j->m.by_mode & BY_TRACE ? "T" : "");
}

void
fit_put_mail(struct client *c, const struct job *j, const struct fit *f)
{
	struct str *out = &c->stream.out;

	str_addf(out, "MAIL FROM:<%.*s>", VIEW(j->m.sender));
	if (offers(c, FEATURE_SIZE))
		str_addf(out, " SIZE=%llu", (unsigned long long)job_size(j));
	if (f->body != NULL)
		str_addf(out, " BODY=%s", f->body);
	if (f->utf8)
		str_adds(out, " SMTPUTF8");
	if (offers(c, FEATURE_DSN))
		put_dsn(out, j);
	if (j->m.tls == TLS_REQUIRED)
		str_adds(out, " REQUIRETLS");
	if (j->m.priority > 0 && offers(c, FEATURE_MT_PRIORITY))
		str_addf(out, " MT-PRIORITY=%d",
		    j->m.priority - PRIORITY_ZERO);
	if (offers(c, FEATURE_DELIVERBY))
		put_by(out, j);
	/* we do not know who submitted it (RFC 4954 5) */
	if (c->authenticated)
		str_adds(out, " AUTH=<>");
	str_adds(out, "\r\n");
}

static void
put_notify(struct str *out, uint8_t notify)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} words[] = { { NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" }, { NOTIFY_DELAY, "DELAY" },
		{ NOTIFY_NEVER, "NEVER" } };
	char divider = '=';

	if (notify == 0)
		return;
	str_adds(out, " NOTIFY");
	for (size_t i = 0; i < nitems(words); i++) {
		if (!(notify & words[i].bit))
			continue;
		str_addc(out, divider);
		str_adds(out, words[i].word);
		divider = ',';
	}
}

/* The type stays as it is, the address is xtext. */
static void
put_orcpt(struct str *out, struct view orcpt)
{
	size_t type = view_find(orcpt, ';');

	if (type == orcpt.n)
		return;
	str_adds(out, " ORCPT=");
	str_addn(out, orcpt.p, type + 1);
	xtext_encode(out, view_skip(orcpt, type + 1));
}

void
fit_put_rcpt(struct client *c, const struct recipient *r)
{
	struct str *out = &c->stream.out;

	str_addf(out, "RCPT TO:<%.*s>", VIEW(r->address));
	if (offers(c, FEATURE_DSN)) {
		put_notify(out, r->notify);
		put_orcpt(out, r->orcpt);
	}
	str_adds(out, "\r\n");
}
