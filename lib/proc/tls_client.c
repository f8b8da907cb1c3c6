/* SPDX-License-Identifier: ISC */
/*
 * tls_client - what is demanded of a peer, told to OpenSSL
 *
 * OpenSSL verifies chains, names and TLSA records; here stands which of them
 * count. A peer of whom nothing is demanded is not verified at all: whatever the
 * result, the mail would go to it, and the alternative is clear text. For the
 * same reason it may have keys that are shorter than a verified one's.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/log.h"
#include "lib/proc/network.h"
#include "lib/proc/tls_client.h"
#include "lib/proc/tls_resume.h"
#include "lib/proc/tls_state.h"

#define NAME_MOST	253
#define CHAIN_MOST	65536	/* octets of a server's certificates */
#define DEPTH_MOST	8

struct tls_asked {
	enum tls_trust trust;
	bool lenient;
	enum tls_fault fault;
	unsigned char key[TLS_RESUME_KEY];
};

static SSL_CTX *context;
static bool has_authorities;

static struct tls_asked *
asked_of(SSL *ssl)
{
	struct tls *t = SSL_get_app_data(ssl);

	return t->asked;
}

/* ---- the certificate ---- */

/* Called in the middle of a handshake with what the server has shown. */
static int
judge(X509_STORE_CTX *x, void *unused UNUSED)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x,
	    SSL_get_ex_data_X509_STORE_CTX_idx());

	if (asked_of(ssl)->trust != TRUST_ANYBODY)
		return X509_verify_cert(x) == 1 || asked_of(ssl)->lenient;
	/* kept as the result, so that nobody takes it for verified */
	X509_STORE_CTX_set_error(x, X509_V_ERR_APPLICATION_VERIFICATION);
	return 1;
}

static enum tls_fault
fault_of(long result)
{
	static const struct {
		long result;
		enum tls_fault fault;
	} faults[] = {
		{ X509_V_OK, TLS_FAULT_NONE },
		{ X509_V_ERR_APPLICATION_VERIFICATION, TLS_FAULT_NONE },
		{ X509_V_ERR_HOSTNAME_MISMATCH, TLS_FAULT_NAME },
		{ X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_FAULT_NAME },
		{ X509_V_ERR_CERT_HAS_EXPIRED, TLS_FAULT_EXPIRED },
		{ X509_V_ERR_CERT_NOT_YET_VALID, TLS_FAULT_EXPIRED },
		{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_FAULT_UNTRUSTED },
		{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_FAULT_UNTRUSTED },
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_FAULT_UNTRUSTED },
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		    TLS_FAULT_UNTRUSTED },
		{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		    TLS_FAULT_UNTRUSTED },
		{ X509_V_ERR_CERT_UNTRUSTED, TLS_FAULT_UNTRUSTED },
	};

	for (size_t i = 0; i < nitems(faults); i++)
		if (faults[i].result == result)
			return faults[i].fault;
	return TLS_FAULT_OTHER;
}

/* ---- sessions ---- */

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	tls_resume_put(asked_of(ssl)->key, session);
	return 1;
}

static void
hash(EVP_MD_CTX *c, struct view v)
{
	const unsigned char n[4] = { (unsigned char)(v.n >> 24),
		(unsigned char)(v.n >> 16), (unsigned char)(v.n >> 8),
		(unsigned char)v.n };

	must(EVP_DigestUpdate(c, n, sizeof(n)) == 1 &&
	    EVP_DigestUpdate(c, v.p, v.n) == 1);
}

/* The host by its name, or by its address where it has none, its port, and all
 * that is demanded. */
