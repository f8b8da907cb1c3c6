/* SPDX-License-Identifier: ISC */
/*
 * trace - Return-Path, Delivered-To and Received
 *
 * What the client said of itself was checked before (address_is_helo(), path
 * syntax), so nothing here can end a line early. A client on this host is named
 * by its user id, which the kernel vouches for.
 */
#include <inttypes.h>

#include "lib/base/clock.h"
#include "lib/mail/date.h"
#include "lib/proc/tls.h"
#include "smtpd/trace.h"

/* The date is made once a second; all sessions share it. */
static struct view
date_now(void)
{
	static struct str text;
	static int64_t last = -1;
	int64_t now = clock_wall();

	if (now != last) {
		str_reset(&text);
		date_write(&text, date_local(now));
		last = now;
	}
	return str_view(&text);
}

static void
from_clause(struct str *out, const struct dialog *d)
{
	bool v6 = strchr(d->ip, ':') != NULL;

	if (d->trusted)
		str_addf(out, "from %s (local, uid %u)", d->helo, d->uid);
	else
		str_addf(out, "from %s (%s [%s%s])", d->helo, d->name,
		    v6 ? "IPv6:" : "", d->ip);
}

/* RFC 3848, and RFC 6531 4.3 for mail with UTF-8 in the envelope. */
static void
with_clause(struct str *out, const struct dialog *d)
{
	str_adds(out, dialog_with(d));
	if (d->extended)
		str_addf(out, "%s%s", d->secure ? "S" : "",
		    d->login[0] != '\0' ? "A" : "");
}

/* The log readers' words for it. */
static void
tls_comment(struct str *out, const struct dialog *d)
{
	const struct tls_info *t = d->session == NULL ? NULL :
	    tls_info(&d->session->stream);

	if (t != NULL)
		str_addf(out, "\r\n\t(using %s with cipher %s (%u bits))",
		    t->version, t->cipher, t->bits);
}

const struct target *
trace_mailbox(const struct dialog *d)
{
	const struct target *t = d->tx.rcpts == 1 && d->tx.copies == NULL ?
	    d->tx.first->targets : NULL;

	return t != NULL && t->next == NULL && view_is(t->transport, "local") ?
	    t : NULL;
}

/* Not for more than one: the content is the same for all of them, and nobody is to
 * see who the others are. */
static void
delivered_to(struct str *out, const struct dialog *d)
{
	const struct target *t = trace_mailbox(d);

	if (t == NULL)
		return;
	str_adds(out, "X-Original-To: ");
	str_add(out, d->tx.first->original);
	str_adds(out, "\r\nDelivered-To: ");
	str_add(out, t->address);
	str_adds(out, "\r\n");
}

uint32_t
trace_write(struct str *out, const struct dialog *d, uint64_t mail)
{
	uint32_t skip;

	str_adds(out, "Return-Path: <");
	str_add(out, d->tx.sender);
	str_adds(out, ">\r\n");
	delivered_to(out, d);
	skip = (uint32_t)out->n;
	str_adds(out, "Received: ");
	from_clause(out, d);
	tls_comment(out, d);
	str_addf(out, "\r\n\tby %s with ", d->house->hostname());
	with_clause(out, d);
	str_addf(out, " id %016" PRIX64, mail);
	if (d->tx.rcpts == 1) {
		str_adds(out, "\r\n\tfor <");
		str_add(out, d->tx.first->original);
		str_adds(out, ">");
	}
	str_adds(out, ";\r\n\t");
	str_add(out, date_now());
	str_adds(out, "\r\n");
	return skip;
}

void
trace_missing(struct dialog *d, uint64_t mail, struct view missing[FIELDS])
{
	struct arena *a = &d->tx.arena;

	missing[FIELD_DATE] = view_of(arena_printf(a, "Date: %.*s\r\n",
	    VIEW(date_now())));
	missing[FIELD_MESSAGE_ID] = view_of(arena_printf(a,
	    "Message-ID: <%016" PRIX64 "@%s>\r\n", mail,
	    d->house->hostname()));
}
