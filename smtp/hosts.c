/* SPDX-License-Identifier: ISC */
/*
 * hosts - MX hosts, their addresses, and which of them are this host
 *
 * Addresses are looked up for all hosts of one preference together, when the
 * first of them has its turn. That is early enough to see a loop: mail may go to
 * whoever has a better preference than this host, and to nobody else.
 */
#include <sys/socket.h>

#include <ifaddrs.h>
#include <stdlib.h>

#include <netinet/in.h>

#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "lib/proc/settings_address.h"
#include "smtp/hosts.h"

#define RECORDS_MOST	100	/* MX records that are read */

/* ---- this host ---- */

static struct address16 *interfaces;
static size_t ninterfaces;

void
hosts_prepare(void)
{
	struct ifaddrs *list, *i;
	struct sockaddr_storage a;
	size_t n = 0;

	if (getifaddrs(&list) < 0) {
		log_warning("hosts", "the addresses of this host are not "
		    "known: mail may loop");
		return;
	}
	for (i = list; i != NULL; i = i->ifa_next)
		n++;
	interfaces = xcalloc(n, sizeof(*interfaces));
	for (i = list; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr == NULL)
			continue;
		a = (struct sockaddr_storage){ 0 };
		memcpy(&a, i->ifa_addr, i->ifa_addr->sa_family == AF_INET ?
		    sizeof(struct sockaddr_in) : i->ifa_addr->sa_family ==
		    AF_INET6 ? sizeof(struct sockaddr_in6) : 0);
		ninterfaces += address16_of(&a, &interfaces[ninterfaces]);
	}
	freeifaddrs(list);
}

static bool
is_interface(const struct address16 *a)
{
	for (size_t i = 0; i < ninterfaces; i++)
		if (memcmp(a, &interfaces[i], sizeof(*a)) == 0)
			return true;
	return false;
}

static bool
is_any(const struct address16 *a)
{
	static const struct address16 none = { 0 };
	struct address16 rest = *a;

	if (address16_is_v4(a))
		memset(rest.octet, 0, 12);
	return memcmp(&rest, &none, sizeof(rest)) == 0;
}

static bool
is_loopback(const struct address16 *a)
{
	return address16_is_v4(a) && a->octet[12] == 127;
}

/* Whether one of our listeners would be at the other end. Who connects to no
 * address comes to this host, too, and so do all of 127.0.0.0/8. */
static bool
is_listener(const struct listener_settings *l, const struct address16 *a,
    uint16_t port)
{
	struct sockaddr_storage s = { 0 };
	struct address16 here;
	socklen_t n;

	if (settings_address(l->address, &s, &n) != NULL ||
	    !address16_of(&s, &here) || address16_port(&s) != port)
		return false;
	if (is_any(&here))
		return is_interface(a) || is_any(a) || is_loopback(a);
	return memcmp(&here, a, sizeof(here)) == 0 ||
	    (is_any(a) && (is_loopback(&here) || is_interface(&here)));
}

static bool
is_here(const struct hosts *h, const struct host *one)
{
	const struct settings *s = service_settings();

	if (h->domain.n > 0 && view_isi(one->name, s->hostname))
		return true;
	for (size_t a = 0; a < one->naddresses; a++)
		for (size_t i = 0; i < s->listener_count; i++)
			if (is_listener(&s->listener[i], &one->address[a],
				h->port))
				return true;
	return false;
}

/* ---- questions ---- */

static void
ask(struct view name, enum dns_type type, struct arena *a,
    struct dns_answer *out)
{
	dns_ask(name, type, deadline_in(service_settings()->dns_timeout * 1000),
	    a, out);
}

