/* SPDX-License-Identifier: ISC */
/*
 * tls_served - contexts of OpenSSL, made from what keys says
 *
 * Certificates come one by one and are collected until keys says that those
 * are all. A ticket made with one set of certificates, authorities or another
 * service is of no use with another: scope is a digest of all of them.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/base/arena.h"
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "lib/proc/tls_key.h"
#include "lib/proc/tls_served.h"

#define TICKET_KEYS	8
#define KINDS		4	/* of keys, more than tls_key_new() knows */

struct entry {
	STAILQ_ENTRY(entry) entry;
	struct tls_served served;
	struct view names;		/* list */
	int kind[KINDS];		/* of keys; certificates are as many */
	struct arena arena;
};
STAILQ_HEAD(entries, entry);

static struct {
	struct entries now, coming;
	uint32_t process;		/* whose certificates are coming */
	struct tls_ticket_key ticket[TICKET_KEYS];
	size_t tickets;
	struct fiber_queue waiting;
	void (*setup)(SSL_CTX *);
} all = { .now = STAILQ_HEAD_INITIALIZER(all.now),
	.coming = STAILQ_HEAD_INITIALIZER(all.coming) };

void
tls_served_setup(void (*fn)(SSL_CTX *))
{
	all.setup = fn;
}

bool
tls_served_ready(void)
{
	return !STAILQ_EMPTY(&all.now) && all.tickets > 0;
}

bool
tls_served_wait(int64_t deadline)
{
	enum wait w = WAIT_READY;

	while (!tls_served_ready() && w != WAIT_TIMEOUT && w != WAIT_CANCELLED)
		w = fiber_queue_wait(&all.waiting, deadline);
	return tls_served_ready();
}

/* ---- by name ---- */

static bool
has_name(const struct entry *e, struct view host)
{
	struct view names = e->names, name;

	while (list_next(&names, &name))
		if (view_eqi(name, host))
			return true;
	return false;
}

static const struct entry *
find(struct view host)
{
	const struct entry *e;

	STAILQ_FOREACH(e, &all.now, entry)
		if (has_name(e, host))
			return e;
	return NULL;
}

const struct tls_served *
tls_served_for(struct view host)
{
	size_t dot = view_find(host, '.');
	struct view above = view_skip(host, dot);
	const struct entry *e = host.n > 0 ? find(host) : NULL;
	struct str star = { 0 };

	if (e == NULL && above.n > 1) {
		str_addc(&star, '*');
		str_add(&star, above);
		e = find(str_view(&star));
		str_free(&star);
	}
	if (e == NULL)
		e = STAILQ_FIRST(&all.now);
	return e != NULL ? &e->served : NULL;
}

static bool
is_host(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && strchr("-_.", v.p[i]) == NULL)
			return false;
	return v.n > 0 && v.n <= 253 && memchr(v.p, '\0', v.n) == NULL;
}

/* A counted piece at the front; false when it is longer than what is there. */
static bool
cut_counted(struct view *v, struct view *piece)
{
	size_t n;

	if (v->n < 2)
		return false;
	n = (size_t)(unsigned char)v->p[0] << 8 | (unsigned char)v->p[1];
	if (n > v->n - 2)
		return false;
	*piece = (struct view){ v->p + 2, n };
	*v = view_skip(*v, n + 2);
	return true;
}

struct view
tls_served_name(struct view extension)
{
	struct view list, name;

	if (!cut_counted(&extension, &list))
		return VIEW_NONE;
	while (list.n > 0) {
		bool host = list.p[0] == 0;	/* NameType host_name */

		list = view_skip(list, 1);
		if (!cut_counted(&list, &name))
			break;
		if (host)
			return is_host(name) ? name : VIEW_NONE;
	}
	return VIEW_NONE;
}

/* ---- tickets ---- */

const struct tls_ticket_key *
tls_ticket_key(const unsigned char *name)
{
	for (size_t i = 0; i < all.tickets; i++)
		if (name == NULL || memcmp(name, all.ticket[i].name,
		    sizeof(all.ticket[i].name)) == 0)
			return &all.ticket[i];
	return NULL;
}

bool
tls_ticket_key_is_newest(const struct tls_ticket_key *k)
{
	return k == &all.ticket[0];
}

void
tls_served_tickets(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_ticket_keys *m)
{
	struct view list = m->keys, one;

	OPENSSL_cleanse(all.ticket, sizeof(all.ticket));
	all.tickets = 0;
	while (all.tickets < TICKET_KEYS && list_next(&list, &one)) {
		must(one.n == sizeof(all.ticket[0]));
		memcpy(&all.ticket[all.tickets++], one.p, one.n);
	}
	fiber_queue_wake_all(&all.waiting);
}

/* ---- certificates ---- */

static void
entries_free(struct entries *list)
{
	struct entry *e;

	while ((e = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, entry);
		SSL_CTX_free(e->served.context);
		arena_reset(&e->arena);
		free(e);
	}
}

static X509 *
x509_of(struct view der)
{
	const unsigned char *p = (const void *)der.p;

	return d2i_X509(NULL, &p, (long)der.n);
}

static bool
add_chain(SSL_CTX *context, struct view chain)
{
	struct view der;

	while (list_next(&chain, &der)) {
		X509 *x = x509_of(der);

		if (x == NULL || SSL_CTX_add0_chain_cert(context, x) != 1) {
			X509_free(x);
			return false;
		}
	}
	return true;
}

