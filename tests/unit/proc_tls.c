/* SPDX-License-Identifier: ISC */
/*
 * proc_tls - handshakes over a socket pair, with a client of plain OpenSSL
 *
 * The server's side is a fiber whose signatures come from a function of this
 * test, as they come from keys otherwise; the client is a thread. Both ends
 * must agree on channel bindings.
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
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/proc/tls.h"
#include "lib/proc/tls_key.h"
#include "lib/proc/tls_pair.h"
#include "lib/proc/tls_served.h"

/* ---- the house ---- */

static struct settings *settings;
static struct channel *keys;	/* who speaks as keys */
static EVP_PKEY *private_key;

const struct settings *
service_settings(void)
{
	return settings;
}

struct channel *
service_peer_wait(unsigned role UNUSED, uint32_t instance UNUSED,
    int64_t deadline UNUSED)
{
	return NULL;		/* not in this test */
}

static bool
sign(struct view name, uint32_t scheme, struct view content,
    struct str *signature)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = 512;
	unsigned char *out = (void *)str_room(signature, n);
	EVP_PKEY_CTX *own;

	assert_int_equal(name.n, TLS_KEY_NAME);
	assert_int_equal(EVP_DigestSignInit_ex(c, &own,
	    scheme == 0x0807 ? NULL : "SHA256", NULL, NULL, private_key, NULL),
	    1);
	if (scheme == 0x0804) {
		EVP_PKEY_CTX_set_rsa_padding(own, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(own, RSA_PSS_SALTLEN_DIGEST);
	}
	fiber_sleep(1);		/* as the real one does */
	assert_int_equal(EVP_DigestSign(c, out, &n, (const void *)content.p,
	    content.n), 1);
	signature->n += n;
	EVP_MD_CTX_free(c);
	return true;
}

static X509 *
certificate(const char *alt)
{
	X509 *x = X509_new();
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, alt);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, private_key);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	assert_true(X509_sign(x, private_key,
	    EVP_PKEY_is_a(private_key, "ED25519") ? NULL : EVP_sha256()) > 0);
	return x;
}

/* Serve a fresh key of this kind, as keys would have it. */
static void
serve(const char *type, const char *alt)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	unsigned char name[TLS_KEY_NAME];
	struct str list = { 0 }, names = { 0 };
	struct msg_certificate one = { 0 };
	struct msg_certificates all = { VIEW_NONE };
	X509 *x;

	EVP_PKEY_free(private_key);
	private_key = strcmp(type, "RSA") == 0 ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048) :
	    strcmp(type, "EC") == 0 ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	x = certificate(alt);
	sk_X509_push(chain, x);
	tls_chain_put(chain, &list);
	tls_cert_names(x, &names);
	tls_cert_key_name(x, name);
	one.key = view_bytes(name, sizeof(name));
	one.chain = str_view(&list);
	one.names = str_view(&names);
	tls_served_certificate(keys, 0, &one);
	tls_served_certificates(keys, 0, &all);
	tls_chain_free(&chain);
	str_free(&list);
	str_free(&names);
}

static int
set_up(void **unused UNUSED)
{
	struct peer_id id = { .role = ROLE_KEYS, .process = 7 };
	struct msg_ticket_keys tickets;
	static const struct handlers none;
	static const char key[80] = "a ticket's key";
	struct str errors = { 0 }, list = { 0 };
	int pair[2];

	signal(SIGPIPE, SIG_IGN);
	settings = settings_parse(VIEW_LIT(""), &errors);
	if (settings == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -1;
	keys = channel_open(pair[0], ROLE_SMTPD, id, &none);
	tls_for_program.prepare();
	tls_key_signs(sign);
	list_put(&list, view_bytes(key, sizeof(key)));
	tickets.keys = str_view(&list);
	tls_served_tickets(keys, 0, &tickets);
	str_free(&list);
	return 0;
}

static int
tear_down(void **unused UNUSED)
{
	EVP_PKEY_free(private_key);
	channel_close(&keys);
	settings_free(&settings);
	return 0;
}

/* ---- a client ---- */

struct client {
	int fd;
	int version;
	const char *clear;	/* sent before the handshake */
	const char *alpn;	/* in wire form, or NULL */
	bool cut;		/* close without close_notify */
	/* what came of it */
	bool connected;
	char heard[16];
	unsigned char exporter[32], end_point[64];
	unsigned end_point_n;
};

static void
bind_client(struct client *c, SSL *ssl)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	X509 *x = SSL_get1_peer_certificate(ssl);

	SSL_export_keying_material(ssl, c->exporter, 32, label,
	    sizeof(label) - 1, (const unsigned char *)"", 0, 1);
	X509_digest(x, EVP_sha256(), c->end_point, &c->end_point_n);
	X509_free(x);
}

