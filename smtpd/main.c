/* SPDX-License-Identifier: ISC */
/*
 * smtpd - SMTP, submission and LMTP sessions
 *
 * Runs as the user posthouse-smtpd with nothing but its sockets: it opens no
 * file and connects to nobody. It asks router where an address goes, writes the
 * content through a descriptor that queue gave it, and says 250 when queue has
 * said that the mail is safe. session.c has the wire, dialog.c the rules,
 * command.c the verbs, intake.c the way into the queue.
 */
#include "lib/mail/sasl.h"
#include "lib/proc/tls.h"
#include "smtpd/house.h"
#include "smtpd/session.h"

static const struct handlers handlers = {
	.mail_opened = intake_opened,
	.mail_queued = intake_queued,
	.answer = intake_answered,
	.mechanisms = sasl_mechanisms,
	.closed = intake_closed,
};

static const struct program program = {
	.role = ROLE_SMTPD,
	.user = "posthouse-smtpd",
	.purpose = "takes mail in by SMTP, submission and LMTP",
	.calls = CALLS_ACCEPT,
	.peers = ROLE_ROUTER | ROLE_QUEUE | ROLE_AUTH | ROLE_KEYS |
	    ROLE_RESOLVER | ROLE_HISTORY,
	.tls = &tls_for_program,
	.handlers = &handlers,
	.prepare = house_prepare,
	.session = smtpd_session,
	.busy = "421 4.3.2 Too many sessions, try again later\r\n",
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