static bool
add_certificate(SSL_CTX *context, X509 *x, const struct msg_certificate *m)
{
	EVP_PKEY *key = tls_key_new(X509_get0_pubkey(x), m->key);
	struct view chain = m->chain, own;
	bool fine;

	list_next(&chain, &own);
	fine = key != NULL && SSL_CTX_use_certificate(context, x) == 1 &&
	    SSL_CTX_use_PrivateKey(context, key) == 1 &&
	    add_chain(context, chain);
	EVP_PKEY_free(key);
	return fine;
}

/* scope = SHA-256 of scope and this */
static void
mix(unsigned char scope[TLS_SCOPE], struct view v)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	must(c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(c, scope, TLS_SCOPE) == 1 &&
	    EVP_DigestUpdate(c, v.p, v.n) == 1 &&
	    EVP_DigestFinal_ex(c, scope, NULL) == 1);
	EVP_MD_CTX_free(c);
}

static struct entry *
entry_new(struct view names)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->names = arena_view(&e->arena, names);
	e->served.context = SSL_CTX_new(TLS_server_method());
	must(e->served.context != NULL);
	all.setup(e->served.context);
	STAILQ_INSERT_TAIL(&all.coming, e, entry);
	return e;
}

static bool
has_kind(const struct entry *e, int kind)
{
	for (size_t i = 0; i < e->served.certificates; i++)
		if (e->kind[i] == kind)
			return true;
	return e->served.certificates == KINDS;
}

/* Where a certificate with these names and this kind of key belongs. */
static struct entry *
entry_with(struct view names, int kind)
{
	struct entry *e;

	STAILQ_FOREACH(e, &all.coming, entry)
		if (view_eq(e->names, names) && !has_kind(e, kind))
			return e;
	return entry_new(names);
}

static bool
take_certificate(const struct msg_certificate *m)
{
	struct view chain = m->chain, der = VIEW_NONE;
	struct entry *e;
	bool fine = false;
	X509 *x;
	int kind;

	list_next(&chain, &der);
	x = x509_of(der);
	if (x == NULL || X509_get0_pubkey(x) == NULL) {
		X509_free(x);
		return false;
	}
	kind = EVP_PKEY_get_base_id(X509_get0_pubkey(x));
	e = entry_with(m->names, kind);
	if (add_certificate(e->served.context, x, m)) {
		mix(e->served.scope, m->chain);
		e->kind[e->served.certificates++] = kind;
		fine = true;
	}
	X509_free(x);
	return fine;
}

void
tls_served_certificate(struct channel *c, uint32_t tag UNUSED,
    struct msg_certificate *m)
{
	if (channel_peer(c)->process != all.process)
		entries_free(&all.coming);
	all.process = channel_peer(c)->process;
	ERR_clear_error();
	if (!take_certificate(m))
		log_error("tls", "a certificate is not served: %s",
		    ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
}

/* ---- authorities of clients ---- */

static void
trust(struct view der, X509_STORE *store, STACK_OF(X509_NAME) *names)
{
	X509 *x = x509_of(der);
	X509_NAME *name = NULL;

	if (x != NULL && X509_STORE_add_cert(store, x) == 1)
		name = X509_NAME_dup(X509_get_subject_name(x));
	if (name != NULL && sk_X509_NAME_push(names, name) == 0)
		X509_NAME_free(name);
	X509_free(x);
}

/* Any certificate is taken: whether it is good is the session's to ask. */
static int
take_any(int fine UNUSED, X509_STORE_CTX *c UNUSED)
{
	return 1;
}

static void
ask_for_certificates(struct entry *e, X509_STORE *store,
    STACK_OF(X509_NAME) *names)
{
	SSL_CTX *c = e->served.context;

	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, take_any);
	SSL_CTX_set1_verify_cert_store(c, store);
	SSL_CTX_set_client_CA_list(c, SSL_dup_CA_list(names));
}

static void
take_authorities(struct view whole)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	struct view list = whole, der;
	struct entry *e;

	must(store != NULL && names != NULL);
	while (list_next(&list, &der))
		trust(der, store, names);
	STAILQ_FOREACH(e, &all.coming, entry) {
		mix(e->served.scope, whole);
		ask_for_certificates(e, store, names);
	}
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	X509_STORE_free(store);
}

static void
drop_empty(struct entries *list)
{
	struct entries kept = STAILQ_HEAD_INITIALIZER(kept);
	struct entries gone = STAILQ_HEAD_INITIALIZER(gone);
	struct entry *e;

	while ((e = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, entry);
		if (e->served.certificates > 0)
			STAILQ_INSERT_TAIL(&kept, e, entry);
		else
			STAILQ_INSERT_TAIL(&gone, e, entry);
	}
	entries_free(&gone);
	STAILQ_CONCAT(list, &kept);
}

void
tls_served_certificates(struct channel *c, uint32_t tag UNUSED,
    struct msg_certificates *m)
{
	struct entries was = STAILQ_HEAD_INITIALIZER(was);

	if (channel_peer(c)->process != all.process)
		entries_free(&all.coming);
	drop_empty(&all.coming);
	if (m->authorities.n > 0)
		take_authorities(m->authorities);
	STAILQ_CONCAT(&was, &all.now);
	STAILQ_CONCAT(&all.now, &all.coming);
	entries_free(&was);
	ERR_clear_error();
	fiber_queue_wake_all(&all.waiting);
}