/* There is nothing for this name: for good only if the DNS says so. */
static bool
not_found(struct outcome *o, struct view name, const char *type,
    const struct dns_answer *d)
{
	static const char words[] =
	    "Host or domain name not found. Name service error for name=%.*s "
	    "type=%s: %s%s%.*s";
	bool later = d->result == DNS_FAILED || d->result == DNS_BOGUS;
	const char *what = d->result == DNS_NO_NAME ? "Host not found" :
	    d->result == DNS_NO_DATA ? "Host found but no data record of "
				       "requested type" :
	    d->result == DNS_BOGUS ? "the answer is forged or damaged" :
				     "Host not found, try again";
	const char *divider = later && d->sentence.n > 0 ? ": " : "";
	struct view more = later ? d->sentence : VIEW_NONE;

	if (later)
		return outcome_later(o, "4.3", words, VIEW(name), type, what,
		    divider, VIEW(more));
	return outcome_never(o, "1.2", words, VIEW(name), type, what, divider,
	    VIEW(more));
}

/* ---- addresses ---- */

struct found {
	struct dns_answer answer;
	size_t n;
	struct address16 address[ADDRESSES_MOST];
};

static void
find(struct found *f, struct view name, enum dns_type type, struct arena *a)
{
	struct view list, rdata;

	f->n = 0;
	ask(name, type, a, &f->answer);
	if (f->answer.result != DNS_FOUND)
		return;
	list = f->answer.records;
	while (f->n < ADDRESSES_MOST && list_next(&list, &rdata))
		f->n += dns_address(type, rdata, &f->address[f->n]);
	if (f->n == 0)
		f->answer.result = DNS_NO_DATA;
}

/* In turn, so that one kind that does not work costs half of the tries only. */
static void
interleave(struct host *h, const struct found *six, const struct found *four)
{
	for (size_t i = 0; i < six->n || i < four->n; i++) {
		if (i < six->n && h->naddresses < ADDRESSES_MOST)
			h->address[h->naddresses++] = six->address[i];
		if (i < four->n && h->naddresses < ADDRESSES_MOST)
			h->address[h->naddresses++] = four->address[i];
	}
}

/* Those that there are count: a question that nobody answers has brought no
 * address, and whoever suppresses one kind must not lift the TLSA records. */
static bool
are_secure(const struct found *six, const struct found *four)
{
	return (six->n == 0 || six->answer.secure) &&
	    (four->n == 0 || four->answer.secure);
}

static void
look_up(struct host *h, struct arena *a)
{
	struct found *six = arena_zalloc(a, sizeof(*six));
	struct found *four = arena_zalloc(a, sizeof(*four));
	const struct found *worse = four;

	h->looked_up = true;
	find(six, h->name, DNS_AAAA, a);
	find(four, h->name, DNS_A, a);
	if (six->answer.result == DNS_FAILED ||
	    six->answer.result == DNS_BOGUS)
		worse = six;
	/* half of the truth from a forged zone is not to be relied on */
	if (six->answer.result != DNS_BOGUS &&
	    four->answer.result != DNS_BOGUS)
		interleave(h, six, four);
	h->secure = h->naddresses > 0 && are_secure(six, four);
	h->canonical = six->n > 0 ? six->answer.canonical :
				    four->answer.canonical;
	if (h->naddresses == 0)
		not_found(&h->trouble, h->name, "A", &worse->answer);
}

bool
hosts_addresses(struct hosts *h, size_t i, struct outcome *o)
{
	struct host *one = &h->host[i];
	size_t first = i;

	while (first > 0 && h->host[first - 1].preference == one->preference)
		first--;
	for (size_t n = first; n < h->n &&
	    h->host[n].preference == one->preference; n++) {
		struct host *each = &h->host[n];

		each->trouble.arena = o->arena;
		if (!each->looked_up)
			look_up(each, o->arena);
		if (!is_here(h, each))
			continue;
		h->n = first;
		one->naddresses = 0;
		return first > 0 || outcome_never(o, "4.6", "mail for %.*s "
		    "loops back to myself", VIEW(h->domain.n > 0 ? h->domain :
		    each->name));
	}
	if (one->naddresses > 0)
		return true;
	one->trouble.relay = VIEW_NONE;
	*o = one->trouble;
	return false;
}

