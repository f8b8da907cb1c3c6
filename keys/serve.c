/* SPDX-License-Identifier: ISC */
/*
 * serve - certificates, authorities and ticket keys for session programs
 *
 * Ticket keys are random, others for each program, and new every hour; the last
 * ones are still good to read tickets with. They live in memory alone: after a
 * restart tickets are of no use, and clients make a full handshake.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "keys/serve.h"
#include "keys/store.h"
#include "lib/base/log.h"
#include "lib/proc/service.h"

#define ROTATE_MS	3600000
#define TICKET_KEYS	3	/* accepted, the newest first */
#define TICKET_KEY	80	/* octets: name, cipher, MAC */

static const unsigned roles[] = { ROLE_SMTPD, ROLE_POP3D, ROLE_IMAPD };
static unsigned char tickets[nitems(roles)][TICKET_KEYS][TICKET_KEY];
static size_t rounds;

/* ---- tickets ---- */

static void
send_tickets(struct channel *c)
{
	struct message m = { .type = MSG_ticket_keys };
	struct str list = { 0 };
	size_t i = 0;

	while (i < nitems(roles) && roles[i] != channel_peer(c)->role)
		i++;
	must(i < nitems(roles));
	for (size_t k = 0; k < TICKET_KEYS && k < rounds; k++)
		list_put(&list, view_bytes(tickets[i][k], TICKET_KEY));
	m.ticket_keys.keys = str_view(&list);
	channel_send(c, &m);
	str_wipe(&list);
	str_free(&list);
}

static void
to_all(void (*fn)(struct channel *))
{
	struct channel *c;

	for (size_t i = 0; i < nitems(roles); i++)
		for (size_t n = 0;
		    (c = service_peer_nth(roles[i], n)) != NULL; n++)
			fn(c);
}

static void
rotate(void *unused)
{
	static struct loop_timer *timer;

	(void)unused;
	for (size_t i = 0; i < nitems(roles); i++) {
		memmove(tickets[i][1], tickets[i][0],
		    sizeof(tickets[i]) - TICKET_KEY);
		must(RAND_bytes(tickets[i][0], TICKET_KEY) == 1);
	}
	rounds++;
	to_all(send_tickets);
	loop_timer_free(&timer);
	timer = loop_timer_new(ROTATE_MS, rotate, NULL);
}

/* ---- certificates ---- */

static void
send_certificate(struct channel *c, const struct pair *p)
{
	struct str chain = { 0 }, names = { 0 };
	struct message m = { .type = MSG_certificate,
		.certificate = { .key = view_bytes(p->key_id,
				     sizeof(p->key_id)) } };

	tls_chain_put(p->p.chain, &chain);
	tls_cert_names(sk_X509_value(p->p.chain, 0), &names);
	m.certificate.chain = str_view(&chain);
	m.certificate.names = str_view(&names);
	if (!channel_send(c, &m))
		log_error("certificate", "too large: %s", p->cert_name);
	str_free(&chain);
	str_free(&names);
}

static void
send_certificates(struct channel *c)
{
	struct message m = { .type = MSG_certificates };
	struct str list = { 0 };
	const struct pair *p;

	for (size_t n = 0; (p = store_nth(n)) != NULL; n++)
		if (p->p.chain != NULL)
			send_certificate(c, p);
	if (store_authorities() != NULL)
		tls_chain_put(store_authorities(), &list);
	m.certificates.authorities = str_view(&list);
	channel_send(c, &m);
	str_free(&list);
}

static void
tell_all(void)
{
	to_all(send_certificates);
}

/* ---- life ---- */

void
serve_prepare(void)
{
	unsigned char seed[16];

	/* OpenSSL opens no file after this */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	must(RAND_bytes(seed, sizeof(seed)) == 1);
}

void
serve_begin(void)
{
	store_begin(tell_all);
	rotate(NULL);
}

void
serve_linked(struct channel *c)
{
	if (channel_peer(c)->role == ROLE_CTL)
		return;
	send_tickets(c);
	send_certificates(c);
}

void
serve_list(struct channel *c, uint32_t tag, struct msg_tls_list *m UNUSED)
{
	struct message end = { .type = MSG_tls_end, .tag = tag };
	const struct pair *p;

	for (size_t n = 0; (p = store_nth(n)) != NULL; n++) {
		struct str chain = { 0 };
		struct message item = { .type = MSG_tls_item, .tag = tag,
			.tls_item = { .cert_name = view_of(p->cert_name),
			    .key_name = view_of(p->key_name),
			    .sentence = view_of(
				p->complaint ? p->complaint : "") } };

		if (p->p.chain != NULL)
			tls_chain_put(p->p.chain, &chain);
		item.tls_item.chain = str_view(&chain);
		channel_send(c, &item);
		str_free(&chain);
	}
	if (store_authorities() != NULL)
		end.tls_end.authorities =
		    (uint32_t)sk_X509_num(store_authorities());
	channel_send(c, &end);
}
