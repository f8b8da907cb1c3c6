/* SPDX-License-Identifier: ISC */
/*
 * keys_scheme - what is signed, what is refused, and whether it verifies
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "keys/scheme.h"

enum kind { OF_RSA, OF_EC, OF_ED, KINDS };

static EVP_PKEY *keys[KINDS];

static int
make_keys(void **unused UNUSED)
{
	keys[OF_RSA] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	keys[OF_EC] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	keys[OF_ED] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return keys[OF_RSA] == NULL || keys[OF_EC] == NULL ||
	    keys[OF_ED] == NULL;
}

static int
free_keys(void **unused UNUSED)
{
	for (size_t i = 0; i < KINDS; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

#define BLANKS_16	"                "
#define BLANKS		BLANKS_16 BLANKS_16 BLANKS_16 BLANKS_16
#define HASH_32		"0123456789abcdef0123456789abcdef"
#define RANDOMS		HASH_32 HASH_32
#define SERVER		"TLS 1.3, server CertificateVerify\0"
#define TLS13		BLANKS SERVER HASH_32
#define TLS12		RANDOMS "\x03\x00\x1d\x20" HASH_32

static const struct {
	const char *what;
	struct view content;
	bool new_scheme, old_scheme;	/* allowed for PSS, for PKCS #1 */
} contents[] = {
	{ "TLS 1.3, SHA-256", VIEW_LIT(TLS13), true, false },
	{ "TLS 1.3, SHA-384", VIEW_LIT(TLS13 "0123456789abcdef"), true, false },
	{ "TLS 1.3, a client's", VIEW_LIT(BLANKS
	      "TLS 1.3, client CertificateVerify\0" HASH_32), false, false },
	{ "TLS 1.3, no NUL", VIEW_LIT(BLANKS
	      "TLS 1.3, server CertificateVerify " HASH_32), false, false },
	{ "TLS 1.3, too short", VIEW_LIT(BLANKS SERVER "0123456789abcdef"),
	    false, false },
	{ "TLS 1.3, too long", VIEW_LIT(TLS13 RANDOMS), false, false },
	{ "TLS 1.3, a blank missing", VIEW_LIT(BLANKS_16 BLANKS_16 BLANKS_16
	      "               \t" SERVER HASH_32), false, false },
	{ "TLS 1.2, x25519", VIEW_LIT(TLS12), true, true },
	{ "TLS 1.2, secp256r1", VIEW_LIT(RANDOMS "\x03\x00\x17\x41\x04" RANDOMS),
	    true, true },
	{ "TLS 1.2, compressed point",
	    VIEW_LIT(RANDOMS "\x03\x00\x17\x41\x02" RANDOMS), false, false },
	{ "TLS 1.2, another curve", VIEW_LIT(RANDOMS "\x03\x00\x16\x20" HASH_32),
	    false, false },
	{ "TLS 1.2, explicit curve", VIEW_LIT(RANDOMS "\x01\x00\x1d\x20" HASH_32),
	    false, false },
	{ "TLS 1.2, longer than it says", VIEW_LIT(TLS12 "x"), false, false },
	{ "TLS 1.2, cut off", VIEW_LIT(RANDOMS "\x03\x00\x1d"), false, false },
	{ "nothing", VIEW_LIT(""), false, false },
	{ "a digest", VIEW_LIT(HASH_32), false, false },
	{ "a certificate request", VIEW_LIT("0\x82\x01\x0a\x02\x82\x01\x01"),
	    false, false },
};

static const struct {
	uint32_t number;
	enum kind kind;
	const char *digest;
	bool pss, old;
} schemes[] = {
	{ 0x0401, OF_RSA, "SHA256", false, true },
	{ 0x0501, OF_RSA, "SHA384", false, true },
	{ 0x0601, OF_RSA, "SHA512", false, true },
	{ 0x0804, OF_RSA, "SHA256", true, false },
	{ 0x0805, OF_RSA, "SHA384", true, false },
	{ 0x0806, OF_RSA, "SHA512", true, false },
	{ 0x0403, OF_EC, "SHA256", false, false },
	{ 0x0503, OF_EC, "SHA384", false, false },
	{ 0x0603, OF_EC, "SHA512", false, false },
	{ 0x0807, OF_ED, NULL, false, false },
};

static void
allowed(void **unused UNUSED)
{
	for (size_t i = 0; i < nitems(schemes); i++) {
		const struct scheme *s = scheme_find(schemes[i].number);

		assert_non_null(s);
		for (size_t k = 0; k < nitems(contents); k++) {
			bool want = schemes[i].old ? contents[k].old_scheme :
						     contents[k].new_scheme;

			if (scheme_allows(s, keys[schemes[i].kind],
				contents[k].content) != want)
				fail_msg("%04x %s", schemes[i].number,
				    contents[k].what);
		}
	}
}

static void
other_keys(void **unused UNUSED)
{
	for (size_t i = 0; i < nitems(schemes); i++)
		for (size_t k = 0; k < KINDS; k++)
			assert_int_equal(scheme_allows(
			    scheme_find(schemes[i].number), keys[k],
			    VIEW_LIT(TLS12)), k == schemes[i].kind);
}

static void
unknown(void **unused UNUSED)
{
	static const uint32_t numbers[] = { 0, 0x0201, 0x0203, 0x0301, 0x0808,
		0x0809, 0x080b, 0xffff, 0x10804 };

	for (size_t i = 0; i < nitems(numbers); i++)
		assert_null(scheme_find(numbers[i]));
}

static void
verifies(void **unused UNUSED)
{
	for (size_t i = 0; i < nitems(schemes); i++) {
		EVP_PKEY *key = keys[schemes[i].kind];
		EVP_MD_CTX *c = EVP_MD_CTX_new();
		struct str signature = { 0 };
		EVP_PKEY_CTX *own;

		assert_true(scheme_sign(scheme_find(schemes[i].number), key,
		    VIEW_LIT(TLS12), &signature));
		assert_int_equal(EVP_DigestVerifyInit_ex(c, &own,
		    schemes[i].digest, NULL, NULL, key, NULL), 1);
		if (schemes[i].pss) {
			EVP_PKEY_CTX_set_rsa_padding(own,
			    RSA_PKCS1_PSS_PADDING);
			EVP_PKEY_CTX_set_rsa_pss_saltlen(own,
			    RSA_PSS_SALTLEN_DIGEST);
		}
		assert_int_equal(EVP_DigestVerify(c,
		    (const unsigned char *)signature.p, signature.n,
		    (const unsigned char *)TLS12, sizeof(TLS12) - 1), 1);
		EVP_MD_CTX_free(c);
		str_free(&signature);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed),
		cmocka_unit_test(other_keys),
		cmocka_unit_test(unknown),
		cmocka_unit_test(verifies),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