static void
make_key(const struct stream *s, const struct tls_demand *d,
    unsigned char *key)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	struct address16 address = { { 0 } };
	struct sockaddr_storage peer = { 0 };
	socklen_t n = sizeof(peer);
	unsigned char fixed[3] = { (unsigned char)(d->trust |
	    (d->lenient ? 128 : 0)) };

	getpeername(s->fd, (struct sockaddr *)&peer, &n);
	if (address16_of(&peer, &address))	/* a port is in the same place */
		memcpy(fixed + 1, &((struct sockaddr_in *)&peer)->sin_port, 2);
	must(c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
	hash(c, view_bytes(fixed, sizeof(fixed)));
	hash(c, d->host);
	if (d->host.n == 0)
		hash(c, view_bytes(&address, sizeof(address)));
	for (size_t i = 0; i < d->nnames; i++)
		hash(c, d->names[i]);
	hash(c, d->tlsa);
	must(EVP_DigestFinal_ex(c, key, NULL) == 1);
	EVP_MD_CTX_free(c);
}

/* ---- the demand ---- */

static bool
is_name(struct view v)
{
	return v.n > 0 && v.n <= NAME_MOST && memchr(v.p, '\0', v.n) == NULL;
}

static bool
is_address(const char *name)
{
	unsigned char octets[16];

	return inet_pton(AF_INET, name, octets) == 1 ||
	    inet_pton(AF_INET6, name, octets) == 1;
}

/* One name of many that are allowed; of addresses the last one counts. */
static bool
allow_name(SSL *ssl, struct view v)
{
	char name[NAME_MOST + 1];

	if (!is_name(v))
		return false;
	memcpy(name, v.p, v.n);
	name[v.n] = '\0';
	return is_address(name) ?
	    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1 :
	    SSL_add1_host(ssl, name) == 1;
}

/* RFC 7672 3.1: usages 2 and 3 alone. The number of those that can be used. */
static unsigned
add_records(SSL *ssl, struct view list)
{
	struct view r;
	unsigned usable = 0;

	while (list_next(&list, &r)) {
		const unsigned char *p = (const unsigned char *)r.p;

		if (r.n < 4 || (p[0] != 2 && p[0] != 3))
			continue;
		usable += SSL_dane_tlsa_add(ssl, p[0], p[1], p[2], p + 3,
			      r.n - 3) > 0;
	}
	ERR_clear_error();
	return usable;
}

/* The end entity of usage 3 is the record's word alone, without names and dates
 * (RFC 7672 3.1.1). */
static bool
set_records(SSL *ssl, const char *host, const struct tls_demand *d)
{
	if (host[0] == '\0' || SSL_dane_enable(ssl, host) <= 0) {
		ERR_clear_error();
		return false;
	}
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return add_records(ssl, d->tlsa) > 0;
}

/* With authorities the names are in subjectAltName (RFC 8461 4.1); RFC 7672
 * 3.2.3 still has the common name of a certificate without them. False: no name
 * can be looked for; OpenSSL would take any then. */
static bool
set_names(SSL *ssl, const struct tls_demand *d)
{
	bool any = false;

	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    (d->trust == TRUST_AUTHORITIES ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT :
					     0));
	for (size_t i = 0; i < d->nnames; i++)
		any |= allow_name(ssl, d->names[i]);
	return any;
}