static void *
client_run(void *arg)
{
	struct client *c = arg;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);

	SSL_set_min_proto_version(ssl, c->version);
	SSL_set_max_proto_version(ssl, c->version);
	if (c->clear != NULL) {
		(void)!write(c->fd, c->clear, strlen(c->clear));
		usleep(50000);
	}
	if (c->alpn != NULL)
		SSL_set_alpn_protos(ssl, (const unsigned char *)c->alpn,
		    (unsigned)strlen(c->alpn));
	SSL_set_fd(ssl, c->fd);
	c->connected = SSL_connect(ssl) == 1 && SSL_write(ssl, "hello\n", 6) == 6;
	if (c->connected) {
		SSL_read(ssl, c->heard, sizeof(c->heard) - 1);
		bind_client(c, ssl);
		if (!c->cut)
			SSL_shutdown(ssl);
	}
	shutdown(c->fd, SHUT_WR);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return NULL;
}

/* ---- the server's side ---- */

struct server {
	struct stream stream;
	bool accepted;
	struct why why;
	char heard[16];
	enum stream_end end;
	struct tls_info info;
	unsigned char exporter[TLS_BINDING_MAX], end_point[TLS_BINDING_MAX];
	size_t exporter_n, end_point_n;
	bool wait_for_clear;
};

static void
server_run(void *arg)
{
	struct server *s = arg;
	struct view line;

	if (s->wait_for_clear)
		stream_wait(&s->stream, deadline_in(5000));
	s->accepted = tls_accept(&s->stream, "imap", deadline_in(5000),
	    &s->why);
	if (s->accepted) {
		s->info = *tls_info(&s->stream);
		s->exporter_n = tls_binding(&s->stream, TLS_EXPORTER,
		    s->exporter);
		s->end_point_n = tls_binding(&s->stream, TLS_SERVER_END_POINT,
		    s->end_point);
		s->end = stream_line(&s->stream, &line, 100, false,
		    deadline_in(5000));
		snprintf(s->heard, sizeof(s->heard), "%.*s", VIEW(line));
		stream_puts(&s->stream, "world");
		s->end = stream_line(&s->stream, &line, 100, false,
		    deadline_in(5000));
	}
	stream_close(&s->stream);
	loop_stop();
}

static void
talk(struct client *c, struct server *s)
{
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c->fd = pair[1];
	stream_open(&s->stream, pair[0]);
	assert_int_equal(pthread_create(&thread, NULL, client_run, c), 0);
	fiber_start(server_run, s);
	loop_run();
	pthread_join(thread, NULL);
	close(pair[1]);
}

/* ---- tests ---- */

