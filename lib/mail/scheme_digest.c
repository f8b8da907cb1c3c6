/* SPDX-License-Identifier: ISC */
/*
 * scheme_digest - one digest of a password, and many
 *
 * The single ones are read for the sake of sites that move here; nothing makes
 * them. The salt of a salted one is whatever stands behind the digest.
 */
#include <openssl/evp.h>

#include "lib/base/str.h"
#include "lib/mail/scheme_check.h"
#include "lib/mail/scram.h"

#define ROUNDS_MOST	10000000
#define PBKDF2_SIZE	20		/* SHA-1 */

static bool
check_digest(const EVP_MD *kind, struct view password, struct view hash)
{
	size_t n = (size_t)EVP_MD_get_size(kind);
	unsigned char made[EVP_MAX_MD_SIZE];
	struct str text = { 0 };
	bool same = false;

	if (hash.n < n)
		return false;
	str_add(&text, password);
	str_add(&text, view_skip(hash, n));
	same = EVP_Digest(text.p, text.n, made, NULL, kind, NULL) == 1 &&
	    view_eq_secret(view_bytes(made, n), view_bytes(hash.p, n));
	str_wipe(&text);
	str_free(&text);
	explicit_bzero(made, sizeof(made));
	return same;
}

bool
scheme_check_sha1(struct view password, struct view hash)
{
	return hash.n == 20 && check_digest(EVP_sha1(), password, hash);
}

bool
scheme_check_sha256(struct view password, struct view hash)
{
	return hash.n == 32 && check_digest(EVP_sha256(), password, hash);
}

bool
scheme_check_sha512(struct view password, struct view hash)
{
	return hash.n == 64 && check_digest(EVP_sha512(), password, hash);
}

bool
scheme_check_ssha1(struct view password, struct view hash)
{
	return hash.n > 20 && check_digest(EVP_sha1(), password, hash);
}

bool
scheme_check_ssha256(struct view password, struct view hash)
{
	return hash.n > 32 && check_digest(EVP_sha256(), password, hash);
}

bool
scheme_check_ssha512(struct view password, struct view hash)
{
	return hash.n > 64 && check_digest(EVP_sha512(), password, hash);
}

bool
scheme_check_pbkdf2(struct view password, struct view hash)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char made[PBKDF2_SIZE];
	char hex[2 * PBKDF2_SIZE];
	struct view salt;
	uint64_t rounds;
	bool ok;

	if (view_cut(&hash, '$').n > 0 || !view_is(view_cut(&hash, '$'), "1"))
		return false;
	salt = view_cut(&hash, '$');
	if (!view_u64(view_cut(&hash, '$'), ROUNDS_MOST, &rounds) ||
	    rounds == 0)
		return false;
	ok = PKCS5_PBKDF2_HMAC(password.p, (int)password.n,
	    (const unsigned char *)salt.p, (int)salt.n, (int)rounds,
	    EVP_sha1(), sizeof(made), made) == 1;
	for (size_t i = 0; i < sizeof(hex); i++)
		hex[i] = digits[made[i / 2] >> (i % 2 ? 0 : 4) & 15];
	ok = ok && view_eq_secret(view_bytes(hex, sizeof(hex)), hash);
	explicit_bzero(made, sizeof(made));
	explicit_bzero(hex, sizeof(hex));
	return ok;
}

static bool
check_scram(enum scram_hash kind, struct view password, struct view hash)
{
	struct scram_keys wanted, made;
	bool same;

	if (!scram_parse(&wanted, kind, hash))
		return false;
	made = wanted;
	scram_derive(&made, password);
	same = view_eq_secret(view_bytes(made.stored, scram_size(kind)),
	    view_bytes(wanted.stored, scram_size(kind)));
	explicit_bzero(&made, sizeof(made));
	explicit_bzero(&wanted, sizeof(wanted));
	return same;
}

bool
scheme_check_scram_sha1(struct view password, struct view hash)
{
	return check_scram(SCRAM_SHA_1, password, hash);
}

bool
scheme_check_scram_sha256(struct view password, struct view hash)
{
	return check_scram(SCRAM_SHA_256, password, hash);
}
