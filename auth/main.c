/* SPDX-License-Identifier: ISC */
/*
 * auth - is this who he says
 *
 * Runs as posthouse-auth, the only program that may read the users file.
 * Session programs send a name and a password and hear yes or no, after store
 * has heard which session it is about. router gets the names, never a hash.
 * Hashes are computed in threads, so that one costly login holds up nobody.
 */
#include "auth/exchange.h"
#include "auth/guess.h"
#include "auth/login.h"
#include "auth/serve.h"
#include "lib/proc/service.h"

static const struct program_path paths[] = {
	{ "users", "", false },
	{ "state_dir", "/index/auth", true },
	{ 0 },
};

static const struct handlers handlers = {
	.login = login_handle,
	.sasl_begin = exchange_begin,
	.sasl_response = exchange_respond,
	.sasl_cancel = exchange_cancel,
	.guess_list = guess_list,
	.guess_clear = guess_clear,
	.closed = exchange_closed,
};

static const struct program program = {
	.role = ROLE_AUTH,
	.user = "posthouse-auth",
	.purpose = "checks names and passwords",
	.calls = CALLS_FILES_READ | CALLS_FILES_WRITE | CALLS_THREADS,
	.paths = paths,
	.peers = ROLE_STORE | ROLE_ROUTER | ROLE_SESSIONS | ROLE_CTL,
	.threads = 2,
	.handlers = &handlers,
	.prepare = serve_prepare,
	.begin = serve_begin,
	.changed = serve_changed,
	.linked = serve_linked,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
