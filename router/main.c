/* SPDX-License-Identifier: ISC */
/*
 * router - where does this address go
 *
 * Runs as posthouse-router. smtpd asks at each RCPT, bounce before it writes a
 * report; the answer is a verdict and targets: a user here, or a host. smtp asks
 * what addresses are called elsewhere (canonical.c).
 * auth tells which users exist, without their passwords, and store whose
 * mailboxes are full. Reads the files of aliases, routes and recipients and keeps
 * indexes of them; owns nothing that could not be made again.
 */
#include "lib/proc/service.h"
#include "router/serve.h"

static const struct program_path paths[] = {
	{ "aliases", "", false },
	{ "routes", "", false },
	{ "relay_recipients", "", false },
	{ "access", "", false },
	{ "canonical", "", false },
	{ "state_dir", "/index/router", true },
	{ 0 },
};

static const struct handlers handlers = {
	.route = serve_route,
	.may_send = serve_may_send,
	.expand = serve_expand,
	.rewrite = serve_rewrite,
	.list_get = serve_list_get,
	.user_table = serve_user_table,
	.system_users = serve_system_users,
	.quota_full = serve_quota_full,
	.closed = serve_closed,
};

static const struct program program = {
	.role = ROLE_ROUTER,
	.user = "posthouse-router",
	.purpose = "says where an address goes: users, aliases, hosts",
	.calls = CALLS_FILES_READ | CALLS_FILES_WRITE,
	.paths = paths,
	.peers = ROLE_SMTPD | ROLE_SMTP | ROLE_BOUNCE | ROLE_LOCAL | ROLE_AUTH |
	    ROLE_CTL | ROLE_QUEUE | ROLE_STORE | ROLE_RESOLVER,
	.handlers = &handlers,
	.begin = serve_begin,
	.changed = serve_changed,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