static void
handshakes(void **unused UNUSED)
{
	static const char *const types[] = { "EC", "RSA", "ED25519" };
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < nitems(types); i++)
		for (size_t k = 0; k < nitems(versions); k++) {
			struct client c = { .version = versions[k] };
			struct server s = { 0 };

			serve(types[i], "DNS:a.test");
			talk(&c, &s);
			assert_true(s.accepted && c.connected);
			assert_string_equal(s.heard, "hello");
			assert_string_equal(c.heard, "world");
			assert_int_equal(s.end, STREAM_EOF);
			assert_string_equal(s.info.version,
			    k == 0 ? "TLSv1.2" : "TLSv1.3");
			assert_false(s.info.verified || s.info.resumed);
			assert_int_equal(s.exporter_n, 32);
			assert_memory_equal(s.exporter, c.exporter, 32);
			/* Ed25519 has no digest to bind by */
			assert_int_equal(s.end_point_n, i == 2 ? 0 : 32);
			assert_memory_equal(s.end_point, c.end_point,
			    s.end_point_n);
		}
}

/* Bare end of the connection: no plain text is made up, the stream just ends. */
static void
cut_off(void **unused UNUSED)
{
	struct client c = { .version = TLS1_3_VERSION, .cut = true };
	struct server s = { 0 };

	serve("EC", "DNS:a.test");
	talk(&c, &s);
	assert_true(s.accepted);
	assert_int_equal(s.end, STREAM_EOF);
}

static void
clear_text_before(void **unused UNUSED)
{
	struct client c = { .version = TLS1_3_VERSION,
		.clear = "a LOGIN x y\r\n" };
	struct server s = { .wait_for_clear = true };

	serve("EC", "DNS:a.test");
	talk(&c, &s);
	/* all of it was there already and is gone; or a part of it was not,
	 * and the handshake has failed */
	if (s.accepted)
		assert_string_equal(s.heard, "hello");
	else
		assert_false(c.connected);
}

static void
foreign_protocol(void **unused UNUSED)
{
	struct client c = { .version = TLS1_3_VERSION, .alpn = "\x02h2" };
	struct server s = { 0 };

	serve("EC", "DNS:a.test");
	talk(&c, &s);
	assert_false(s.accepted || c.connected);
	assert_string_equal(s.why.text, "no application protocol");
}

static void
names(void **unused UNUSED)
{
	static const struct {
		struct view extension;
		const char *name;
	} cases[] = {
		{ VIEW_LIT("\0\x09\0\0\x06"
			   "a.test"), "a.test" },
		{ VIEW_LIT("\0\x0d\x01\0\x01x\0\0\x06"
			   "a.test"), "a.test" },
		{ VIEW_LIT("\0\x09\0\0\x06"
			   "a.tes"), "" },
		{ VIEW_LIT("\0\x09\0\0\x07"
			   "a.test"), "" },
		{ VIEW_LIT("\0\x06\0\0\x03"
			   "a\0b"), "" },
		{ VIEW_LIT("\0\x06\0\0\x03"
			   "a/b"), "" },
		{ VIEW_LIT("\0\x03\0\0\0"), "" },
		{ VIEW_LIT("\0\0"), "" },
		{ VIEW_LIT("\0"), "" },
		{ VIEW_LIT(""), "" },
	};

	for (size_t i = 0; i < nitems(cases); i++)
		assert_true(view_is(tls_served_name(cases[i].extension),
		    cases[i].name));
}

static void
names_of_certificates(void **unused UNUSED)
{
	struct str list = { 0 };
	struct view rest, name;
	static const char *const want[] = { "*.w.test", "a.test", "b.test" };
	size_t n = 0;
	X509 *x;

	serve("EC", "DNS:a.test");
	x = certificate("DNS:B.test,email:x@y.test,DNS:a.test,DNS:*.W.test,"
			"DNS:b.test,DNS:a b,DNS:x.*.test,IP:127.0.0.1");
	tls_cert_names(x, &list);
	rest = str_view(&list);
	while (list_next(&rest, &name))
		assert_true(n < nitems(want) && view_is(name, want[n++]));
	assert_int_equal(n, nitems(want));
	str_free(&list);
	X509_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(clear_text_before),
		cmocka_unit_test(foreign_protocol),
		cmocka_unit_test(names),
		cmocka_unit_test(names_of_certificates),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
