/* SPDX-License-Identifier: ISC */
/*
 * starttls - from clear text to TLS
 *
 * The command only says yes; smtpd/session.c throws away what came behind it
 * and shakes hands. After that the session is as new: somebody on the way may
 * have said what was said before (RFC 3207 4.2), a login as well.
 */
#include "smtpd/command.h"
#include "smtpd/starttls.h"

bool
starttls_offered(const struct dialog *d)
{
	return !d->secure && d->house->tls_allowed(d) && d->house->tls_ready(d);
}

struct response
command_starttls(struct dialog *d, struct view args)
{
	struct response r;

	if (args.n > 0)
		return response(501, "5.5.4", "STARTTLS takes no argument");
	if (d->secure)
		return response(503, "5.5.1", "This is TLS already");
	if (!d->house->tls_allowed(d))
		return response(502, "5.5.1", "STARTTLS is not offered here");
	if (!d->house->tls_ready(d))
		return response(454, "4.7.0", "TLS is not available now");
	r = response(220, "2.0.0", "Go ahead, with TLS");
	r.then = THEN_TLS;
	return r;
}

void
starttls_done(struct dialog *d)
{
	dialog_begin_anew(d);
	d->secure = true;
}
