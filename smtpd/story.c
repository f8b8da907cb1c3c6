/* SPDX-License-Identifier: ISC */
/*
 * story - events for posthouse trace
 *
 * They say what the log says, and are told at the same places.
 */
#include <stdio.h>

#include "lib/mail/tell.h"
#include "lib/proc/tls.h"
#include "smtpd/story.h"

#define LIST_MOST	16384	/* octets of recipients in one event */

static void
put_tls(const struct dialog *d)
{
	const struct tls_info *t = d->session == NULL ? NULL :
	    tls_info(&d->session->stream);
	char text[128];

	if (t == NULL)
		return;
	snprintf(text, sizeof(text), "%s %s", t->version, t->cipher);
	tell_put(EVENT_tls, view_of(text));
}

static void
put_client(const struct dialog *d)
{
	char with[32];

	if (d->session != NULL)
		tell_put(EVENT_session, view_of(d->session->id));
	tell_put(EVENT_client, view_of(d->client));
	tell_put(EVENT_ip, view_of(d->ip));
	tell_put_number(EVENT_began, (uint64_t)d->began);
	snprintf(with, sizeof(with), "%s%s%s", dialog_with(d),
	    d->extended && d->secure ? "S" : "",
	    d->extended && d->login[0] != '\0' ? "A" : "");
	tell_put(EVENT_protocol, view_of(with));
	tell_put(EVENT_helo, view_of(d->helo));
	tell_put(EVENT_login, view_of(d->login));
	if (d->login_method != NULL)
		tell_put(EVENT_method, view_of(d->login_method));
	put_tls(d);
}

void
story_refused(const struct dialog *d, const char *verb,
    const struct response *r)
{
	struct str reply = { 0 };

	if (!tell_begin(EVENT_REFUSED, 0))
		return;
	put_client(d);
	tell_put(EVENT_command, view_of(verb));
	tell_put(EVENT_sender, d->tx.sender.n > 0 || d->phase < PHASE_MAIL ?
	    d->tx.sender : VIEW_LIT("<>"));
	tell_put(EVENT_recipient, d->tx.named);
	tell_put(EVENT_message_id, str_view(&d->content.id));
	str_addf(&reply, "%u %s%s%.*s", r->code, r->status,
	    r->status[0] != '\0' ? " " : "", VIEW(r->text));
	tell_put(EVENT_reply, str_view(&reply));
	str_free(&reply);
	tell_end();
}

/* As many recipients as go into one event; returns the first of the rest. */
static const struct rcpt *
put_recipients(const struct rcpt *r)
{
	struct str list = { 0 };

	for (; r != NULL && list.n < LIST_MOST; r = r->next)
		list_put(&list, r->original);
	tell_put(EVENT_recipients, str_view(&list));
	str_free(&list);
	return r;
}

void
story_accepted(const struct dialog *d, uint64_t mail)
{
	const struct rcpt *rest;

	if (!tell_begin(EVENT_ACCEPTED, mail))
		return;
	put_client(d);
	tell_put(EVENT_sender, d->tx.sender);
	tell_put(EVENT_message_id, str_view(&d->content.id));
	tell_put_number(EVENT_size, d->content.written - d->content.skip);
	tell_put_number(EVENT_count, d->tx.rcpts);
	rest = put_recipients(d->tx.first);
	tell_end();
	while (rest != NULL && tell_begin(EVENT_RECIPIENTS, mail)) {
		tell_put(EVENT_sender, d->tx.sender);
		rest = put_recipients(rest);
		tell_end();
	}
}
