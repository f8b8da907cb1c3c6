/* SPDX-License-Identifier: ISC */
/*
 * resolver - asks the DNS for the other programs
 *
 * Runs as posthouse-resolver and talks to the name servers of dns_servers or
 * /etc/resolv.conf. smtp asks it for hosts and their TLSA records, smtpd and
 * router for what they decide by; the answer says whether it was validated. It
 * has the one cache, and opens no file: master hands it what it needs of files.
 */
#include "lib/proc/service.h"
#include "resolver/mode.h"
#include "resolver/serve.h"

static const struct handlers handlers = {
	.resolve = serve_resolve,
	.dns_files = mode_files,
	.closed = serve_closed,
};

static const struct program program = {
	.role = ROLE_RESOLVER,
	.user = "posthouse-resolver",
	.purpose = "asks the DNS and validates its answers",
	.calls = CALLS_CONNECT,
	.peers = ROLE_SMTPD | ROLE_SMTP | ROLE_ROUTER | ROLE_CTL,
	.handlers = &handlers,
	.prepare = mode_prepare,
	.begin = serve_begin,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
