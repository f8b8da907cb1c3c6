/* SPDX-License-Identifier: ISC */
/*
 * tls_peer - who the client is, by its certificate
 *
 * Any certificate is taken. What is told of one that no authority of
 * tls_client_ca stands for is told for the log alone: it has no identities.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "lib/proc/tls_state.h"

static const char *
common_name(struct arena *a, const X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	struct view v = VIEW_NONE;
	char *copy;
	int n;

	if (at < 0)
		return "";
	n = ASN1_STRING_to_UTF8(&utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n > 0 && memchr(utf8, '\0', (size_t)n) == NULL)
		v = view_bytes(utf8, (size_t)n);
	copy = arena_copy(a, v);
	OPENSSL_free(utf8);
	return copy;
}

static void
add_addresses(struct str *list, X509 *x)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL,
	    NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		struct view v;

		if (g->type != GEN_EMAIL)
			continue;
		v = view_bytes(ASN1_STRING_get0_data(g->d.rfc822Name),
		    (size_t)ASN1_STRING_length(g->d.rfc822Name));
		if (v.n > 0 && memchr(v.p, '\0', v.n) == NULL)
			list_put(list, v);
	}
	GENERAL_NAMES_free(names);
}

static const char *
fingerprint(struct arena *a, X509 *x)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct str hex = { 0 };
	unsigned n = 0;
	char *copy;

	X509_digest(x, EVP_sha256(), digest, &n);
	for (unsigned i = 0; i < n; i++)
		str_addf(&hex, "%02x", digest[i]);
	copy = arena_copy(a, str_view(&hex));
	str_free(&hex);
	return copy;
}

void
tls_peer_look(struct tls *t)
{
	X509 *x = SSL_get0_peer_certificate(t->ssl);
	struct tls_info *i = &t->info;
	struct str list = { 0 };

	i->subject = i->issuer = i->fingerprint = "";
	i->identities = VIEW_NONE;
	if (x == NULL)
		return;
	i->verified = SSL_get_verify_result(t->ssl) == X509_V_OK;
	i->subject = common_name(&t->arena, X509_get_subject_name(x));
	i->issuer = common_name(&t->arena, X509_get_issuer_name(x));
	i->fingerprint = fingerprint(&t->arena, x);
	if (!i->verified)
		return;
	add_addresses(&list, x);
	if (i->subject[0] != '\0')
		list_put(&list, view_of(i->subject));
	i->identities = arena_view(&t->arena, str_view(&list));
	str_free(&list);
}
