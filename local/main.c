/* SPDX-License-Identifier: ISC */
/*
 * local - delivers here
 *
 * Runs as posthouse-local. queue asks for an attempt (local/deliver.c), local
 * asks the store that has the user's mailboxes, and translates its answer into
 * a verdict. It never sees content: store links the file of the spool. For
 * commands and files outside of the store it asks master for the program deliver
 * (local/outside.c), and hands on the descriptor of the content.
 */
#include "lib/proc/service.h"
#include "local/deliver.h"

static const struct handlers handlers = {
	.attempt = deliver_attempt,
	.answer = deliver_answer,
	.closed = deliver_closed,
};

static const struct program_path paths[] = { { 0 } };

static const struct program program = {
	.role = ROLE_LOCAL,
	.user = "posthouse-local",
	.purpose = "delivers to the mailboxes of this host",
	.paths = paths,
	.peers = ROLE_QUEUE | ROLE_STORE | ROLE_ROUTER,
	.handlers = &handlers,
	.stopping = deliver_stopping,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
