/* SPDX-License-Identifier: ISC */
/*
 * compose - header, sentences, delivery status, the mail itself
 *
 * Three parts: text/plain for people, message/delivery-status for programs,
 * and the mail or its header. Addresses that are not ASCII make the second
 * and third of the global kind (RFC 6533). The boundary has 64 random bits, so
 * that no mail can contain it by design.
 */
#include <inttypes.h>

#include "bounce/compose.h"
#include "lib/base/version.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/utf8.h"

static const struct {
	const char *subject, *action;
	char status;
	const char *first;	/* sentences for people */
	const char *last;
} kinds[NOTICE_KINDS] = {
	[NOTICE_FAILED] = { "Undelivered mail returned to sender", "failed",
	    '5',
	    "Your message could not be delivered to everybody. The recipients\r\n"
	    "below did not get it, and it will not be tried again:\r\n",
	    "What to do: check the addresses, or ask the recipients in some\r\n"
	    "other way, then send the message again.\r\n" },
	[NOTICE_DELAYED] = { "Delayed mail (still being tried)", "delayed",
	    '4',
	    "Your message has not yet reached the recipients below:\r\n",
	    "You need not send it again. This server keeps trying, and tells\r\n"
	    "you if it has to give up.\r\n" },
	[NOTICE_DELIVERED] = { "Successful delivery of your mail", "delivered",
	    '2',
	    "You asked to be told: your message has been delivered to\r\n",
	    "" },
	[NOTICE_LATE] = { "Late mail (still being tried)", "delayed", '4',
	    "Your message has not reached the recipients below by the time\r\n"
	    "that you set:\r\n",
	    "You need not send it again. This server keeps trying, and tells\r\n"
	    "you if it has to give up.\r\n" },
	[NOTICE_EXPANDED] = { "Your mail goes to a list", "expanded", '2',
	    "You asked to be told: your message goes on to all who stand behind\r\n",
	    "You will not be told about each of them.\r\n" },
	[NOTICE_RELAYED] = { "Your mail has been passed on", "relayed", '2',
	    "You asked to be told: your message has been passed on to a server\r\n"
	    "that will not tell you when it is delivered, for\r\n",
	    "" },
};

static const char *
boundary(const struct notice *n)
{
	static char text[64];
	struct str s = { .limit = sizeof(text) - 1 };

	str_addf(&s, "=_report_%016" PRIX64 "_%016" PRIX64, n->id, n->unique);
	must(!str_full(&s));
	memcpy(text, s.p, s.n + 1);
	str_free(&s);
	return text;
}

/* Good news need no sentence. */
static bool
is_trouble(const struct notice *n)
{
	return kinds[n->kind].status != '2';
}

static bool
is_tried(const struct notice *n)
{
	return kinds[n->kind].status == '4';
}

/* UTF-8 in its header needs a form of its own (RFC 6532). */
static bool
has_utf8_header(const struct notice *n)
{
	struct view header = n->original;

	header.n = header_size(header);
	return n->utf8 && !utf8_is_ascii(header) && utf8_valid(header);
}

unsigned
compose_body(const struct notice *n)
{
	bool addresses = utf8_is_ascii(n->sender) && !has_utf8_header(n);

	for (size_t i = 0; i < n->n; i++)
		addresses = addresses && utf8_is_ascii(n->rcpt[i].address) &&
		    utf8_is_ascii(n->rcpt[i].original) &&
		    utf8_is_ascii(n->rcpt[i].orcpt);
	return (addresses ? 0 : 2u | 1u) | !utf8_is_ascii(n->original);
}

/* One line of somebody else's: no control bytes; no 8-bit unless allowed. */
static struct view
plain(struct str *scratch, struct view v, bool utf8)
{
	str_reset(scratch);
	utf8 = utf8 && utf8_valid(v);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		str_addc(scratch, c < 32 || c == 127 || (c > 127 && !utf8) ?
		    '?' : (char)c);
	}
	return str_view(scratch);
}

/* Of a field: "prefix; " and somebody else's text. */
struct value {
	const char *prefix;
	struct view text;
	bool utf8;		/* 8-bit is allowed */
};

static void
field(struct str *out, const char *name, struct value v)
{
	struct str clean = { 0 }, value = { 0 };

	str_adds(&value, v.prefix);
	str_add(&value, plain(&clean, v.text, v.utf8));
	header_write(out, name, str_view(&value));
	str_free(&clean);
	str_free(&value);
}

