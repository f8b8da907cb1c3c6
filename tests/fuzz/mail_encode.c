/* SPDX-License-Identifier: ISC */
/*
 * mail_encode - chunks do not matter; what is encoded decodes to itself
 */
#include "lib/mail/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
decode_in(struct view in, enum encoding e, size_t chunk, struct str *out)
{
	struct decode d;

	decode_begin(&d, e);
	for (size_t at = 0; at < in.n; at += chunk)
		decode_feed(&d, (struct view){ in.p + at,
		    in.n - at < chunk ? in.n - at : chunk }, out);
	return decode_end(&d, out);
}

static void
check(struct view in, enum encoding e, size_t chunk)
{
	struct str a = { 0 }, b = { 0 };
	struct encode s;

	decode_in(in, e, in.n + 1, &a);
	decode_in(in, e, chunk, &b);
	must(view_eq(str_view(&a), str_view(&b)) || e == ENCODING_QP);
	str_reset(&a);
	str_reset(&b);
	encode_begin(&s, e, chunk & 1);
	for (size_t at = 0; at < in.n; at += chunk)
		encode_feed(&s, (struct view){ in.p + at,
		    in.n - at < chunk ? in.n - at : chunk }, &a);
	encode_end(&s, &a);
	must(decode_in(str_view(&a), e, chunk, &b));
	must(view_eq(str_view(&b), in));
	str_free(&a);
	str_free(&b);
}

/* The first octet is the size of the chunks. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t chunk = size > 0 ? data[0] % 32 + 1 : 1;
	struct view in = view_bytes(data + (size > 0), size - (size > 0));
	struct str out = { 0 }, again = { 0 };

	check(in, ENCODING_QP, chunk);
	check(in, ENCODING_BASE64, chunk);
	if (decode_base64(&out, in)) {
		encode_base64(&again, str_view(&out));
		must(view_eq(str_view(&again), in));
	}
	str_free(&out);
	str_free(&again);
	return 0;
}
