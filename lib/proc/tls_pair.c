/* SPDX-License-Identifier: ISC */
/*
 * tls_pair - reading PEM, and the questions that are asked of certificates
 *
 * A key that asks for a password is refused: nobody is there to type it in.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/proc/message.h"
#include "lib/proc/tls_pair.h"

#define CHAIN_MOST	16	/* certificates */
#define CHAIN_OCTETS	131072	/* in DER: they go to sessions in one message */
#define RSA_LEAST	2048

void
tls_chain_free(STACK_OF(X509) **chain)
{
	sk_X509_pop_free(*chain, X509_free);
	*chain = NULL;
}

void
tls_pair_free(struct tls_pair *p)
{
	tls_chain_free(&p->chain);
	EVP_PKEY_free(p->key);
	p->key = NULL;
}

size_t
tls_chain_octets(STACK_OF(X509) *chain)
{
	size_t octets = 0;

	for (int i = 0; i < sk_X509_num(chain); i++)
		octets += (size_t)i2d_X509(sk_X509_value(chain, i), NULL);
	return octets;
}

/* ---- PEM ---- */

static BIO *
memory(struct view v)
{
	BIO *b = v.n > INT32_MAX ? NULL : BIO_new_mem_buf(v.p, (int)v.n);

	must(b != NULL);
	return b;
}

static int
no_password(char *out UNUSED, int room UNUSED, int writing UNUSED,
    void *asked)
{
	*(bool *)asked = true;
	return 0;
}

/* The end of a PEM file is told as an error, too. */
static bool
ended_well(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

STACK_OF(X509) *
tls_chain_read(struct view pem, struct why *w)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *b = memory(pem);
	bool fine;
	X509 *x;

	must(chain != NULL);
	ERR_clear_error();
	while ((x = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
		must(sk_X509_push(chain, x) > 0);
	fine = ended_well();
	ERR_clear_error();
	BIO_free(b);
	if (fine && sk_X509_num(chain) > 0)
		return chain;
	if (fine)
		why_never(w, "3.5", "there is no certificate in it");
	else
		why_never(w, "3.5", "a certificate in it is damaged");
	tls_chain_free(&chain);
	return NULL;
}

static EVP_PKEY *
read_key(struct view pem, struct why *w)
{
	BIO *b = memory(pem);
	bool password = false;
	EVP_PKEY *key;

	ERR_clear_error();
	key = PEM_read_bio_PrivateKey(b, NULL, no_password, &password);
	BIO_free(b);
	if (key != NULL)
		return key;
	if (password)
		why_never(w, "3.5", "the key asks for a password; store it "
		    "without one");
	else if (ended_well())
		why_never(w, "3.5", "there is no private key in its file");
	else
		why_never(w, "3.5", "the private key is damaged");
	ERR_clear_error();
	return NULL;
}

/* ---- does it fit ---- */

static bool
is_curve_of_tls(const EVP_PKEY *key, struct why *w)
{
	static const char *const curves[] = { "prime256v1", "secp384r1",
		"secp521r1" };
	char group[64] = "unnamed";
	size_t n;

	EVP_PKEY_get_group_name(key, group, sizeof(group), &n);
	for (size_t i = 0; i < nitems(curves); i++)
		if (strcmp(group, curves[i]) == 0)
			return true;
	return why_never(w, "3.5", "EC keys must be of P-256, P-384 or P-521, "
	    "not %s", group);
}

static bool
is_usable(const EVP_PKEY *key, struct why *w)
{
	if (EVP_PKEY_is_a(key, "RSA")) {
		if (EVP_PKEY_get_bits(key) >= RSA_LEAST)
			return true;
		return why_never(w, "3.5", "RSA keys need %d bits at least",
		    RSA_LEAST);
	}
	if (EVP_PKEY_is_a(key, "EC"))
		return is_curve_of_tls(key, w);
	if (EVP_PKEY_is_a(key, "ED25519"))
		return true;
	return why_never(w, "3.5", "keys must be RSA, EC or Ed25519");
}

static bool
is_short(STACK_OF(X509) *chain, struct why *w)
{
	if (sk_X509_num(chain) <= CHAIN_MOST &&
	    tls_chain_octets(chain) <= CHAIN_OCTETS)
		return true;
	return why_never(w, "3.5", "there are too many certificates in it");
}

static bool
fits(const struct tls_pair *p, struct why *w)
{
	bool fine = X509_check_private_key(sk_X509_value(p->chain, 0),
	    p->key) == 1;

	ERR_clear_error();
	if (!fine)
		return why_never(w, "3.5", "the key does not belong to the "
		    "(first) certificate");
	return is_usable(p->key, w) && is_short(p->chain, w);
}

bool
tls_pair_read(struct tls_pair *p, struct view cert, struct view key,
    struct why *w)
{
	*p = (struct tls_pair){ 0 };
	p->chain = tls_chain_read(cert, w);
	if (p->chain == NULL)
		return false;
	p->key = read_key(key, w);
	if (p->key != NULL && fits(p, w))
		return true;
	tls_pair_free(p);
	return false;
}

/* ---- DER ---- */

void
tls_chain_put(STACK_OF(X509) *chain, struct str *list)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509(sk_X509_value(chain, i), &der);

		must(n > 0);
		list_put(list, view_bytes(der, (size_t)n));
		OPENSSL_free(der);
	}
}

