/* SPDX-License-Identifier: ISC */
/*
 * mail_scram_client - what a server says to a client that logs in
 *
 * The first octet has the hash, the kind of binding, and whether our nonce is
 * put in front of the challenge; then come user, challenge and last word, each
 * in a line. A server that does not know the password is never believed, and
 * what is said is one message of SASL.
 */
#include "lib/mail/encode.h"
#include "lib/mail/scram_client.h"

#define OURS	"fyko+d2lbbFgONRv9qkxdawL"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Iterations that a driver has time for: the reader sees all of them, and the
 * keys of some are known already. */
static bool
is_slow(struct view challenge)
{
	struct view last = challenge;
	uint64_t n;

	while (view_find(last, ',') < last.n)
		view_cut(&last, ',');
	return view_starts(last, VIEW_LIT("i=")) &&
	    view_u64(view_skip(last, 2), UINT32_MAX, &n) &&
	    n > SCRAM_CLIENT_LEAST && n <= SCRAM_CLIENT_MOST;
}

/* The one octet that differs makes it another signature. */
static void
check_signature(const struct scram_client *c)
{
	struct str final = { 0 };
	unsigned char octets[SCRAM_SIZE_MAX];
	size_t n = scram_size(c->hash);

	memcpy(octets, c->server, n);
	str_adds(&final, "v=");
	encode_base64(&final, view_bytes(octets, n));
	must(scram_client_verify(c, str_view(&final)));
	octets[n - 1] ^= 1;
	str_reset(&final);
	str_adds(&final, "v=");
	encode_base64(&final, view_bytes(octets, n));
	must(!scram_client_verify(c, str_view(&final)));
	str_free(&final);
}

static void
answer(struct scram_client *c, struct view challenge, struct view last)
{
	struct scram_client_keys keys = { .known = false };
	struct str out = { 0 };
	const char *wrong;

	if (scram_client_final(c, challenge, VIEW_LIT("pencil"), &keys, &out,
		&wrong)) {
		must(wrong == NULL && keys.known);
		must(view_starts(str_view(&out), VIEW_LIT("c=")));
		must(!scram_client_verify(c, last));
		check_signature(c);
	} else {
		must(wrong != NULL && out.n == 0);
		must(!keys.known);
	}
	str_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char flags[] = "nyp";
	struct view rest = view_bytes(data, size), user, challenge;
	struct scram_client c = { .hash = SCRAM_SHA_1 };
	struct scram_binding b = { .name = "tls-exporter",
		.data = VIEW_LIT("\1\2\0\3") };
	struct str first = { 0 }, text = { 0 };

	if (size == 0)
		return 0;
	c.hash = data[0] & 1 ? SCRAM_SHA_256 : SCRAM_SHA_1;
	b.flag = flags[(data[0] >> 1) % 3];
	rest = view_skip(rest, 1);
	user = view_cut(&rest, '\n');
	challenge = view_cut(&rest, '\n');
	str_adds(&text, data[0] & 128 ? "r=" OURS : "");
	str_add(&text, challenge);
	scram_client_first(&c, user, &b, OURS, &first);
	must(view_ends(str_view(&first), VIEW_LIT(",r=" OURS)));
	if (!is_slow(str_view(&text)))
		answer(&c, str_view(&text), rest);
	scram_client_end(&c);
	str_free(&first);
	str_free(&text);
	return 0;
}
