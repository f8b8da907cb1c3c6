/* SPDX-License-Identifier: ISC */
/*
 * scram_message - the two messages of a client (RFC 5802 5 and 7)
 *
 * Views into the message, but for what must be decoded. Extensions that are not
 * mandatory are passed over; a mandatory one ("m=") makes the message one that
 * cannot be understood.
 */
#ifndef AUTH_SCRAM_MESSAGE_H
#define AUTH_SCRAM_MESSAGE_H

#include "lib/base/str.h"

#define SCRAM_NONCE_MAX	256	/* octets of either side's nonce */

struct scram_first {
	struct view header;	/* "n,," with its commas */
	char flag;		/* n, y or p */
	struct view binding;	/* behind p= */
	struct view bare;	/* what stands behind the header */
	struct view nonce;
	struct str as, user;	/* decoded; the caller's to free */
};
/* *f is zeroed. */
bool scram_parse_first(struct view message, struct scram_first *f);
void scram_free_first(struct scram_first *f);

struct scram_final {
	struct view without_proof;
	struct view nonce;
	struct str binding, proof;	/* decoded; the caller's to free */
};
bool scram_parse_final(struct view message, struct scram_final *f);
void scram_free_final(struct scram_final *f);

#endif
