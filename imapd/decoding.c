/* SPDX-License-Identifier: ISC */
/*
 * decoding - a decoder and where it stands
 */
#include "imapd/decoding.h"

#define PIECE 32768u

void
decoding_begin(struct decoding *d, enum encoding e)
{
	*d = (struct decoding){ 0 };
	decode_begin(&d->decode, e);
}

/* A piece of nothing but line ends gives nothing: take another. */
bool
decoding_next(struct decoding *d, struct view body, struct str *out)
{
	str_reset(out);
	while (out->n == 0 && !d->ended) {
		struct view v = view_skip(body, d->taken);

		if (v.n > PIECE)
			v.n = PIECE;
		decode_feed(&d->decode, v, out);
		d->taken += v.n;
		d->ended = d->taken == body.n;
		if (d->ended)
			decode_end(&d->decode, out);
	}
	d->given += out->n;
	return out->n > 0;
}
