/* SPDX-License-Identifier: ISC */
/*
 * tls_key - an OpenSSL provider with two tables: keys, and signing with them
 *
 * OpenSSL compares a key with its certificate by importing the public half of
 * the certificate here; it cannot export one of ours to its own code, so that
 * signing has to come here, too. Questions about a key (bits, curve, size) are
 * answered by its public half.
 */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/str.h"
#include "lib/proc/service.h"
#include "lib/proc/tls_key.h"

#define PROVIDER	"posthouse"
#define ONLY_OURS	"provider=" PROVIDER
#define PARAM_NAME	"posthouse-name"

struct key {
	const char *type;
	EVP_PKEY *public_half;
	char name[TLS_KEY_NAME];
};

struct signing {
	struct key *key;
	char digest[24];
	bool pss;
};

/* ---- where signatures come from ---- */

/* of the handshake that goes on */
static int64_t sign_deadline = DEADLINE_NEVER;

void
tls_key_deadline(int64_t deadline)
{
	sign_deadline = deadline;
}

/* The link may break while the question is under way; asked again, the next
 * process of keys makes the same signature. */
static bool
call_keys(const struct message *m, struct reply *r, int64_t deadline,
    struct why *w)
{
	for (int tries = 0; tries < 2; tries++) {
		struct channel *c = service_peer_wait(ROLE_KEYS, 0, deadline);

		if (c == NULL)
			return why_later(w, "3.0", "keys is not available");
		if (channel_call(c, m, r, deadline, w))
			return true;
		reply_free(r);
	}
	return false;
}

static bool
ask_keys(struct view name, uint32_t scheme, struct view content,
    struct str *signature)
{
	struct message m = { .type = MSG_sign,
		.sign = { name, scheme, content } };
	struct reply r = { .m = { .type = MSG_LIMIT } };
	int64_t deadline = sign_deadline;	/* others change it */
	struct why w;
	bool fine = call_keys(&m, &r, deadline, &w) &&
	    reply_is(&r, MSG_signature, &w);

	if (fine)
		str_add(signature, r.m.signature.octets);
	else
		log_warning("tls", "no signature for a handshake: %s", w.text);
	reply_free(&r);
	return fine;
}

static tls_key_signer *signer = ask_keys;

void
tls_key_signs(tls_key_signer *fn)
{
	signer = fn;
}

/* ---- keys ---- */

static void *
key_new(const char *type)
{
	struct key *k = xcalloc(1, sizeof(*k));

	k->type = type;
	return k;
}

static void *
key_new_rsa(void *provider UNUSED)
{
	return key_new("RSA");
}

static void *
key_new_ec(void *provider UNUSED)
{
	return key_new("EC");
}

static void *
key_new_ed25519(void *provider UNUSED)
{
	return key_new("ED25519");
}

static void
key_free(void *data)
{
	struct key *k = data;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->public_half);
	free(k);
}

static int
key_has(const void *data, int selection UNUSED)
{
	const struct key *k = data;

	return k->public_half != NULL;
}

static int
key_match(const void *a, const void *b, int selection UNUSED)
{
	const struct key *ka = a, *kb = b;

	return EVP_PKEY_eq(ka->public_half, kb->public_half) == 1;
}

static int
key_import(void *data, int selection UNUSED, const OSSL_PARAM params[])
{
	struct key *k = data;
	const OSSL_PARAM *name = OSSL_PARAM_locate_const(params, PARAM_NAME);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, k->type,
	    "provider=default");
	int fine;

	if (name != NULL && name->data_size == sizeof(k->name))
		memcpy(k->name, name->data, sizeof(k->name));
	fine = c != NULL && EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, &k->public_half, EVP_PKEY_PUBLIC_KEY,
		(OSSL_PARAM *)(uintptr_t)params) == 1;
	EVP_PKEY_CTX_free(c);
	return fine;
}

static const OSSL_PARAM *
key_imports(int selection UNUSED)
{
	static const OSSL_PARAM what[] = {
		OSSL_PARAM_octet_string(PARAM_NAME, NULL, 0),
		OSSL_PARAM_END
	};

	return what;
}

