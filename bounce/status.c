/* SPDX-License-Identifier: ISC */
/*
 * status - fields of the message, then of each recipient
 *
 * Diagnostic-Code and Remote-MTA are there only for what another server said
 * (RFC 3464 2.3.5, 2.3.6); our own sentences have a type of their own. A reply
 * of many lines is one text.
 */
#include "bounce/clean.h"
#include "bounce/status.h"
#include "lib/mail/header.h"
#include "lib/mail/spool.h"
#include "lib/mail/utf8.h"
#include "lib/mail/xtext.h"

/* "type; address". */
static void
address_field(struct str *out, const char *name, struct view type,
    struct clean_value v)
{
	struct str value = { 0 };

	str_add(&value, type);
	str_adds(&value, v.prefix);
	if (!v.utf8 && !utf8_is_ascii(v.text) && utf8_valid(v.text))
		xtext_encode_unicode(&value, v.text);
	else
		str_add(&value, v.text);
	clean_field(out, name, (struct clean_value){ "", str_view(&value),
	    v.utf8 });
	str_free(&value);
}

/* The one of our Received fields that is on top says who gave us the mail: "from
 * NAME (host [ADDRESS])" (smtpd/trace.c). */
static void
received_from(struct str *out, const struct notice *n)
{
	struct view rest = n->original, v, name, address;
	struct header h;
	size_t open;

	if (!header_next(&rest, &h) || !view_isi(h.name, "Received"))
		return;
	v = h.value;
	if (!view_is(view_word(&v), "from"))
		return;
	name = view_word(&v);
	v.n = view_find(v, '\n');
	open = view_find(v, '[');
	v = view_skip(v, open);
	address = (struct view){ v.p, view_find(v, ']') };
	if (name.n > 0 && address.n > 0 && address.n < v.n) {
		struct str s = { 0 };

		str_addf(&s, "%.*s (%.*s])", VIEW(name), VIEW(address));
		clean_field(out, "Received-From-MTA",
		    (struct clean_value){ "dns; ", str_view(&s), false });
		str_free(&s);
	}
}

static void
of_message(struct str *out, const struct notice *n)
{
	char id[SPOOL_ID_SIZE];

	if (n->envid.n > 0)
		clean_field(out, "Original-Envelope-Id",
		    (struct clean_value){ "", n->envid, false });
	clean_field(out, "Reporting-MTA",
	    (struct clean_value){ "dns; ", n->host, false });
	received_from(out, n);
	clean_date(out, "Arrival-Date", n->arrival);
	str_addf(out, "X-Posthouse-Queue-ID: %s\r\n", spool_id(n->id, id));
}

static void
addresses(struct str *out, const struct notice_rcpt *r, bool global)
{
	struct view address = r->orcpt, type = view_cut(&address, ';');

	/* never without ORCPT: RFC 3461 6.3 (d) */
	if (r->orcpt.n > 0)
		address_field(out, "Original-Recipient", type,
		    (struct clean_value){ ";", view_trim(address), global });
	address_field(out, "Final-Recipient", utf8_is_ascii(r->address) ?
	    VIEW_LIT("rfc822") : VIEW_LIT("utf-8"),
	    (struct clean_value){ "; ", r->address, global });
}

static void
diagnosis(struct str *out, const struct notice *n, const struct notice_rcpt *r,
    bool global)
{
	struct view reply = r->reply, host = { r->relay.p,
	    view_find(r->relay, '[') };
	struct str one = { 0 };

	if (host.n == 0 && r->relay.n > 0)	/* "[192.0.2.1]:25" */
		host.n = view_find(r->relay, ']') + 1;
	if (reply.n > 0 && host.n <= r->relay.n && host.n > 0)
		clean_field(out, "Remote-MTA",
		    (struct clean_value){ "dns; ", host, false });
	while (reply.n > 0) {
		if (one.n > 0)
			str_addc(&one, ' ');
		str_add(&one, view_trim(view_cut(&reply, '\n')));
	}
	if (one.n > 0)
		clean_field(out, "Diagnostic-Code", (struct clean_value){
		    "smtp; ", str_view(&one), global });
	else if (r->sentence.n > 0 && compose_class(n->kind) != '2')
		clean_field(out, "Diagnostic-Code", (struct clean_value){
		    "X-Posthouse; ", r->sentence, global });
	str_free(&one);
}

static void
of_recipient(struct str *out, const struct notice *n,
    const struct notice_rcpt *r, bool global)
{
	char class[] = { compose_class(n->kind), '.', '\0' };

	str_adds(out, "\r\n");
	addresses(out, r, global);
	str_addf(out, "Action: %s\r\n", compose_action(n->kind));
	clean_field(out, "Status", (struct clean_value){ class,
	    r->status.n > 0 ? r->status : VIEW_LIT("0.0"), false });
	diagnosis(out, n, r, global);
	if (r->tried != 0 && n->kind != NOTICE_EXPANDED)
		clean_date(out, "Last-Attempt-Date", (int64_t)r->tried);
	if (compose_class(n->kind) == '4')
		clean_date(out, "Will-Retry-Until", n->until);
}

void
status_write(struct str *out, const struct notice *n, bool global)
{
	of_message(out, n);
	for (size_t i = 0; i < n->n; i++)
		of_recipient(out, n, &n->rcpt[i], global);
}
