/* SPDX-License-Identifier: ISC */
/*
 * scheme - a table of schemes, two forms of content, one signature
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "keys/scheme.h"

#define RANDOMS		64	/* of client and server, TLS 1.2 */
#define SPACES		64	/* TLS 1.3 */

struct scheme {
	uint32_t number;
	const char *type, *digest;	/* of the key; digest NULL: its own */
	bool pss, old;			/* old: TLS 1.2 only */
};

static const struct scheme schemes[] = {
	{ 0x0401, "RSA", "SHA256", false, true },
	{ 0x0501, "RSA", "SHA384", false, true },
	{ 0x0601, "RSA", "SHA512", false, true },
	{ 0x0804, "RSA", "SHA256", true, false },
	{ 0x0805, "RSA", "SHA384", true, false },
	{ 0x0806, "RSA", "SHA512", true, false },
	{ 0x0403, "EC", "SHA256", false, false },
	{ 0x0503, "EC", "SHA384", false, false },
	{ 0x0603, "EC", "SHA512", false, false },
	{ 0x0807, "ED25519", NULL, false, false },
};

const struct scheme *
scheme_find(uint32_t number)
{
	for (size_t i = 0; i < nitems(schemes); i++)
		if (schemes[i].number == number)
			return &schemes[i];
	return NULL;
}

/* 64 blanks, the context of a server, NUL, a transcript hash. */
static bool
is_tls13(struct view v)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";

	if (v.n != SPACES + sizeof(context) + 32 &&
	    v.n != SPACES + sizeof(context) + 48)
		return false;
	for (size_t i = 0; i < SPACES; i++)
		if (v.p[i] != ' ')
			return false;
	return memcmp(v.p + SPACES, context, sizeof(context)) == 0;
}

/* Both randoms, and a point of a named curve. */
static bool
is_tls12(struct view v)
{
	static const struct {
		unsigned char curve, octets;
		bool form;	/* begins with 4, for uncompressed */
	} curves[] = {
		{ 23, 65, true },	/* secp256r1 */
		{ 24, 97, true },	/* secp384r1 */
		{ 25, 133, true },	/* secp521r1 */
		{ 29, 32, false },	/* x25519 */
		{ 30, 56, false },	/* x448 */
	};
	const unsigned char *p = (const void *)(v.p + RANDOMS);

	if (v.n < RANDOMS + 5 || p[0] != 3 || p[1] != 0)
		return false;
	for (size_t i = 0; i < nitems(curves); i++)
		if (curves[i].curve == p[2])
			return p[3] == curves[i].octets &&
			    v.n == RANDOMS + 4u + curves[i].octets &&
			    (!curves[i].form || p[4] == 4);
	return false;
}

bool
scheme_allows(const struct scheme *s, const EVP_PKEY *key, struct view content)
{
	if (!EVP_PKEY_is_a(key, s->type))
		return false;
	return (!s->old && is_tls13(content)) || is_tls12(content);
}

bool
scheme_is_slow(const struct scheme *s)
{
	return strcmp(s->type, "RSA") == 0;
}

static bool
set_padding(const struct scheme *s, EVP_PKEY_CTX *c)
{
	return !s->pss ||
	    (EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) ==
		    1);
}

bool
scheme_sign(const struct scheme *s, EVP_PKEY *key, struct view content,
    struct str *signature)
{
	size_t n = (size_t)EVP_PKEY_get_size(key);
	unsigned char *out = (void *)str_room(signature, n);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *own;
	bool fine;

	must(c != NULL);
	fine = EVP_DigestSignInit_ex(c, &own, s->digest, NULL, NULL, key,
		   NULL) == 1 && set_padding(s, own) &&
	    EVP_DigestSign(c, out, &n, (const void *)content.p, content.n) == 1;
	if (fine)
		signature->n += n;
	EVP_MD_CTX_free(c);
	ERR_clear_error();
	return fine;
}
