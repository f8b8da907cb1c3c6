/* SPDX-License-Identifier: ISC */
/*
 * store - the pairs of certificate and key, and where they come from
 *
 * What master hands over replaces what is here, pair by pair: a pair whose files
 * do not fit together (somebody is just writing them) leaves the old one in its
 * place. A key that is not served any more stays until the handshakes that began
 * with it are over, and is wiped then.
 */
#ifndef KEYS_STORE_H
#define KEYS_STORE_H

#include "lib/proc/channel.h"
#include "lib/proc/tls_pair.h"

struct pair {
	char *cert_name, *key_name;	/* paths, as master calls them */
	struct tls_pair p;		/* without chain: not served */
	unsigned char key_id[32];	/* SHA-256 of its public half */
	unsigned char digest[32];	/* of all of its certificates */
	char *complaint;		/* what is wrong with its files, or NULL */
};

/* What master says. */
void store_pair(struct channel *c, uint32_t tag, struct msg_key_pair *m);
void store_files(struct channel *c, uint32_t tag, struct msg_key_files *m);
/* Take what master said before the program was confined; later messages are
 * taken at once. changed is called after each change. */
void store_begin(void (*changed)(void));

/* The n-th pair, NULL behind the last. */
const struct pair *store_nth(size_t n);
/* A key by the name that sessions have for it, NULL when it is not here. */
EVP_PKEY *store_key(struct view id);
/* Authorities of client certificates; NULL: none. */
STACK_OF(X509) *store_authorities(void);

#endif
