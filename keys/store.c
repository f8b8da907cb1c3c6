/* SPDX-License-Identifier: ISC */
/*
 * store - reading, comparing, keeping, wiping
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "keys/store.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"

#define PAIRS_MOST	4096

struct pairs {
	struct pair **pair;
	size_t n;
};

/* Keys that are not served any more. */
struct retired {
	struct retired *next;
	struct pair *pair;
	struct loop_timer *timer;
};

static struct {
	struct pairs now, coming;
	struct retired *retired;
	STACK_OF(X509) *authorities;
	char *ca_name;
	bool complained;		/* in this round */
	bool changed, begun;
	void (*tell)(void);
} store;

/* ---- pairs ---- */

static void
pair_free(struct pair *p)
{
	tls_pair_free(&p->p);
	free(p->cert_name);
	free(p->key_name);
	free(p->complaint);
	free(p);
}

static void
pairs_add(struct pairs *list, struct pair *p)
{
	list->pair = xrealloc(list->pair, (list->n + 1) * sizeof(p));
	list->pair[list->n++] = p;
}

static bool
is_served(const struct pair *p)
{
	return p->p.chain != NULL;
}

static void
sign_pair(struct pair *p)
{
	struct str list = { 0 };

	tls_cert_key_name(sk_X509_value(p->p.chain, 0), p->key_id);
	tls_chain_put(p->p.chain, &list);
	must(EVP_Digest(list.p, list.n, p->digest, NULL, EVP_sha256(), NULL) ==
	    1);
	str_free(&list);
}

/* Its place in the present list; NULL: it is new. */
static struct pair **
present(const struct pair *p)
{
	for (size_t i = 0; i < store.now.n; i++) {
		struct pair *o = store.now.pair[i];

		if (o != NULL && strcmp(o->cert_name, p->cert_name) == 0 &&
		    strcmp(o->key_name, p->key_name) == 0)
			return &store.now.pair[i];
	}
	return NULL;
}

/* ---- keys that go ---- */

static void
retire_now(void *arg)
{
	struct retired *r = arg, **at = &store.retired;

	loop_timer_free(&r->timer);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	pair_free(r->pair);
	free(r);
}

