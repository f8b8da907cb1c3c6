/* SPDX-License-Identifier: ISC */
/*
 * imapd - IMAP sessions (RFC 3501)
 *
 * Runs as posthouse-imapd with no file of its own: auth says who a client is,
 * and store, which auth has told, hands over the index and the contents of that
 * user's mailboxes as descriptors. imapd/session.c is the life of a session,
 * imapd/commands.h the list of its commands.
 */
#include "imapd/link.h"
#include "imapd/session.h"
#include "lib/mail/charset.h"
#include "lib/proc/tls.h"

static const struct program_path paths[] = { { NULL, NULL, false } };

static const struct program program = {
	.role = ROLE_IMAPD,
	.user = "posthouse-imapd",
	.purpose = "IMAP sessions",
	.calls = CALLS_ACCEPT,
	.paths = paths,
	.peers = ROLE_AUTH | ROLE_STORE | ROLE_KEYS,
	.tls = &tls_for_program,
	.handlers = &link_handlers,
	.prepare = charset_open_all,
	.session = imap_session,
	.busy = "* BYE [UNAVAILABLE] Too many sessions, try again later\r\n",
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
