/* SPDX-License-Identifier: ISC */
/*
 * proc_tls_client - handshakes as a client, with a server of plain OpenSSL
 *
 * The server is a thread with certificates made here: one that an authority has
 * signed, one that is out of date, one of nobody. What the client demands comes
 * from a table, and so does what must be said of it.
 */
#include <sys/socket.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/proc/tls_client.h"

#define DAY 86400L

/* ---- the house ---- */

static struct settings *settings;

const struct settings *
service_settings(void)
{
	return settings;
}

struct channel *
service_peer_wait(unsigned role UNUSED, uint32_t instance UNUSED,
    int64_t deadline UNUSED)
{
	return NULL;
}

/* ---- certificates ---- */

enum { GOOD, EXPIRED, SELF, WILD, COMMON, KINDS };

static EVP_PKEY *key;
static X509 *authority, *certificates[KINDS];

static void
add(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static X509 *
make(X509 *issuer, const char *name, const char *alt, long until)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	static long serial;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -2 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), until);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const void *)name,
	    -1, -1, 0);
	X509_set_issuer_name(x, issuer != NULL ?
		X509_get_subject_name(issuer) : n);
	X509_set_pubkey(x, key);
	if (alt != NULL)
		add(x, NID_subject_alt_name, alt);
	else if (issuer == NULL)
		add(x, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static int
set_up(void **unused UNUSED)
{
	struct str text = { 0 }, errors = { 0 };
	char path[] = "/tmp/authorities.XXXXXX";
	FILE *f;

	signal(SIGPIPE, SIG_IGN);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	authority = make(NULL, "authority", NULL, DAY);
	certificates[GOOD] = make(authority, "x", "DNS:mx.a.test,IP:127.0.0.1",
	    DAY);
	certificates[EXPIRED] = make(authority, "x", "DNS:mx.a.test", -DAY);
	certificates[SELF] = make(NULL, "x", "DNS:mx.a.test", DAY);
	certificates[WILD] = make(authority, "x", "DNS:*.a.test", DAY);
	certificates[COMMON] = make(authority, "mx.a.test", NULL, DAY);
	f = fdopen(mkstemp(path), "w");
	PEM_write_X509(f, authority);
	fclose(f);
	str_addf(&text, "tls_ca = %s\n", path);
	settings = settings_parse(str_view(&text), &errors);
	if (settings == NULL)
		return -1;
	tls_client_prepare();
	unlink(path);
	str_free(&text);
	return 0;
}

static int
tear_down(void **unused UNUSED)
{
	for (int i = 0; i < KINDS; i++)
		X509_free(certificates[i]);
	X509_free(authority);
	EVP_PKEY_free(key);
	settings_free(&settings);
	return 0;
}

/* ---- the server ---- */

struct server {
	int fd;
	SSL_CTX *context;
	bool accepted;
	char heard[16], sni[64];
	unsigned char exporter[32];
};

static SSL_CTX *
server_context(int kind, int version)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_min_proto_version(c, version);
	SSL_CTX_set_max_proto_version(c, version);
	SSL_CTX_use_certificate(c, certificates[kind]);
	SSL_CTX_use_PrivateKey(c, key);
	if (kind != SELF)
		SSL_CTX_add1_chain_cert(c, authority);
	SSL_CTX_set_session_id_context(c, (const void *)"t", 1);
	return c;
}

static void *
server_run(void *arg)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	struct server *v = arg;
	SSL *ssl = SSL_new(v->context);
	const char *sni;

	SSL_set_fd(ssl, v->fd);
	v->accepted = SSL_accept(ssl) == 1;
	if (v->accepted) {
		sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		snprintf(v->sni, sizeof(v->sni), "%s", sni ? sni : "");
		SSL_export_keying_material(ssl, v->exporter, 32, label,
		    sizeof(label) - 1, (const unsigned char *)"", 0, 1);
		SSL_write(ssl, "hello\n", 6);
		SSL_read(ssl, v->heard, sizeof(v->heard) - 1);
		SSL_shutdown(ssl);
	}
	shutdown(v->fd, SHUT_WR);
	SSL_free(ssl);
	return NULL;
}