static void
retire(struct pair *p)
{
	struct retired *r;

	if (!is_served(p)) {
		pair_free(p);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->pair = p;
	r->next = store.retired;
	store.retired = r;
	r->timer = loop_timer_new(
	    service_settings()->handshake_timeout * 1000, retire_now, r);
}

/* ---- files ---- */

static bool
read_file(int fd, size_t most, struct str *out, struct why *w)
{
	if (fd < 0)
		return why_never(w, "3.5", "the file cannot be opened");
	if (file_read_fd(fd, most, out))
		return true;
	return why_never(w, "3.5", "the file cannot be read");
}

static bool
read_pair(const struct msg_key_pair *m, struct tls_pair *p, struct why *w)
{
	struct str cert = { 0 }, key = { 0 };
	bool fine = read_file(m->cert, TLS_FILE_MAX, &cert, w) &&
	    read_file(m->key, TLS_FILE_MAX, &key, w) &&
	    tls_pair_read(p, str_view(&cert), str_view(&key), w);

	str_free(&cert);
	str_wipe(&key);
	str_free(&key);
	return fine;
}

static void
log_served(const struct pair *p)
{
	const X509 *x = sk_X509_value(p->p.chain, 0);
	struct str names = { 0 }, line = { 0 };
	struct view list, name;

	tls_cert_names(x, &names);
	list = str_view(&names);
	while (list_next(&list, &name)) {
		str_addc(&line, line.n > 0 ? ',' : '=');
		str_add(&line, name);
	}
	log_info("certificate", "served file=%s names%s days=%lld",
	    log_quote(view_of(p->cert_name)), line.n > 0 ? str_c(&line) : "=",
	    (long long)((tls_cert_expires(x) - clock_wall()) / 86400));
	str_free(&names);
	str_free(&line);
}

/* What stands in the files is not to be had: the old one stays. */
static void
keep_old(struct pair *p, const struct why *w)
{
	struct pair **old = present(p);

	p->complaint = xstrdup(w->text);
	if (old == NULL || !is_served(*old)) {
		log_error("certificate", "not served: %s, %s: %s",
		    p->cert_name, p->key_name, w->text);
		store.complained = true;
		return;
	}
	if ((*old)->complaint == NULL ||
	    strcmp((*old)->complaint, w->text) != 0)
		log_error("certificate", "the old one stays: %s, %s: %s",
		    p->cert_name, p->key_name, w->text);
	p->p = (*old)->p;
	(*old)->p = (struct tls_pair){ 0 };
}

static void
take_new(struct pair *p)
{
	struct pair **old = present(p);

	sign_pair(p);
	if (old != NULL && is_served(*old) &&
	    memcmp((*old)->digest, p->digest, sizeof(p->digest)) == 0)
		return;
	store.changed = true;
	log_served(p);
}

void
store_pair(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_key_pair *m)
{
	struct pair *p = xcalloc(1, sizeof(*p));
	struct why w;

	must(store.coming.n < PAIRS_MOST);
	p->cert_name = xcalloc(1, m->cert_name.n + 1);
	memcpy(p->cert_name, m->cert_name.p, m->cert_name.n);
	p->key_name = xcalloc(1, m->key_name.n + 1);
	memcpy(p->key_name, m->key_name.p, m->key_name.n);
	if (read_pair(m, &p->p, &w))
		take_new(p);
	else
		keep_old(p, &w);
	if (is_served(p))
		sign_pair(p);
	pairs_add(&store.coming, p);
}

/* ---- authorities ---- */

static void
keep_authorities(const char *name, const struct why *w)
{
	log_error("certificate", "%s: %s: %s",
	    store.authorities != NULL ? "the old authorities stay" :
					"no client certificates", name,
	    w->text);
	store.complained = store.complained || store.authorities == NULL;
}

static void
take_authorities(const struct msg_key_files *m)
{
	STACK_OF(X509) *chain = NULL;
	struct str pem = { 0 };
	struct why w;

	free(store.ca_name);
	store.ca_name = xcalloc(1, m->ca_name.n + 1);
	memcpy(store.ca_name, m->ca_name.p, m->ca_name.n);
	if (m->ca_name.n == 0) {
		store.changed = store.changed || store.authorities != NULL;
		tls_chain_free(&store.authorities);
		return;
	}
	if (read_file(m->client_ca, TLS_FILE_MAX, &pem, &w))
		chain = tls_chain_read(str_view(&pem), &w);
	str_free(&pem);
	if (chain != NULL && tls_chain_octets(chain) > TLS_CA_MAX) {
		why_never(&w, "3.5", "there are too many authorities in it");
		tls_chain_free(&chain);
	}
	if (chain == NULL) {
		keep_authorities(store.ca_name, &w);
		return;
	}
	tls_chain_free(&store.authorities);
	store.authorities = chain;
	store.changed = true;
}

/* ---- a round ---- */

static void
say_changes(void)
{
	if (store.begun && store.changed) {
		store.changed = false;
		store.tell();
	}
}

void
store_files(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_key_files *m)
{
	struct pairs was = store.now;

	take_authorities(m);
	store.changed = store.changed || was.n != store.coming.n;
	store.now = store.coming;
	store.coming = (struct pairs){ 0 };
	for (size_t i = 0; i < was.n; i++)
		retire(was.pair[i]);
	free(was.pair);
	if (m->first && store.complained)
		fatal("the certificates cannot be served, see above; posthouse "
		      "check tells what is wrong");
	store.complained = false;
	say_changes();
}

void
store_begin(void (*changed)(void))
{
	store.tell = changed;
	store.begun = true;
	store.changed = false;
}

/* ---- asking ---- */

const struct pair *
store_nth(size_t n)
{
	return n < store.now.n ? store.now.pair[n] : NULL;
}

static bool
is_key(const struct pair *p, struct view id)
{
	return is_served(p) && id.n == sizeof(p->key_id) &&
	    memcmp(id.p, p->key_id, id.n) == 0;
}

EVP_PKEY *
store_key(struct view id)
{
	for (size_t i = 0; i < store.now.n; i++)
		if (is_key(store.now.pair[i], id))
			return store.now.pair[i]->p.key;
	for (struct retired *r = store.retired; r != NULL; r = r->next)
		if (is_key(r->pair, id))
			return r->pair->p.key;
	return NULL;
}

STACK_OF(X509) *
store_authorities(void)
{
	return store.authorities;
}
