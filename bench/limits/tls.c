/* SPDX-License-Identifier: ISC */
/*
 * tls - handshakes, both sides of them, over no network
 *
 * With a key like that of the servers that are measured. The load generator is the
 * other side there, so this is what is left for everything else.
 */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "bench/limits/limits.h"

#define TURNS_MOST	10

static SSL_CTX *server, *client;

static void must_be(bool ok)
{
	if (!ok)
		die("openssl");
}

void tls_start(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	server = SSL_CTX_new(TLS_server_method());
	client = SSL_CTX_new(TLS_client_method());
	must_be(key != NULL && cert != NULL && server != NULL && client != NULL);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	must_be(X509_set_pubkey(cert, key) == 1 &&
		X509_sign(cert, key, EVP_sha256()) != 0 &&
		SSL_CTX_use_certificate(server, cert) == 1 &&
		SSL_CTX_use_PrivateKey(server, key) == 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static SSL *begin(SSL_CTX *ctx, BIO *wire)
{
	SSL *ssl = SSL_new(ctx);

	must_be(ssl != NULL);
	SSL_set_bio(ssl, wire, wire);
	return ssl;
}

void handshake(long n)
{
	(void)n;
	for (; time_is_left(); done++) {
		BIO *ends[2];

		must_be(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0) == 1);
		SSL *asks = begin(client, ends[0]), *answers = begin(server, ends[1]);
		bool over = false;
		for (int turn = 0; !over; turn++) {
			must_be(turn < TURNS_MOST);
			over = SSL_connect(asks) == 1;
			over = SSL_accept(answers) == 1 && over;
		}
		SSL_free(asks);
		SSL_free(answers);
	}
}
