/* SPDX-License-Identifier: ISC */
/*
 * tls_key - a private key that lives in another process
 *
 * For OpenSSL it is a key like any other; it consists of the public half and of
 * the name under which the program keys knows the private one. What is to be
 * signed goes there, and the fiber waits. RSA (PKCS #1 and PSS), ECDSA and
 * Ed25519, for the signatures of TLS alone: no other operation is there.
 */
#ifndef PROC_TLS_KEY_H
#define PROC_TLS_KEY_H

#include <openssl/types.h>

#include "lib/base/str.h"

#define TLS_KEY_NAME 32	/* octets: SHA-256 of the SubjectPublicKeyInfo */

/* Bring the provider up. Once, before confinement. */
void tls_key_prepare(void);
/* The key that belongs to a certificate's public half; the caller frees it.
 * NULL when it is of another kind. */
EVP_PKEY *tls_key_new(EVP_PKEY *public_half, struct view name);
/* Until when a signature is waited for; to be said before each call of OpenSSL
 * that may sign, as all fibers share it. */
void tls_key_deadline(int64_t deadline);
/* Where signatures come from: false when there is none. Tests have one of their
 * own; without a call it is the program keys. */
typedef bool tls_key_signer(struct view name, uint32_t scheme,
    struct view content, struct str *signature);
void tls_key_signs(tls_key_signer *fn);

#endif