static int
key_tells(void *data, OSSL_PARAM params[])
{
	struct key *k = data;

	return EVP_PKEY_get_params(k->public_half, params);
}

static const OSSL_PARAM *
key_can_tell(void *provider UNUSED)
{
	static const OSSL_PARAM what[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL,
		    0),
		OSSL_PARAM_END
	};

	return what;
}

static const char *
ec_signs_by(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

typedef void (*function)(void);
#define FUNCTION(f)	((function)(f))
#define KEY_FUNCTIONS(maker)                                                   \
	{ OSSL_FUNC_KEYMGMT_NEW, FUNCTION(maker) },                            \
	    { OSSL_FUNC_KEYMGMT_FREE, FUNCTION(key_free) },                    \
	    { OSSL_FUNC_KEYMGMT_HAS, FUNCTION(key_has) },                      \
	    { OSSL_FUNC_KEYMGMT_MATCH, FUNCTION(key_match) },                  \
	    { OSSL_FUNC_KEYMGMT_IMPORT, FUNCTION(key_import) },                \
	    { OSSL_FUNC_KEYMGMT_IMPORT_TYPES, FUNCTION(key_imports) },         \
	    { OSSL_FUNC_KEYMGMT_GET_PARAMS, FUNCTION(key_tells) },             \
	    { OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, FUNCTION(key_can_tell) }

static const OSSL_DISPATCH rsa_keys[] = { KEY_FUNCTIONS(key_new_rsa),
	{ 0, NULL } };
static const OSSL_DISPATCH ec_keys[] = { KEY_FUNCTIONS(key_new_ec),
	{ OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, FUNCTION(ec_signs_by) },
	{ 0, NULL } };
static const OSSL_DISPATCH ed25519_keys[] = { KEY_FUNCTIONS(key_new_ed25519),
	{ 0, NULL } };

static const OSSL_ALGORITHM key_table[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", ONLY_OURS, rsa_keys, NULL },
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", ONLY_OURS, ec_keys, NULL },
	{ "ED25519:1.3.101.112", ONLY_OURS, ed25519_keys, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* ---- signing ---- */

/* SignatureScheme, RFC 8446 4.2.3 */
static const struct {
	const char *type, *digest, *other_name;
	bool pss;
	uint32_t scheme;
} schemes[] = {
	{ "RSA", "SHA256", "SHA2-256", false, 0x0401 },
	{ "RSA", "SHA384", "SHA2-384", false, 0x0501 },
	{ "RSA", "SHA512", "SHA2-512", false, 0x0601 },
	{ "RSA", "SHA256", "SHA2-256", true, 0x0804 },
	{ "RSA", "SHA384", "SHA2-384", true, 0x0805 },
	{ "RSA", "SHA512", "SHA2-512", true, 0x0806 },
	{ "EC", "SHA256", "SHA2-256", false, 0x0403 },
	{ "EC", "SHA384", "SHA2-384", false, 0x0503 },
	{ "EC", "SHA512", "SHA2-512", false, 0x0603 },
	{ "ED25519", "", "", false, 0x0807 },
};

static uint32_t
scheme_of(const struct signing *s)
{
	for (size_t i = 0; i < nitems(schemes); i++)
		if (strcmp(schemes[i].type, s->key->type) == 0 &&
		    schemes[i].pss == s->pss &&
		    (strcmp(schemes[i].digest, s->digest) == 0 ||
			strcmp(schemes[i].other_name, s->digest) == 0))
			return schemes[i].scheme;
	return 0;
}

static void *
signing_new(void *provider UNUSED, const char *query UNUSED)
{
	return xcalloc(1, sizeof(struct signing));
}

static void
signing_free(void *data)
{
	free(data);
}

static int
signing_set(void *data, const OSSL_PARAM params[])
{
	struct signing *s = data;
	const OSSL_PARAM *p;
	int mode = 0;

	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p == NULL)
		return 1;
	if (p->data_type == OSSL_PARAM_UTF8_STRING)
		s->pss = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (OSSL_PARAM_get_int(p, &mode) == 1)
		s->pss = mode == 6;	/* RSA_PKCS1_PSS_PADDING */
	return 1;
}

static const OSSL_PARAM *
signing_sets(void *data UNUSED, void *provider UNUSED)
{
	static const OSSL_PARAM what[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL,
		    0),
		OSSL_PARAM_END
	};

	return what;
}

static int
signing_begin(void *data, const char *digest, void *key,
    const OSSL_PARAM params[])
{
	struct signing *s = data;
	struct view name = view_of(digest != NULL ? digest : "");

	s->key = key;
	if (name.n >= sizeof(s->digest))
		return 0;
	memcpy(s->digest, name.p, name.n + 1);
	return params == NULL || signing_set(s, params);
}

static int
signing_end(void *data, unsigned char *out, size_t *out_n, size_t room,
    const unsigned char *content, size_t content_n)
{
	struct signing *s = data;
	struct str signature = { 0 };
	bool fine;

	if (out == NULL) {
		*out_n = (size_t)EVP_PKEY_get_size(s->key->public_half);
		return 1;
	}
	fine = signer(view_bytes(s->key->name, sizeof(s->key->name)),
	    scheme_of(s), view_bytes(content, content_n), &signature);
	/* other fibers have used OpenSSL since */
	ERR_clear_error();
	fine = fine && signature.n > 0 && signature.n <= room;
	if (fine) {
		memcpy(out, signature.p, signature.n);
		*out_n = signature.n;
	}
	str_free(&signature);
	return fine;
}

static const OSSL_DISPATCH signing_functions[] = {
	{ OSSL_FUNC_SIGNATURE_NEWCTX, FUNCTION(signing_new) },
	{ OSSL_FUNC_SIGNATURE_FREECTX, FUNCTION(signing_free) },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, FUNCTION(signing_begin) },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN, FUNCTION(signing_end) },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, FUNCTION(signing_set) },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, FUNCTION(signing_sets) },
	{ 0, NULL },
};