static void
date_field(struct str *out, const char *name, int64_t seconds)
{
	str_addf(out, "%s: ", name);
	date_write(out, date_local(seconds));
	str_adds(out, "\r\n");
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

/* So that mail programs show the report below the mail. */
static void
reference(struct str *out, const struct notice *n)
{
	struct view id;

	if (header_find(n->original, "Message-ID", &id) && id.n > 2 &&
	    id.n < 256 && utf8_is_ascii(id) && id.p[0] == '<' &&
	    view_find(id, '\n') == id.n) {
		field(out, "In-Reply-To", (struct value){ "", id, false });
		field(out, "References", (struct value){ "", id, false });
	}
}

static void
head(struct str *out, const struct notice *n)
{
	unsigned body = compose_body(n);

	date_field(out, "Date", n->now);
	str_addf(out, "From: Mail Delivery System <MAILER-DAEMON@%.*s>\r\n",
	    VIEW(n->host));
	field(out, "To", (struct value){ "", n->sender, body & 2 });
	str_addf(out, "Subject: %s\r\n", kinds[n->kind].subject);
	str_addf(out, "Message-ID: <%016" PRIX64 ".%016" PRIX64 "@%.*s>\r\n",
	    n->id, n->unique, VIEW(n->host));
	reference(out, n);
	str_addf(out, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"%s\"\r\nContent-Transfer-Encoding: %s\r\n\r\n"
	    "This is a MIME-encapsulated message.\r\n",
	    boundary(n), body ? "8bit" : "7bit");
}

static void
part(struct str *out, const struct notice *n, const char *type)
{
	str_addf(out, "\r\n--%s\r\nContent-Type: %s\r\n", boundary(n), type);
	if (compose_body(n))
		str_adds(out, "Content-Transfer-Encoding: 8bit\r\n");
	str_adds(out, "\r\n");
}

/* ---- for people ---- */

static void
rcpt_for_people(struct str *out, const struct notice *n,
    const struct notice_rcpt *r)
{
	struct str s = { 0 };

	str_addf(out, "  <%.*s>", VIEW(plain(&s, r->address, true)));
	if (!view_eq(r->original, r->address))
		str_addf(out, " (expanded from <%.*s>)",
		    VIEW(plain(&s, r->original, true)));
	str_adds(out, "\r\n");
	if (r->sentence.n > 0 && is_trouble(n)) {
		str_addf(out, "      %.*s", VIEW(plain(&s, r->sentence,
		    (compose_body(n) & 2) != 0)));
		str_addf(out, " (%c.%.*s)\r\n", kinds[n->kind].status,
		    VIEW(plain(&s, r->status, false)));
	}
	if (r->relay.n > 0 && view_find(r->relay, '[') < r->relay.n)
		str_addf(out, "      said by %.*s\r\n",
		    VIEW(plain(&s, r->relay, false)));
	str_free(&s);
}

static void
for_people(struct str *out, const struct notice *n)
{
	part(out, n, "text/plain; charset=utf-8");
	str_addf(out, "This is the mail server %.*s.\r\n\r\n%s\r\n",
	    VIEW(n->host), kinds[n->kind].first);
	for (size_t i = 0; i < n->n; i++)
		rcpt_for_people(out, n, &n->rcpt[i]);
	str_adds(out, "\r\nThe message came in at ");
	date_write(out, date_local(n->arrival));
	str_adds(out, ".\r\n");
	if (is_tried(n)) {
		str_adds(out, "It will be tried until ");
		date_write(out, date_local(n->until));
		str_adds(out, ".\r\n");
	}
	str_addf(out, "\r\n%s%s below.\r\n", kinds[n->kind].last,
	    n->original.n == 0 ? "Details are" :
		n->whole       ? "Details and the message itself are" :
				 "Details and the header of the message are");
}

/* ---- for programs ---- */

static const char *
type_of(struct view address)
{
	return utf8_is_ascii(address) ? "rfc822; " : "utf-8; ";
}

static void
rcpt_for_programs(struct str *out, const struct notice *n,
    const struct notice_rcpt *r)
{
	bool remote = view_find(r->relay, '[') < r->relay.n;
	bool utf8 = compose_body(n) & 2;
	char class[] = { kinds[n->kind].status, '.', '\0' };

	str_adds(out, "\r\n");
	/* never without ORCPT: RFC 3461 6.3 (d) */
	if (r->orcpt.n > 0)
		field(out, "Original-Recipient",
		    (struct value){ "", r->orcpt, utf8 });
	field(out, "Final-Recipient",
	    (struct value){ type_of(r->address), r->address, utf8 });
	str_addf(out, "Action: %s\r\n", kinds[n->kind].action);
	field(out, "Status", (struct value){ class,
	    r->status.n > 0 ? r->status : VIEW_LIT("0.0"), false });
	if (remote)
		field(out, "Remote-MTA", (struct value){ "dns; ",
		    view_bytes(r->relay.p,
			view_find(r->relay, '[')), false });
	if (r->sentence.n > 0 && is_trouble(n))
		field(out, "Diagnostic-Code", (struct value){
		    remote ? "smtp; " : "X-Posthouse; ", r->sentence, utf8 });
	if (is_tried(n))
		date_field(out, "Will-Retry-Until", n->until);
}

static void
for_programs(struct str *out, const struct notice *n)
{
	part(out, n, compose_body(n) & 2 ? "message/global-delivery-status" :
					   "message/delivery-status");
	field(out, "Reporting-MTA",
	    (struct value){ "dns; ", n->host, false });
	if (n->envid.n > 0)
		field(out, "Original-Envelope-Id",
		    (struct value){ "", n->envid, false });
	date_field(out, "Arrival-Date", n->arrival);
	for (size_t i = 0; i < n->n; i++)
		rcpt_for_programs(out, n, &n->rcpt[i]);
}

static void
original(struct str *out, const struct notice *n)
{
	bool global = (compose_body(n) & 2) != 0;

	if (n->original.n == 0)
		return;
	part(out, n, n->whole ?
	    (global ? "message/global" : "message/rfc822") :
	    (global ? "message/global-headers" : "text/rfc822-headers"));
	str_add(out, n->original);
	if (!view_ends(n->original, VIEW_LIT("\r\n")))
		str_adds(out, "\r\n");
}

size_t
compose(struct str *out, const struct notice *n)
{
	size_t skip = trace(out, n);

	must(n->kind >= NOTICE_FAILED && n->kind < NOTICE_KINDS);
	head(out, n);
	for_people(out, n);
	for_programs(out, n);
	original(out, n);
	str_addf(out, "\r\n--%s--\r\n", boundary(n));
	return skip;
}
