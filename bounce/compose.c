/* SPDX-License-Identifier: ISC */
/*
 * compose - the parts of a report, and the mail around them
 *
 * Three parts: text/plain for people, message/delivery-status for programs, and
 * the mail or its header. If the mail came with SMTPUTF8 and there is UTF-8 in
 * addresses or in its header, the second and third are of the global kind (RFC
 * 6533), which a server without SMTPUTF8 takes, too, encoded if need be
 * (lib/mail/downgrade.h); to a sender of other mail an address with UTF-8 is
 * shown in ASCII. So a report needs SMTPUTF8 only when the address that it goes
 * to does. The boundary has 64 random bits: no mail can contain it by design.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bounce/clean.h"
#include "bounce/people.h"
#include "bounce/status.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/idn.h"
#include "lib/mail/utf8.h"

#define MESSAGE_ID_MOST 256

static const struct {
	const char *subject, *action;
	char class;
} kinds[NOTICE_KINDS] = {
	[NOTICE_FAILED] = { "Undelivered mail returned to sender", "failed",
	    '5' },
	[NOTICE_DELAYED] = { "Delayed mail (still being tried)", "delayed",
	    '4' },
	[NOTICE_DELIVERED] = { "Successful delivery of your mail", "delivered",
	    '2' },
	[NOTICE_LATE] = { "Late mail (still being tried)", "delayed", '4' },
	[NOTICE_EXPANDED] = { "Your mail goes to a list", "expanded", '2' },
	[NOTICE_RELAYED] = { "Your mail has been passed on", "relayed", '2' },
};

const char *
compose_action(enum notice_kind kind)
{
	return kinds[kind].action;
}

char
compose_class(enum notice_kind kind)
{
	return kinds[kind].class;
}

struct parts {
	const struct notice *notice;
	char boundary[64];
	bool global;
	struct str text;
	bool eight;		/* one of them says 8bit */
};

static bool
is_global(const struct notice *n)
{
	struct view header = { n->original.p, header_size(n->original) };
	bool ascii = utf8_is_ascii(header) || !utf8_valid(header);

	for (size_t i = 0; i < n->n; i++)
		ascii = ascii && utf8_is_ascii(n->rcpt[i].address) &&
		    utf8_is_ascii(n->rcpt[i].original) &&
		    utf8_is_ascii(n->rcpt[i].orcpt);
	return n->utf8 && !ascii;
}

static void
part(struct parts *p, const char *type, struct view body)
{
	bool eight = !utf8_is_ascii(body);

	str_addf(&p->text, "\r\n--%s\r\nContent-Type: %s\r\n", p->boundary,
	    type);
	if (eight)
		str_adds(&p->text, "Content-Transfer-Encoding: 8bit\r\n");
	str_adds(&p->text, "\r\n");
	str_add(&p->text, body);
	if (!view_ends(body, VIEW_LIT("\r\n")))
		str_adds(&p->text, "\r\n");
	p->eight |= eight;
}

static void
write_parts(struct parts *p)
{
	const struct notice *n = p->notice;
	struct str s = { 0 };

	people_write(&s, n);
	part(p, utf8_is_ascii(str_view(&s)) ? "text/plain; charset=us-ascii" :
	    "text/plain; charset=utf-8", str_view(&s));
	str_reset(&s);
	status_write(&s, n, p->global);
	part(p, p->global ? "message/global-delivery-status" :
	    "message/delivery-status", str_view(&s));
	if (n->original.n > 0)
		part(p, n->whole ?
		    (p->global ? "message/global" : "message/rfc822") :
		    (p->global ? "message/global-headers" :
		    "text/rfc822-headers"), n->original);
	str_addf(&p->text, "\r\n--%s--\r\n", p->boundary);
	str_free(&s);
}

/* ---- the header of the report ---- */

static size_t
trace(struct str *out, const struct notice *n)
{
	size_t begin = out->n, skip;

	str_adds(out, "Return-Path: <>\r\n");
	skip = out->n - begin;
	str_addf(out, "Received: by %.*s (Posthouse);\r\n\t", VIEW(n->host));
	date_write(out, date_local(n->now));
	str_adds(out, "\r\n");
	return skip;
}

/* With the domain in ASCII, so that only a local part needs SMTPUTF8. */
static bool
to_field(struct str *out, const struct notice *n)
{
	struct view to = n->to;
	size_t at = view_rfind(to, '@');
	struct str s = { 0 }, domain = { 0 };
	bool utf8;

	str_add(&s, to);
	if (at == to.n)
		str_addf(&s, "@%.*s", VIEW(n->host));
	if (at < to.n && !utf8_is_ascii(to) &&
	    idn_ascii(&domain, view_skip(to, at + 1))) {
		str_reset(&s);
		str_addf(&s, "%.*s@%s", VIEW(((struct view){ to.p, at })),
		    str_c(&domain));
	}
	utf8 = !utf8_is_ascii(str_view(&s));
	clean_field(out, "To", (struct clean_value){ "", str_view(&s), true });
	str_free(&domain);
	str_free(&s);
	return utf8;
}

/* So that mail programs show the report below the mail. */
static void
reference(struct str *out, const struct notice *n)
{
	struct view id;

	if (!header_find(n->original, "Message-ID", &id) || id.n <= 2 ||
	    id.n > MESSAGE_ID_MOST || !utf8_is_ascii(id) || id.p[0] != '<' ||
	    view_find(id, '\n') < id.n)
		return;
	clean_field(out, "In-Reply-To", (struct clean_value){ "", id, false });
	clean_field(out, "References", (struct clean_value){ "", id, false });
}

static bool
head(struct str *out, const struct notice *n, const struct parts *p)
{
	bool utf8;

	clean_date(out, "Date", n->now);
	str_addf(out, "From: Mail Delivery System <MAILER-DAEMON@%.*s>\r\n",
	    VIEW(n->host));
	utf8 = to_field(out, n);
	str_addf(out, "Subject: %s\r\n", n->astray ?
	    "Undeliverable mail that nobody can be told about" :
	    kinds[n->kind].subject);
	str_addf(out, "Message-ID: <%016" PRIX64 ".%016" PRIX64 "@%.*s>\r\n",
	    n->id, n->unique, VIEW(n->host));
	if (!n->astray)
		reference(out, n);
	str_addf(out, "Auto-Submitted: %s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"%s\"\r\nContent-Transfer-Encoding: %s\r\n\r\n"
	    "This is a MIME-encapsulated message.\r\n",
	    n->astray ? "auto-generated" : "auto-replied", p->boundary,
	    p->eight || utf8 ? "8bit" : "7bit");
	return utf8;
}

void
compose(struct str *out, const struct notice *n, struct composed *c)
{
	struct parts p = { .notice = n, .global = is_global(n) };

	must(n->kind >= NOTICE_FAILED && n->kind < NOTICE_KINDS);
	snprintf(p.boundary, sizeof(p.boundary), "=_report_%016" PRIX64
	    "_%016" PRIX64, n->id, n->unique);
	write_parts(&p);
	c->skip = trace(out, n);
	c->utf8 = head(out, n, &p);
	c->eight = p.eight || c->utf8;
	str_add(out, str_view(&p.text));
	str_free(&p.text);
}
