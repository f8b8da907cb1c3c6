/* SPDX-License-Identifier: ISC */
/*
 * scram - the keys of RFC 5802 and RFC 7677, as they are stored
 *
 * Whoever has the stored keys cannot log in with them; the password is needed
 * for that. They are written as Dovecot writes them behind {SCRAM-SHA-256}:
 * "iterations,salt,stored key,server key", the last three in base64. Passwords
 * are taken as the octets they are: those that are not ASCII must be in their
 * composed form (NFC), as keyboards give them.
 */
#ifndef MAIL_SCRAM_H
#define MAIL_SCRAM_H

#include "lib/base/str.h"

#define SCRAM_ITERATIONS	10000	/* of new keys */
#define SCRAM_ITERATIONS_MOST	10000000
#define SCRAM_SALT		16	/* octets, of new keys */
#define SCRAM_SALT_MAX		128
#define SCRAM_SIZE_MAX		32

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

struct scram_keys {
	enum scram_hash hash;
	uint32_t iterations;
	unsigned char salt[SCRAM_SALT_MAX];
	size_t salt_n;
	unsigned char stored[SCRAM_SIZE_MAX], server[SCRAM_SIZE_MAX];
};

/* Octets of the hash, and of every key. */
size_t scram_size(enum scram_hash hash);
/* Plain digest, and HMAC; out has scram_size() octets. */
void scram_digest(enum scram_hash hash, struct view text, unsigned char *out);
void scram_mac(enum scram_hash hash, struct view key, struct view text,
    unsigned char *out);
/* From hash, iterations and salt to the two keys. Slow by design. */
void scram_derive(struct scram_keys *k, struct view password);
/* The same; client gets the key that a client proves to have. */
void scram_derive_client(struct scram_keys *k, struct view password,
    unsigned char *client);
/* Does this proof over the AuthMessage come from the password of the keys? */
bool scram_verify(const struct scram_keys *k, struct view message,
    struct view proof);
/* The server's signature over it, scram_size() octets. */
void scram_sign(const struct scram_keys *k, struct view message,
    unsigned char *out);
/* From and to the stored form. */
bool scram_parse(struct scram_keys *k, enum scram_hash hash, struct view text);
void scram_write(const struct scram_keys *k, struct str *out);

#endif