/* ---- the client ---- */

struct client {
	struct stream stream;
	const struct tls_demand *demand;
	bool connected;
	struct why why;
	struct tls_info info;
	char heard[16];
	enum tls_fault fault;
	unsigned char exporter[TLS_BINDING_MAX], end_point[TLS_BINDING_MAX];
	size_t exporter_n, end_point_n;
};

static void
client_run(void *arg)
{
	struct client *c = arg;
	struct view line;

	c->connected = tls_connect(&c->stream, c->demand, deadline_in(5000),
	    &c->why);
	c->fault = tls_fault(&c->stream);
	if (c->connected) {
		c->info = *tls_info(&c->stream);
		c->exporter_n = tls_binding(&c->stream, TLS_EXPORTER,
		    c->exporter);
		c->end_point_n = tls_binding(&c->stream, TLS_SERVER_END_POINT,
		    c->end_point);
		stream_line(&c->stream, &line, 100, false, deadline_in(5000));
		snprintf(c->heard, sizeof(c->heard), "%.*s", VIEW(line));
		stream_puts(&c->stream, "world");
		stream_line(&c->stream, &line, 100, false, deadline_in(5000));
	}
	stream_close(&c->stream);
	loop_stop();
}

static void
talk(struct client *c, struct server *v)
{
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	v->fd = pair[1];
	stream_open(&c->stream, pair[0]);
	assert_int_equal(pthread_create(&thread, NULL, server_run, v), 0);
	fiber_start(client_run, c);
	loop_run();
	pthread_join(thread, NULL);
	close(pair[1]);
}

/* ---- tests ---- */

enum record { NONE, EE_RIGHT, EE_WRONG, TA_RIGHT, CA_USAGE, STRANGE,
	WEAK_RIGHT };

/* One record of a certificate's key, or of nothing. */
static void
put_record(struct str *list, const X509 *x, const char *front, bool right)
{
	unsigned char rdata[3 + 64] = { 0 };
	unsigned char *der = NULL;
	int n;
	unsigned size = 32;

	memcpy(rdata, front, 3);
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	EVP_Digest(der, (size_t)n, rdata + 3, &size,
	    front[2] == 2 ? EVP_sha512() : EVP_sha256(), NULL);
	if (!right)
		rdata[3] ^= 1;
	OPENSSL_free(der);
	list_put(list, view_bytes(rdata, 3 + size));
}

static void
put_records(struct str *list, enum record kind, const X509 *x)
{
	if (kind == EE_RIGHT || kind == EE_WRONG)
		put_record(list, x, "\3\1\1", kind == EE_RIGHT);
	if (kind == TA_RIGHT)
		put_record(list, authority, "\2\1\1", true);
	if (kind == CA_USAGE)
		put_record(list, x, "\1\1\1", false);
	if (kind == STRANGE)
		put_record(list, x, "\3\1\x63", false);
	if (kind == WEAK_RIGHT) {
		/* RFC 7671 9: the stronger digest alone counts */
		put_record(list, x, "\3\1\1", true);
		put_record(list, x, "\3\1\2", false);
	}
}

