/* SPDX-License-Identifier: ISC */
/*
 * tls_served - the certificates that a session program serves
 *
 * Between lib/proc/tls.c and what keys says. Certificates with the same names
 * and keys of different kinds are served together: the client decides. What
 * keys says later replaces all of it, for handshakes that begin then.
 */
#ifndef PROC_TLS_SERVED_H
#define PROC_TLS_SERVED_H

#include <openssl/ssl.h>

#include "lib/base/why.h"
#include "lib/proc/channel.h"

#define TLS_SCOPE 32	/* octets */

/* One set of certificates. scope changes with what a session depends on, so
 * that a ticket holds for the same certificate and authorities only. */
struct tls_served {
	SSL_CTX *context;
	unsigned char scope[TLS_SCOPE];
	size_t certificates;
};

/* Called once for each context that is made, to set it up. */
void tls_served_setup(void (*fn)(SSL_CTX *));
bool tls_served_ready(void);
/* Wait for the first ones. */
bool tls_served_wait(int64_t deadline);
/* For a host name of a client: exactly, then by *, else the first. NULL when
 * there is none at all. Lives until the fiber waits. */
const struct tls_served *tls_served_for(struct view host);

/* The name in a server_name extension (RFC 6066 3), empty when there is none
 * or it is no host name. */
struct view tls_served_name(struct view extension);

/* Key of session tickets: the one with this name, or the newest for NULL. */
struct tls_ticket_key {
	unsigned char name[16], cipher[32], mac[32];
};
const struct tls_ticket_key *tls_ticket_key(const unsigned char *name);
bool tls_ticket_key_is_newest(const struct tls_ticket_key *k);

/* What keys says. */
void tls_served_certificate(struct channel *c, uint32_t tag,
    struct msg_certificate *m);
void tls_served_certificates(struct channel *c, uint32_t tag,
    struct msg_certificates *m);
void tls_served_tickets(struct channel *c, uint32_t tag,
    struct msg_ticket_keys *m);

#endif