/* ---- hosts ---- */

static struct host *
add(struct hosts *h, struct view name, uint16_t preference)
{
	struct host *one = &h->host[h->n++];

	one->name = one->canonical = name;
	one->preference = preference;
	return one;
}

static void
one_host(struct hosts *h, struct view name, struct arena *a)
{
	h->host = arena_zalloc(a, sizeof(*h->host));
	add(h, name, 0);
}

/* By preference; among equals, by lot. */
struct exchange {
	struct dns_mx mx;
	uint32_t lot;
};

static int
by_preference(const void *one, const void *other)
{
	const struct exchange *a = one, *b = other;

	if (a->mx.preference != b->mx.preference)
		return a->mx.preference < b->mx.preference ? -1 : 1;
	return a->lot < b->lot ? -1 : a->lot > b->lot;
}

static void
take_exchanges(struct hosts *h, struct exchange *e, size_t n, struct arena *a)
{
	qsort(e, n, sizeof(*e), by_preference);
	h->host = arena_zalloc(a, HOSTS_MOST * sizeof(*h->host));
	for (size_t i = 0; i < n && h->n < HOSTS_MOST; i++)
		add(h, e[i].mx.host, e[i].mx.preference);
}

/* One record for the root: there is no mail for this domain (RFC 7505). Beside
 * others it means nothing. */
static bool
read_exchanges(struct hosts *h, struct view records, struct outcome *o)
{
	struct exchange *e = arena_zalloc(o->arena, RECORDS_MOST * sizeof(*e));
	struct view rdata;
	size_t n = 0;
	bool root = false;

	while (n < RECORDS_MOST && list_next(&records, &rdata)) {
		if (!dns_mx(rdata, o->arena, &e[n].mx))
			continue;
		e[n].lot = arc4random();
		root |= e[n].mx.host.n == 0;
		n += e[n].mx.host.n > 0;
	}
	take_exchanges(h, e, n, o->arena);
	if (n > 0)
		return true;
	if (root)
		return outcome_never(o, "1.10", "Domain %.*s does not accept "
		    "mail (nullMX)", VIEW(h->domain));
	return outcome_later(o, "4.3", "the MX records of %.*s cannot be read",
	    VIEW(h->domain));
}

static bool
find_exchanges(struct hosts *h, struct outcome *o)
{
	struct dns_answer d;

	ask(h->domain, DNS_MX, o->arena, &d);
	h->secure = d.secure;
	if (d.result == DNS_FOUND)
		return read_exchanges(h, d.records, o);
	if (d.result != DNS_NO_DATA)
		return not_found(o, h->domain, "MX", &d);
	h->implicit = true;
	one_host(h, h->domain, o->arena);
	return true;
}

static bool
literal(struct hosts *h, struct view text, struct outcome *o)
{
	struct host *one;

	one_host(h, VIEW_NONE, o->arena);
	one = &h->host[0];
	one->looked_up = true;
	one->naddresses = 1;
	return address16_parse(text, &one->address[0]) ||
	    outcome_never(o, "1.2", "%.*s is no address", VIEW(text));
}

bool
hosts_find(const struct hop *hop, struct hosts *h, struct outcome *o)
{
	uint16_t usual = (uint16_t)service_settings()->smtp_port;

	/* LMTP has no port of its own, and is not to be had on that of SMTP
	 * (RFC 2033 5): 24, as IANA has it for private mail systems */
	if (hop->lmtp)
		usual = 24;
	else if (hop->tls == HOP_TLS_IMPLICIT)
		usual = 465;
	*h = (struct hosts){ .domain = VIEW_NONE,
		.port = hop->port > 0 ? hop->port : usual };
	o->relay = VIEW_NONE;
	if (hop->kind == HOP_ADDRESS)
		return literal(h, hop->host, o);
	if (hop->kind == HOP_HOST) {
		one_host(h, hop->host, o->arena);
		return true;
	}
	h->domain = hop->host;
	return find_exchanges(h, o);
}
