/* SPDX-License-Identifier: ISC */
/*
 * report - a multipart/report (RFC 6522, RFC 3464) from a refusal
 */
#include <inttypes.h>

#include "lib/base/clock.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "sendmail/report.h"

void
report_note(void *arg, struct view rcpt, const struct why *w)
{
	struct report *r = arg;

	if (w->text[0] != '<')	/* else the server names it */
		str_addf(&r->text, "<%.*s>: ", VIEW(rcpt));
	str_addf(&r->text, "%s\r\n", w->text);
	str_addf(&r->fields, "\r\nFinal-Recipient: rfc822; %.*s\r\n"
	    "Action: failed\r\nStatus: 5.%s\r\n", VIEW(rcpt), w->status);
}

void
report_note_all(struct report *r, const struct letter *l, const struct why *w)
{
	for (size_t i = 0; i < l->rcpts; i++)
		if (!l->refused[i])
			report_note(r, l->rcpt[i], w);
}

static void
header_make(struct str *out, const struct letter *l, const char *boundary)
{
	const char *hostname = l->caller->hostname;

	str_addf(out, "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: <%.*s>\r\nSubject: Your mail could not be handed in\r\nDate: ",
	    hostname, VIEW(l->sender));
	date_write(out, date_local(clock_wall()));
	str_addf(out, "\r\nMessage-ID: <%s@%s>\r\n"
	    "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"%s\"\r\n\r\n", boundary, hostname, boundary);
}

static void
content_make(struct str *out, const struct report *r, const struct letter *l)
{
	const char *hostname = l->caller->hostname;
	struct view content = str_view(&l->content);
	char *boundary = arena_printf(l->arena, "report.%" PRIx64,
	    (uint64_t)clock_wall_us());

	header_make(out, l, boundary);
	str_addf(out, "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n"
	    "Your mail waited on %s while the mail server was not running.\r\n"
	    "Now the server has refused it for these recipients:\r\n\r\n",
	    boundary, hostname);
	str_add(out, str_view(&r->text));
	str_addf(out, "\r\nThe header of your mail is attached.\r\n"
	    "\r\n--%s\r\nContent-Type: message/delivery-status\r\n\r\n"
	    "Reporting-MTA: dns; %s\r\n", boundary, hostname);
	str_add(out, str_view(&r->fields));
	str_addf(out, "\r\n--%s\r\nContent-Type: text/rfc822-headers\r\n\r\n",
	    boundary);
	content.n = header_size(content);
	str_add(out, content);
	str_addf(out, "\r\n--%s--\r\n", boundary);
}

bool
report_send(struct submit *s, const struct report *r, const struct letter *l,
    struct why *w)
{
	struct letter report = { .arena = l->arena };
	bool ok;

	content_make(&report.content, r, l);
	report.eight = true;
	ok = submit_sender(s, &report, w) &&
	    submit_rcpt(s, &report, l->sender, w) &&
	    submit_content(s, str_view(&report.content), w);
	str_free(&report.content);
	return ok;
}

void
report_free(struct report *r)
{
	str_free(&r->text);
	str_free(&r->fields);
}
