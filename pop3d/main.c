/* SPDX-License-Identifier: ISC */
/*
 * pop3d - POP3 and POP2 sessions
 *
 * Runs as posthouse-pop3d on sockets that it inherits. Opens no file: auth says
 * who a client is, store hands out the index of the mailbox and descriptors of
 * messages, of the users who are logged in here and of nobody else.
 */
#include <string.h>

#include "lib/mail/sasl.h"
#include "lib/proc/tls.h"
#include "pop3d/pop2.h"
#include "pop3d/pop3.h"

static const struct {
	const char *protocol;
	void (*session)(struct session *);
} protocols[] = {
	{ "pop3", pop3_session },
	{ "pop2", pop2_session },
};

static void
session(struct session *s)
{
	for (size_t i = 0; i < nitems(protocols); i++)
		if (strcmp(s->listener->settings->protocol,
			protocols[i].protocol) == 0)
			protocols[i].session(s);
}

/* Sessions look at the snapshot that they began with. */
static void
ignore_event(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_mailbox_event *m UNUSED)
{
}

static const struct handlers handlers = {
	.mailbox_event = ignore_event,
	.mechanisms = sasl_mechanisms,
};

static const struct program program = {
	.role = ROLE_POP3D,
	.user = "posthouse-pop3d",
	.purpose = "POP3 and POP2 sessions",
	.calls = CALLS_ACCEPT,
	.peers = ROLE_AUTH | ROLE_STORE | ROLE_KEYS,
	.tls = &tls_for_program,
	.handlers = &handlers,
	.session = session,
	.busy = "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
