/* SPDX-License-Identifier: ISC */
/*
 * smtp - delivers to other hosts by SMTP and LMTP
 *
 * Runs as posthouse-smtp and opens no file after its start. queue hands it one
 * mail at a time for the recipients of one hop (send.c), with a descriptor of
 * the content; a fiber each goes from host to host (deliver.c, hosts.c), talks
 * (client.c, transaction.c) and answers with a verdict for each recipient.
 * policy.c decides how much TLS there must be, rewrite.c asks router under which
 * addresses the mail leaves.
 */
#include "lib/proc/tls_client.h"
#include "smtp/hosts.h"
#include "smtp/login.h"
#include "smtp/pool.h"
#include "smtp/send.h"
#include "smtp/sts.h"

static const struct handlers handlers = {
	.send = send_take,
	.relay_logins = login_file,
	.sts_known = sts_known,
	.closed = send_closed,
};

static void
prepare(void)
{
	hosts_prepare();
	tls_client_prepare();
}

static const struct program program = {
	.role = ROLE_SMTP,
	.user = "posthouse-smtp",
	.purpose = "delivers to other hosts by SMTP and LMTP",
	.calls = CALLS_CONNECT | CALLS_UNIX,
	.peers = ROLE_QUEUE | ROLE_RESOLVER | ROLE_HISTORY | ROLE_ROUTER,
	.handlers = &handlers,
	.prepare = prepare,
	.changed = pool_renew,
	.stopping = send_stopping,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