static const struct {
	int kind;
	enum tls_trust trust;
	enum record record;
	const char *name;
	bool connected, verified;
	enum tls_fault fault;
} cases[] = {
	{ GOOD, TRUST_ANYBODY, NONE, "mx.a.test", true, false, 0 },
	{ SELF, TRUST_ANYBODY, NONE, "other.test", true, false, 0 },
	{ EXPIRED, TRUST_ANYBODY, NONE, "", true, false, 0 },
	{ GOOD, TRUST_AUTHORITIES, NONE, "mx.a.test", true, true, 0 },
	{ GOOD, TRUST_AUTHORITIES, NONE, "127.0.0.1", true, true, 0 },
	{ GOOD, TRUST_AUTHORITIES, NONE, "127.0.0.2", false, false,
	    TLS_FAULT_NAME },
	{ GOOD, TRUST_AUTHORITIES, NONE, "a.test", false, false,
	    TLS_FAULT_NAME },
	{ GOOD, TRUST_AUTHORITIES, NONE, "", false, false, 0 },
	{ WILD, TRUST_AUTHORITIES, NONE, "mx.a.test", true, true, 0 },
	{ WILD, TRUST_AUTHORITIES, NONE, "x.mx.a.test", false, false,
	    TLS_FAULT_NAME },
	{ COMMON, TRUST_AUTHORITIES, NONE, "mx.a.test", false, false,
	    TLS_FAULT_NAME },
	{ EXPIRED, TRUST_AUTHORITIES, NONE, "mx.a.test", false, false,
	    TLS_FAULT_EXPIRED },
	{ SELF, TRUST_AUTHORITIES, NONE, "mx.a.test", false, false,
	    TLS_FAULT_UNTRUSTED },
	{ SELF, TRUST_TLSA, EE_RIGHT, "other.test", true, true, 0 },
	{ EXPIRED, TRUST_TLSA, EE_RIGHT, "mx.a.test", true, true, 0 },
	{ GOOD, TRUST_TLSA, EE_WRONG, "mx.a.test", false, false,
	    TLS_FAULT_OTHER },
	{ GOOD, TRUST_TLSA, TA_RIGHT, "mx.a.test", true, true, 0 },
	{ COMMON, TRUST_TLSA, TA_RIGHT, "mx.a.test", true, true, 0 },
	{ GOOD, TRUST_TLSA, TA_RIGHT, "other.test", false, false,
	    TLS_FAULT_NAME },
	{ EXPIRED, TRUST_TLSA, TA_RIGHT, "mx.a.test", false, false,
	    TLS_FAULT_EXPIRED },
	{ GOOD, TRUST_TLSA, CA_USAGE, "mx.a.test", false, false, 0 },
	{ GOOD, TRUST_TLSA, STRANGE, "mx.a.test", false, false, 0 },
	{ GOOD, TRUST_TLSA, NONE, "mx.a.test", false, false, 0 },
	{ SELF, TRUST_TLSA, WEAK_RIGHT, "mx.a.test", false, false,
	    TLS_FAULT_OTHER },
};

static void
try(size_t i, int version)
{
	struct server v = { .context = server_context(cases[i].kind, version) };
	struct view name = view_of(cases[i].name);
	struct str records = { 0 };
	struct tls_demand d = { .trust = cases[i].trust, .names = &name,
		.nnames = 1 };
	struct client c = { .demand = &d };

	if (!is_digit(cases[i].name[0]))
		d.host = name;
	put_records(&records, cases[i].record, certificates[cases[i].kind]);
	d.tlsa = str_view(&records);
	talk(&c, &v);
	if (c.connected != cases[i].connected || c.fault != cases[i].fault)
		fail_msg("case %zu: %d, fault %d, %s", i, c.connected, c.fault,
		    c.why.text);
	if (c.connected) {
		assert_string_equal(c.heard, "hello");
		assert_string_equal(v.heard, "world");
		assert_string_equal(v.sni, d.host.n > 0 ? cases[i].name : "");
		assert_int_equal(c.info.verified, cases[i].verified);
		assert_int_equal(c.exporter_n, 32);
		assert_memory_equal(c.exporter, v.exporter, 32);
		assert_int_equal(c.end_point_n, 32);
	} else {
		assert_string_equal(c.why.status, "7.5");
	}
	str_free(&records);
	SSL_CTX_free(v.context);
}

static void
demands(void **unused UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		try(i, TLS1_2_VERSION);
		try(i, TLS1_3_VERSION);
	}
}

/* A record with the whole thing, and not a thing at all. */
static void
whole_records(void **unused UNUSED)
{
	unsigned char *x = NULL, *k = NULL;
	int xn = i2d_X509(certificates[GOOD], &x);
	int kn = i2d_PUBKEY(key, &k);
	struct view cert = view_bytes(x, (size_t)xn);
	struct view pub = view_bytes(k, (size_t)kn);

	assert_true(tls_client_knows(0, cert));
	assert_true(tls_client_knows(1, pub));
	assert_false(tls_client_knows(0, pub));
	assert_false(tls_client_knows(1, cert));
	for (size_t n = 0; n < pub.n; n++)
		assert_false(tls_client_knows(1, view_bytes(k, n)));
	assert_false(tls_client_knows(0, view_bytes(x, cert.n - 1)));
	assert_false(tls_client_knows(2, cert));
	OPENSSL_free(x);
	OPENSSL_free(k);
}