/* False: there is nothing that the peer could be held to. */
static bool
set_demand(struct tls *t, const struct tls_demand *d)
{
	struct tls_asked *a = t->asked;
	SSL *ssl = t->ssl;
	bool anybody;

	a->trust = d->trust;
	a->lenient = d->lenient;
	t->info.sni = is_name(d->host) ? arena_copy(&t->arena, d->host) : "";
	if (t->info.sni[0] != '\0')
		SSL_set_tlsext_host_name(ssl, t->info.sni);
	if (d->trust == TRUST_TLSA && !set_records(ssl, t->info.sni, d))
		return false;
	if (!set_names(ssl, d) && d->trust == TRUST_AUTHORITIES)
		return false;
	anybody = a->trust == TRUST_ANYBODY || a->lenient;
	if (anybody)
		SSL_set_security_level(ssl, 1);
	SSL_set_verify(ssl, anybody ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	return true;
}

/* ---- for callers ---- */

/* Say what failed; tls_shake_hands() has left its own words in w. */
static bool
failed(struct tls *t, struct why *w)
{
	long result = SSL_get_verify_result(t->ssl);
	struct why was = *w;

	tls_resume_forget(t->asked->key);
	t->asked->fault = fault_of(result);
	if (t->asked->fault != TLS_FAULT_NONE)
		return why_later(w, "7.5", "certificate not accepted: %s",
		    X509_verify_cert_error_string(result));
	if (t->ended || strcmp(was.text, "timed out") == 0)
		return why_later(w, "4.2", "TLS handshake: %s", was.text);
	return why_later(w, "7.10", "TLS handshake failed: %s", was.text);
}

bool
tls_connect(struct stream *s, const struct tls_demand *d, int64_t deadline,
    struct why *w)
{
	SSL_SESSION *earlier;
	struct tls *t;

	must(s->tls == NULL && context != NULL);
	if (d->trust == TRUST_AUTHORITIES && !d->lenient && !has_authorities)
		return why_later(w, "7.5", "certificate cannot be verified: "
		    "there are no authorities in tls_ca");
	if (!stream_flush(s))
		return why_later(w, "4.2", "lost connection");
	stream_discard(s);
	t = tls_attach(s, context);
	t->asked = arena_zalloc(&t->arena, sizeof(*t->asked));
	SSL_set_connect_state(t->ssl);
	if (!set_demand(t, d))
		return why_later(w, "7.5", "certificate cannot be verified: "
		    "no %s can be used", d->trust == TRUST_TLSA ?
		    "TLSA record" : "name");
	make_key(s, d, t->asked->key);
	earlier = d->fresh ? NULL : tls_resume_get(t->asked->key);
	if (earlier != NULL)
		SSL_set_session(t->ssl, earlier);
	if (!tls_shake_hands(s, deadline, w))
		return failed(t, w);
	t->asked->fault = fault_of(SSL_get_verify_result(t->ssl));
	return true;
}

bool
tls_client_knows(uint8_t selector, struct view data)
{
	const unsigned char *p = (const unsigned char *)data.p;
	const unsigned char *end = p + data.n;
	X509 *x = selector == 0 ? d2i_X509(NULL, &p, (long)data.n) : NULL;
	EVP_PKEY *key = x != NULL ? X509_get_pubkey(x) :
	    selector == 1 ? d2i_PUBKEY(NULL, &p, (long)data.n) : NULL;
	bool known = key != NULL && p == end;

	EVP_PKEY_free(key);
	X509_free(x);
	ERR_clear_error();
	return known;
}

enum tls_fault
tls_fault(const struct stream *s)
{
	const struct tls *t = s->tls;

	return t != NULL && t->asked != NULL ? t->asked->fault :
					       TLS_FAULT_NONE;
}

static void
read_authorities(const char *path)
{
	has_authorities = path[0] != '\0' &&
	    SSL_CTX_load_verify_file(context, path) == 1;
	if (path[0] != '\0' && !has_authorities)
		log_warning("tls", "no authorities of other servers: cannot "
		    "read tls_ca %s", path);
	ERR_clear_error();
}

/* OpenSSL opens no file after this. */
void
tls_client_prepare(void)
{
	unsigned char seed[16];

	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	must(RAND_bytes(seed, sizeof(seed)) == 1);
	tls_wire_prepare();
	context = SSL_CTX_new(TLS_client_method());
	must(context != NULL && SSL_CTX_dane_enable(context) > 0);
	must(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_max_cert_list(context, CHAIN_MOST);
	SSL_CTX_set_verify_depth(context, DEPTH_MOST);
	SSL_CTX_set_cert_verify_callback(context, judge, NULL);
	SSL_CTX_set_session_cache_mode(context,
	    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, keep_session);
	read_authorities(service_settings()->tls_ca);
}
