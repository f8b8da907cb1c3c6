/* SPDX-License-Identifier: ISC */
/*
 * tls_rules - what a handshake may come to
 *
 * TLS 1.2 and 1.3 with ephemeral keys and AEAD ciphers alone. The certificate is
 * chosen by the name that the client gives, before OpenSSL looks for a ticket:
 * so a ticket can be tied to it. Nothing of a session is kept here; tickets
 * hold it all.
 */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "lib/proc/tls_served.h"
#include "lib/proc/tls_state.h"

#define CIPHERS_12	"ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS		"X25519:P-256:P-384:P-521"
#define SIGNATURES                                                             \
	"ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:"                      \
	"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"         \
	"RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define TICKET_SECONDS	7200
#define CHAIN_MOST	32768	/* octets of a client's certificates */
#define DEPTH_MOST	5

static EVP_CIPHER *ticket_cipher;

static struct tls *
tls_of(SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* The certificate for the host that the client names, before anything else of
 * its greeting is looked at; tickets are tied to it. */
static int
on_hello(SSL *ssl, int *alert, void *unused UNUSED)
{
	struct tls *t = tls_of(ssl);
	struct view service = view_of(t->service), name = VIEW_NONE;
	unsigned char scope[SSL_MAX_SID_CTX_LENGTH];
	const struct tls_served *served;
	const unsigned char *p;
	size_t n;

	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n))
		name = tls_served_name(view_bytes(p, n));
	served = tls_served_for(name);
	*alert = SSL_AD_INTERNAL_ERROR;
	if (served == NULL || SSL_set_SSL_CTX(ssl, served->context) == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	t->certificates = served->certificates;
	t->info.sni = arena_copy(&t->arena, name);
	memcpy(scope, served->scope, sizeof(scope));
	for (size_t i = 0; i < service.n && i < sizeof(scope); i++)
		scope[i] ^= (unsigned char)service.p[i];
	SSL_set_session_id_context(ssl, scope, sizeof(scope));
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* RFC 7301 registry; SMTP has no name there, and whatever a client offers to
 * it is passed over. */
static const struct {
	const char *service;
	struct view name;
} protocols[] = {
	{ "imap", { "imap", 4 } },
	{ "pop3", { "pop3", 4 } },
	{ "sieve", { "managesieve", 11 } },
};

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *unused UNUSED)
{
	struct view list = view_bytes(in, in_n), want = VIEW_NONE;

	for (size_t i = 0; i < nitems(protocols); i++)
		if (strcmp(protocols[i].service, tls_of(ssl)->service) == 0)
			want = protocols[i].name;
	if (want.n == 0)
		return SSL_TLSEXT_ERR_NOACK;
	while (list.n > 0 && (unsigned char)list.p[0] < list.n) {
		size_t n = (unsigned char)list.p[0];

		if (view_eq((struct view){ list.p + 1, n }, want)) {
			*out = (const unsigned char *)list.p + 1;
			*out_n = (unsigned char)n;
			return SSL_TLSEXT_ERR_OK;
		}
		list = view_skip(list, n + 1);
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
set_ticket_key(const struct tls_ticket_key *k, EVP_MAC_CTX *mac)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY,
		    (void *)(uintptr_t)k->mac, sizeof(k->mac)),
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    (void *)(uintptr_t) "SHA256", 6),
		OSSL_PARAM_END
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* 0: not one of ours, make a full handshake; 2: ours, but make a new one */
static int
protect_ticket(SSL *ssl UNUSED, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int making)
{
	const struct tls_ticket_key *k = tls_ticket_key(making ? NULL : name);

	if (k == NULL)
		return making ? -1 : 0;
	if (making) {
		memcpy(name, k->name, sizeof(k->name));
		arc4random_buf(iv, (size_t)EVP_CIPHER_get_iv_length(
				       ticket_cipher));
	}
	if (EVP_CipherInit_ex(cipher, ticket_cipher, NULL, k->cipher, iv,
		making) != 1 || !set_ticket_key(k, mac))
		return -1;
	return making || tls_ticket_key_is_newest(k) ? 1 : 2;
}

void
tls_rules_set(SSL_CTX *c)
{
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
	    SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_read_ahead(c, 1);
	must(SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1);
	must(SSL_CTX_set_cipher_list(c, CIPHERS_12) == 1);
	if (SSL_CTX_set1_groups_list(c, "X25519MLKEM768:" GROUPS) != 1)
		must(SSL_CTX_set1_groups_list(c, GROUPS) == 1);
	must(SSL_CTX_set1_sigalgs_list(c, SIGNATURES) == 1);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(c, TICKET_SECONDS);
	SSL_CTX_set_num_tickets(c, 1);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(c, protect_ticket);
	SSL_CTX_set_client_hello_cb(c, on_hello, NULL);
	SSL_CTX_set_alpn_select_cb(c, choose_protocol, NULL);
	SSL_CTX_set_max_cert_list(c, CHAIN_MOST);
	SSL_CTX_set_verify_depth(c, DEPTH_MOST);
	ERR_clear_error();
}

void
tls_rules_prepare(void)
{
	ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	must(ticket_cipher != NULL);
}
