/* SPDX-License-Identifier: ISC */
/*
 * scram_client - the client's side of SCRAM (RFC 5802, RFC 7677), no network
 *
 * Three steps: what is said first, the answer to the server's challenge, and
 * whether the server has proved that it knows the password's keys, too. Keys
 * are slow to derive, so the caller keeps those of each password; they hold for
 * as long as the server names the same salt.
 */
#ifndef MAIL_SCRAM_CLIENT_H
#define MAIL_SCRAM_CLIENT_H

#include "lib/mail/scram.h"

/* Bounds of what a server may ask for: fewer would make its messages worth
 * guessing at, more would stop all other work for too long. */
#define SCRAM_CLIENT_LEAST	4096
#define SCRAM_CLIENT_MOST	600000

/* Channel binding (RFC 5802 6). */
struct scram_binding {
	char flag;		/* n: cannot; y: the server cannot; p: bound */
	const char *name;	/* for p: "tls-exporter" */
	struct view data;	/* for p */
};

/* Zeroed: none yet. */
struct scram_client_keys {
	struct scram_keys keys;
	unsigned char client[SCRAM_SIZE_MAX];
	bool known;
};

struct scram_client {
	enum scram_hash hash;
	struct str header;	/* GS2 header and binding data */
	struct str message;	/* AuthMessage, as far as it goes */
	size_t nonce_n;		/* octets of our own, behind "n=...,r=" */
	unsigned char server[SCRAM_SIZE_MAX];	/* signature that it must give */
};

/* Begin with *c = { .hash }: client-first-message into out. nonce is 0, or our
 * own for tests. */
void scram_client_first(struct scram_client *c, struct view user,
    const struct scram_binding *b, const char *nonce, struct str *out);
/* server-first-message in, client-final-message out. False with what is wrong
 * with it. */
bool scram_client_final(struct scram_client *c, struct view challenge,
    struct view password, struct scram_client_keys *k, struct str *out,
    const char **wrong);
/* server-final-message: does it have the right signature? */
bool scram_client_verify(const struct scram_client *c, struct view final);
/* Wipe and free. */
void scram_client_end(struct scram_client *c);

#endif
