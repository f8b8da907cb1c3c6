/* SPDX-License-Identifier: ISC */
/*
 * tls_pair - a certificate with its chain and its key, as they stand in files
 *
 * For the program keys, which serves them, and for `posthouse check` and
 * `posthouse tls`, which tell beforehand what keys will say.
 */
#ifndef PROC_TLS_PAIR_H
#define PROC_TLS_PAIR_H

#include <openssl/x509.h>

#include "lib/base/str.h"
#include "lib/base/why.h"

#define TLS_FILE_MAX	(1u << 20)	/* octets of a certificate or key file */
#define TLS_CA_MAX	200000		/* of client authorities, in DER */

struct tls_pair {
	STACK_OF(X509) *chain;	/* its own first */
	EVP_PKEY *key;
};

/* From PEM. False with a sentence when something is missing, cannot be used in
 * TLS, or does not fit together; nothing has to be freed then. */
bool tls_pair_read(struct tls_pair *p, struct view cert, struct view key,
    struct why *w);
void tls_pair_free(struct tls_pair *p);

/* All certificates of a PEM file; NULL with a sentence when there is none. */
STACK_OF(X509) *tls_chain_read(struct view pem, struct why *w);
/* The same as DER, a list for messages, and back. NULL when damaged. */
void tls_chain_put(STACK_OF(X509) *chain, struct str *list);
STACK_OF(X509) *tls_chain_get(struct view list);
void tls_chain_free(STACK_OF(X509) **chain);
size_t tls_chain_octets(STACK_OF(X509) *chain);

/* Host names that it holds for: a list, sorted, lower case; *.domain stands
 * for one label. */
void tls_cert_names(const X509 *x, struct str *list);
/* Seconds since 1970. */
int64_t tls_cert_begins(const X509 *x);
int64_t tls_cert_expires(const X509 *x);
/* "RSA 2048", "EC prime256v1", "ED25519" */
void tls_key_kind(const EVP_PKEY *key, struct str *out);
/* SHA-256 of the certificate, and of its SubjectPublicKeyInfo: 32 octets. */
void tls_cert_digest(const X509 *x, unsigned char *out);
void tls_cert_key_name(const X509 *x, unsigned char *out);

#endif
