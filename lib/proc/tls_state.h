/* SPDX-License-Identifier: ISC */
/*
 * tls_state - what a stream in TLS has; for the files of lib/proc/tls.h only
 *
 * tls_wire.c moves octets, tls.c and tls_client.c begin a handshake,
 * tls_rules.c decides what one may come to as a server, tls_peer.c looks at who
 * the peer is, and tls_binding.c ties logins to it.
 */
#ifndef PROC_TLS_STATE_H
#define PROC_TLS_STATE_H

#include <openssl/ssl.h>

#include "lib/proc/tls.h"

struct tls {
	SSL *ssl;
	const char *service;	/* as a server */
	struct tls_asked *asked;	/* as a client */
	char *before;		/* octets that were read already, or NULL */
	size_t before_at, before_n;
	bool ended, broken;
	size_t certificates;	/* in the set that was chosen */
	struct tls_info info;
	struct arena arena;
};

/* Make the transport, once. */
void tls_wire_prepare(void);
/* The stream is one in TLS from here on; what it had buffered is the first that
 * comes from the peer. */
struct tls *tls_attach(struct stream *s, SSL_CTX *c);
/* Do what the state of t->ssl says, accept or connect, and look at the result. */
bool tls_shake_hands(struct stream *s, int64_t deadline, struct why *w);
/* Wait to read ('r') or write ('w'). */
bool tls_wait(struct stream *s, char want, int64_t deadline, struct why *w);

/* Fetch what OpenSSL would look for later. Once, before confinement. */
void tls_rules_prepare(void);
/* Versions, ciphers, tickets and everything else of a context. */
void tls_rules_set(SSL_CTX *c);
/* Fill in t->info from the peer's certificate, if there is one. */
void tls_peer_look(struct tls *t);

#endif
