/* SPDX-License-Identifier: ISC */
/*
 * scram - keys from passwords (RFC 5802 3), and their text
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/mail/encode.h"
#include "lib/mail/scram.h"

static const EVP_MD *
kind(enum scram_hash hash)
{
	return hash == SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

size_t
scram_size(enum scram_hash hash)
{
	return hash == SCRAM_SHA_1 ? 20 : 32;
}

void
scram_digest(enum scram_hash hash, struct view text, unsigned char *out)
{
	must(EVP_Digest(text.p, text.n, out, NULL, kind(hash), NULL) == 1);
}

void
scram_mac(enum scram_hash hash, struct view key, struct view text,
    unsigned char *out)
{
	must(HMAC(kind(hash), key.p, (int)key.n, (const unsigned char *)text.p,
		text.n, out, NULL) != NULL);
}

void
scram_derive_client(struct scram_keys *k, struct view password,
    unsigned char *client)
{
	unsigned char salted[SCRAM_SIZE_MAX];
	size_t n = scram_size(k->hash);

	must(PKCS5_PBKDF2_HMAC(password.p, (int)password.n, k->salt,
		(int)k->salt_n, (int)k->iterations, kind(k->hash), (int)n,
		salted) == 1);
	scram_mac(k->hash, view_bytes(salted, n), VIEW_LIT("Client Key"),
	    client);
	scram_digest(k->hash, view_bytes(client, n), k->stored);
	scram_mac(k->hash, view_bytes(salted, n), VIEW_LIT("Server Key"),
	    k->server);
	explicit_bzero(salted, sizeof(salted));
}

void
scram_derive(struct scram_keys *k, struct view password)
{
	unsigned char client[SCRAM_SIZE_MAX];

	scram_derive_client(k, password, client);
	explicit_bzero(client, sizeof(client));
}

bool
scram_verify(const struct scram_keys *k, struct view message,
    struct view proof)
{
	unsigned char client[SCRAM_SIZE_MAX], stored[SCRAM_SIZE_MAX];
	size_t n = scram_size(k->hash);
	bool same;

	if (proof.n != n)
		return false;
	scram_mac(k->hash, view_bytes(k->stored, n), message, client);
	for (size_t i = 0; i < n; i++)
		client[i] ^= (unsigned char)proof.p[i];
	scram_digest(k->hash, view_bytes(client, n), stored);
	same = view_eq_secret(view_bytes(stored, n), view_bytes(k->stored, n));
	explicit_bzero(client, sizeof(client));
	return same;
}

void
scram_sign(const struct scram_keys *k, struct view message,
    unsigned char *out)
{
	scram_mac(k->hash, view_bytes(k->server, scram_size(k->hash)), message,
	    out);
}

/* The base64 up to the next comma; the number of octets, 0 when it is none or
 * too long. */
static size_t
take_octets(struct view *text, unsigned char *out, size_t most)
{
	struct str octets = { 0 };
	size_t n = 0;

	if (decode_base64(&octets, view_cut(text, ',')) && octets.n <= most) {
		n = octets.n;
		memcpy(out, str_c(&octets), n);
	}
	str_wipe(&octets);
	str_free(&octets);
	return n;
}

bool
scram_parse(struct scram_keys *k, enum scram_hash hash, struct view text)
{
	size_t n = scram_size(hash);
	uint64_t iterations;

	*k = (struct scram_keys){ .hash = hash };
	if (!view_u64(view_cut(&text, ','), SCRAM_ITERATIONS_MOST,
		&iterations) || iterations == 0)
		return false;
	k->iterations = (uint32_t)iterations;
	k->salt_n = take_octets(&text, k->salt, sizeof(k->salt));
	return k->salt_n > 0 &&
	    take_octets(&text, k->stored, sizeof(k->stored)) == n &&
	    take_octets(&text, k->server, sizeof(k->server)) == n &&
	    text.n == 0;
}

void
scram_write(const struct scram_keys *k, struct str *out)
{
	size_t n = scram_size(k->hash);

	str_addf(out, "%u,", k->iterations);
	encode_base64(out, view_bytes(k->salt, k->salt_n));
	str_addc(out, ',');
	encode_base64(out, view_bytes(k->stored, n));
	str_addc(out, ',');
	encode_base64(out, view_bytes(k->server, n));
}
