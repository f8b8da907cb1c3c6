/* SPDX-License-Identifier: ISC */
/*
 * keys - the only process that has private keys
 *
 * Runs as posthouse-keys and opens no file: master hands it descriptors of the
 * certificates and keys, also when the files have changed. Session programs get
 * certificates, the keys of their tickets, and signatures for TLS handshakes; a
 * session that was taken over gets nothing else that could be of use anywhere
 * else. Whatever OpenSSL frees here is overwritten before.
 */
#include "keys/serve.h"
#include "keys/sign.h"
#include "keys/store.h"
#include "keys/wipe.h"
#include "lib/proc/service.h"

static const struct handlers handlers = {
	.key_pair = store_pair,
	.key_files = store_files,
	.sign = sign_handle,
	.tls_list = serve_list,
	.closed = sign_closed,
};

static const struct program program = {
	.role = ROLE_KEYS,
	.user = "posthouse-keys",
	.purpose = "holds private keys and signs with them",
	.calls = CALLS_THREADS,
	.peers = ROLE_SESSIONS | ROLE_CTL,
	.threads = 4,
	.handlers = &handlers,
	.prepare = serve_prepare,
	.begin = serve_begin,
	.linked = serve_linked,
};

int
main(int argc, char **argv)
{
	wipe_begin();
	return service_main(&program, argc, argv);
}
