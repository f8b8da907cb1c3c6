/* SPDX-License-Identifier: ISC */
/*
 * tls_state - what a stream in TLS has; for the files of lib/proc/tls.h only
 *
 * tls.c moves octets, tls_rules.c decides what a handshake may come to, and
 * tls_peer.c looks at who the client is.
 */
#ifndef PROC_TLS_STATE_H
#define PROC_TLS_STATE_H

#include <openssl/ssl.h>

#include "lib/proc/tls.h"

struct tls {
	SSL *ssl;
	const char *service;
	char *before;		/* octets that were read already, or NULL */
	size_t before_at, before_n;
	bool ended, broken;
	size_t certificates;	/* in the set that was chosen */
	struct tls_info info;
	struct arena arena;
};

/* Fetch what OpenSSL would look for later. Once, before confinement. */
void tls_rules_prepare(void);
/* Versions, ciphers, tickets and everything else of a context. */
void tls_rules_set(SSL_CTX *c);
/* Fill in t->info from the client's certificate, if there is one. */
void tls_peer_look(struct tls *t);

#endif
