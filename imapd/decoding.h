/* SPDX-License-Identifier: ISC */
/*
 * decoding - the octets that an encoded part stands for, piece by piece
 *
 * A part of any size is decoded in pieces of bounded memory. The state is a
 * plain struct: a copy of it can go on later from the same place, as long as
 * the view is the same text.
 */
#ifndef IMAPD_DECODING_H
#define IMAPD_DECODING_H

#include "lib/mail/encode.h"

struct decoding {
	struct decode decode;
	size_t taken;		/* octets of the body that were fed */
	uint64_t given;		/* decoded octets so far */
	bool ended;
};

void decoding_begin(struct decoding *d, enum encoding e);
/* The next piece into out (emptied before). False at the end: nothing came. */
bool decoding_next(struct decoding *d, struct view body, struct str *out);

#endif