static void
looked_at(void **unused UNUSED)
{
	static const int kinds[] = { GOOD, SELF, EXPIRED, WILD };
	static const enum tls_fault faults[] = { TLS_FAULT_NONE,
		TLS_FAULT_UNTRUSTED, TLS_FAULT_EXPIRED, TLS_FAULT_NONE };
	struct view name = VIEW_LIT("mx.a.test");

	for (size_t i = 0; i < nitems(kinds); i++) {
		struct server v = {
			.context = server_context(kinds[i], TLS1_3_VERSION)
		};
		struct tls_demand d = { .host = name, .names = &name,
			.nnames = 1, .trust = TRUST_AUTHORITIES,
			.lenient = true };
		struct client c = { .demand = &d };

		talk(&c, &v);
		assert_true(c.connected);
		assert_int_equal(c.fault, faults[i]);
		assert_int_equal(c.info.verified, faults[i] == TLS_FAULT_NONE);
		SSL_CTX_free(v.context);
	}
}

static void
resumption(void **unused UNUSED)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t k = 0; k < nitems(versions); k++) {
		SSL_CTX *context = server_context(GOOD, versions[k]);
		struct view name = VIEW_LIT("mx.a.test"), other = VIEW_LIT("x");
		struct tls_demand d = { .host = name,
			.trust = TRUST_AUTHORITIES, .names = &name,
			.nnames = 1 };

		for (int i = 0; i < 4; i++) {
			struct server v = { .context = context };
			struct client c = { .demand = &d };

			/* what was not demanded then has not been verified */
			if (i == 3)
				d.names = &other;
			talk(&c, &v);
			assert_int_equal(c.connected, i < 3);
			/* the first may find a session of an older test, that
			 * another server's key has made */
			if (i == 1 || i == 2)
				assert_true(c.info.resumed && c.info.verified);
		}
		SSL_CTX_free(context);
	}
}

static void
old_version(void **unused UNUSED)
{
	struct server v = { .context = server_context(GOOD, TLS1_1_VERSION) };
	struct tls_demand d = { .trust = TRUST_ANYBODY };
	struct client c = { .demand = &d };

	talk(&c, &v);
	assert_false(c.connected || v.accepted);
	assert_string_equal(c.why.status, "7.10");
	SSL_CTX_free(v.context);
}

static void *
hang_up(void *arg)
{
	struct server *v = arg;
	char octets[64];

	(void)!read(v->fd, octets, sizeof(octets));
	(void)!write(v->fd, "220 not now\r\n", v->sni[0] == 'x' ? 13 : 0);
	shutdown(v->fd, SHUT_RDWR);
	return NULL;
}

static void
no_tls(void **unused UNUSED)
{
	static const char *const status[] = { "4.2", "7.10" };

	for (int i = 0; i < 2; i++) {
		struct server v = { .sni = "x" };
		struct tls_demand d = { .trust = TRUST_ANYBODY };
		struct client c = { .demand = &d };
		pthread_t thread;
		int pair[2];

		v.sni[0] = i == 0 ? '-' : 'x';
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		v.fd = pair[1];
		stream_open(&c.stream, pair[0]);
		pthread_create(&thread, NULL, hang_up, &v);
		fiber_start(client_run, &c);
		loop_run();
		pthread_join(thread, NULL);
		close(pair[1]);
		assert_false(c.connected);
		assert_string_equal(c.why.status, status[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demands),
		cmocka_unit_test(whole_records),
		cmocka_unit_test(looked_at),
		cmocka_unit_test(resumption),
		cmocka_unit_test(old_version),
		cmocka_unit_test(no_tls),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