static const OSSL_ALGORITHM signing_table[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", ONLY_OURS,
	    signing_functions, NULL },
	{ "ECDSA", ONLY_OURS, signing_functions, NULL },
	{ "ED25519:1.3.101.112", ONLY_OURS, signing_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* ---- the provider ---- */

static const OSSL_ALGORITHM *
query(void *provider UNUSED, int operation, int *no_store)
{
	*no_store = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return key_table;
	return operation == OSSL_OP_SIGNATURE ? signing_table : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
	{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, FUNCTION(query) },
	{ 0, NULL },
};

static int
provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in UNUSED,
    const OSSL_DISPATCH **out, void **provider)
{
	*out = provider_functions;
	*provider = (void *)(uintptr_t)core;
	return 1;
}

/* Ours, as long as the process lives. */
static OSSL_PROVIDER *provider;

void
tls_key_prepare(void)
{
	/* what is not asked for by name is OpenSSL's own */
	if (OSSL_PROVIDER_load(NULL, "default") == NULL ||
	    OSSL_PROVIDER_add_builtin(NULL, PROVIDER, provider_init) != 1 ||
	    (provider = OSSL_PROVIDER_load(NULL, PROVIDER)) == NULL ||
	    EVP_set_default_properties(NULL, "?provider=default") != 1)
		fatal("OpenSSL does not take our keys: %s",
		    ERR_reason_error_string(ERR_peek_last_error()));
}

EVP_PKEY *
tls_key_new(EVP_PKEY *public_half, struct view name)
{
	OSSL_PARAM own[] = { OSSL_PARAM_octet_string(PARAM_NAME,
				 (void *)(uintptr_t)name.p, name.n),
		OSSL_PARAM_END };
	const char *type = EVP_PKEY_get0_type_name(public_half);
	OSSL_PARAM *half = NULL, *all = NULL;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, ONLY_OURS);
	EVP_PKEY *key = NULL;

	must(provider != NULL);
	if (c != NULL && name.n == TLS_KEY_NAME &&
	    EVP_PKEY_todata(public_half, EVP_PKEY_PUBLIC_KEY, &half) == 1 &&
	    (all = OSSL_PARAM_merge(half, own)) != NULL &&
	    EVP_PKEY_fromdata_init(c) == 1)
		EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, all);
	OPENSSL_free(all);
	OSSL_PARAM_free(half);
	EVP_PKEY_CTX_free(c);
	return key;
}
