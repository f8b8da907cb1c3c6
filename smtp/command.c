/* SPDX-License-Identifier: ISC */
/*
 * command - parameters, each for a server that knows it
 */
#include "lib/base/clock.h"
#include "lib/mail/utf8.h"
#include "lib/mail/xtext.h"
#include "smtp/command.h"

#define PRIORITY_ZERO	10	/* msg_send.priority of MT-PRIORITY 0 */

static bool
offers(const struct client *c, enum feature f)
{
	return (c->features.bits & f) != 0;
}

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
command_mail(struct client *c, const struct job *j, const struct fit *f)
{
	struct str *out = &c->stream.out;

	str_addf(out, "MAIL FROM:<%.*s>", VIEW(f->sender));
	if (offers(c, FEATURE_SIZE))
		str_addf(out, " SIZE=%llu", (unsigned long long)f->size);
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

/* The address as it was first written; where the sender did not say, that is
 * what we were given, if it became another one since. A type stays as it is; an
 * address with other characters than ASCII has a form for servers that do not
 * know them (RFC 6533 3). */
static void
put_orcpt(struct str *out, const struct recipient *r)
{
	struct view type = VIEW_LIT("rfc822"), address = r->original;
	size_t at = view_find(r->orcpt, ';');

	if (at < r->orcpt.n) {
		type = view_bytes(r->orcpt.p, at);
		address = view_skip(r->orcpt, at + 1);
	} else if (view_eq(r->original, r->address) || r->original.n == 0) {
		return;
	}
	if (view_isi(type, "utf-8") || !utf8_is_ascii(address)) {
		str_adds(out, " ORCPT=utf-8;");
		xtext_encode_unicode(out, address);
		return;
	}
	str_addf(out, " ORCPT=%.*s;", VIEW(type));
	xtext_encode(out, address);
}

void
command_rcpt(struct client *c, const struct recipient *r)
{
	struct str *out = &c->stream.out;

	str_addf(out, "RCPT TO:<%.*s>", VIEW(r->spelled));
	if (offers(c, FEATURE_DSN)) {
		put_notify(out, r->notify);
		put_orcpt(out, r);
	}
	str_adds(out, "\r\n");
}
