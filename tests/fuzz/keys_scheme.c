/* SPDX-License-Identifier: ISC */
/*
 * keys_scheme - what a session program wants to have signed
 *
 * The first two octets are the scheme. What is allowed is long enough to be a
 * handshake's, and begins as one.
 */
#include <openssl/evp.h>

#include "keys/scheme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static EVP_PKEY *key;
	const struct scheme *s;
	struct view content;

	if (size < 2)
		return 0;
	if (key == NULL)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	s = scheme_find((uint32_t)data[0] << 8 | data[1]);
	content = view_skip(view_bytes(data, size), 2);
	if (s == NULL || !scheme_allows(s, key, content))
		return 0;
	must(data[1] == 3 && content.n > 64 + 32 && content.n < 256);
	must(content.p[64] == 'T' || content.p[64] == 3);
	return 0;
}