STACK_OF(X509) *
tls_chain_get(struct view list)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct view der;

	must(chain != NULL);
	while (list_next(&list, &der)) {
		const unsigned char *p = (const void *)der.p;
		X509 *x = d2i_X509(NULL, &p, (long)der.n);

		if (x == NULL) {
			ERR_clear_error();
			tls_chain_free(&chain);
			return NULL;
		}
		must(sk_X509_push(chain, x) > 0);
	}
	return chain;
}

/* ---- names ---- */

struct names {
	char **name;
	size_t n;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of other forms match no host. */
static void
add_name(struct names *all, const ASN1_STRING *s)
{
	struct view v = view_bytes(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s));
	char *copy;

	if (v.n == 0 || v.n > 253)
		return;
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && strchr("-_.", v.p[i] ? v.p[i] : ' ') ==
		    NULL && !(i == 0 && view_starts(v, VIEW_LIT("*."))))
			return;
	copy = xcalloc(1, v.n + 1);
	for (size_t i = 0; i < v.n; i++)
		copy[i] = to_lower(v.p[i]);
	all->name = xrealloc(all->name, (all->n + 1) * sizeof(*all->name));
	all->name[all->n++] = copy;
}

/* The common name counts only where there is nothing better (RFC 6125 6.4.4). */
static void
collect(struct names *all, const X509 *x)
{
	GENERAL_NAMES *alt = X509_get_ext_d2i(x, NID_subject_alt_name, NULL,
	    NULL);
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	for (int i = 0; i < sk_GENERAL_NAME_num(alt); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(alt, i);

		if (g->type == GEN_DNS)
			add_name(all, g->d.dNSName);
	}
	if (alt == NULL && at >= 0)
		add_name(all, X509_NAME_ENTRY_get_data(
				  X509_NAME_get_entry(subject, at)));
	GENERAL_NAMES_free(alt);
	ERR_clear_error();
}

void
tls_cert_names(const X509 *x, struct str *list)
{
	struct names all = { 0 };

	collect(&all, x);
	if (all.n > 0)
		qsort(all.name, all.n, sizeof(*all.name), by_text);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || strcmp(all.name[i - 1], all.name[i]) != 0)
			list_put(list, view_of(all.name[i]));
	for (size_t i = 0; i < all.n; i++)
		free(all.name[i]);
	free(all.name);
}

/* ---- other questions ---- */

static int64_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

int64_t
tls_cert_begins(const X509 *x)
{
	return seconds_of(X509_get0_notBefore(x));
}

int64_t
tls_cert_expires(const X509 *x)
{
	return seconds_of(X509_get0_notAfter(x));
}

void
tls_key_kind(const EVP_PKEY *key, struct str *out)
{
	char group[64];
	size_t n;

	if (key == NULL) {
		str_adds(out, "unknown");
		return;
	}
	str_adds(out, EVP_PKEY_get0_type_name(key));
	if (EVP_PKEY_is_a(key, "RSA"))
		str_addf(out, " %d", EVP_PKEY_get_bits(key));
	else if (EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1)
		str_addf(out, " %s", group);
}

void
tls_cert_digest(const X509 *x, unsigned char *out)
{
	unsigned n = 0;

	must(X509_digest(x, EVP_sha256(), out, &n) == 1);
}

void
tls_cert_key_name(const X509 *x, unsigned char *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	must(n > 0 && EVP_Digest(der, (size_t)n, out, NULL, EVP_sha256(),
	    NULL) == 1);
	OPENSSL_free(der);
}
