/* SPDX-License-Identifier: ISC */
/*
 * tls - a server's handshake
 *
 * tls_wire.c moves the octets, tls_served.c has the certificates, and
 * tls_rules.c says what may come of it. What a client sent in clear text before
 * its first record is either thrown away (STARTTLS) or is that record.
 */
#include <sys/socket.h>

#include <errno.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "lib/proc/tls_key.h"
#include "lib/proc/tls_served.h"
#include "lib/proc/tls_state.h"
#include "lib/proc/turns.h"

/* A client that says nothing costs no more than in clear text. */
static bool
wait_for_hello(struct stream *s, int64_t deadline, struct why *w)
{
	char octet;

	while (s->in_n == 0 &&
	    recv(s->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    errno == EAGAIN)
		if (!tls_wait(s, 'r', deadline, w))
			return false;
	return true;
}

/* The stream is one in TLS from here on. */
static void
attach(struct stream *s, const struct tls_served *served, const char *service)
{
	struct tls *t = tls_attach(s, served->context);

	t->service = service;
	SSL_set_accept_state(t->ssl);
	if (strcmp(service_settings()->tls_min, "1.3") == 0)
		SSL_set_min_proto_version(t->ssl, TLS1_3_VERSION);
}

static bool
begin(struct stream *s, const char *service, int64_t deadline, struct why *w)
{
	must(s->tls == NULL);
	if (!wait_for_hello(s, deadline, w))
		return false;
	if (!turns_take(deadline))
		return why_later(w, "7.5", "too many shake hands");
	if (!tls_served_wait(deadline))
		return why_later(w, "7.5", "there is no certificate");
	attach(s, tls_served_for(VIEW_NONE), service);
	return tls_shake_hands(s, deadline, w);
}

bool
tls_accept(struct stream *s, const char *service, int64_t deadline,
    struct why *w)
{
	if (!stream_flush(s))
		return why_later(w, "4.2", "lost connection");
	stream_discard(s);
	return begin(s, service, deadline, w);
}

bool
tls_ready(void)
{
	return tls_served_ready();
}

/* ---- for the skeleton of session programs ---- */

/* OpenSSL opens no file after this. */
static void
prepare(void)
{
	unsigned char seed[16];

	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	tls_key_prepare();
	must(RAND_bytes(seed, sizeof(seed)) == 1);
	tls_wire_prepare();
	tls_rules_prepare();
	tls_served_setup(tls_rules_set);
}

static void
hear_keys(struct handlers *h)
{
	h->certificate = tls_served_certificate;
	h->certificates = tls_served_certificates;
	h->ticket_keys = tls_served_tickets;
}

const struct program_tls tls_for_program = {
	.prepare = prepare,
	.handlers = hear_keys,
	.wait = tls_served_wait,
	.begin = begin,
	.info = tls_info,
};
