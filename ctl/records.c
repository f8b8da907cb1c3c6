/* SPDX-License-Identifier: ISC */
/*
 * records - MX, addresses, sender rules, services, keys
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ctl/output.h"
#include "ctl/records.h"
#include "lib/base/file.h"
#include "lib/mail/idn.h"
#include "lib/proc/dns.h"
#include "lib/proc/network.h"
#include "lib/proc/settings_address.h"
#include "lib/proc/tls_pair.h"

struct records {
	const struct settings *s;
	json_t *all;
	struct str host;	/* in ASCII, without the last dot */
};

static void add(struct records *r, const char *type, const char *note,
    const char *name, const char *fmt, ...) PRINTF(5, 6);

/* name without its last dot. */
static void
add(struct records *r, const char *type, const char *note, const char *name,
    const char *fmt, ...)
{
	struct str value = { 0 }, owner = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&value, fmt, ap);
	va_end(ap);
	str_addf(&owner, "%s.", name);
	json_array_append_new(r->all, json_pack("{s:o,s:s,s:o,s:o}", "name",
	    output_text(str_view(&owner)), "type", type, "value",
	    output_text(str_view(&value)), "note",
	    note != NULL ? json_string(note) : json_null()));
	str_free(&value);
	str_free(&owner);
}

/* ---- the host ---- */

/* Networks that nobody reaches from elsewhere (RFC 6890). */
static bool
is_reachable(const struct address16 *a)
{
	static const char *const hidden[] = { "0.0.0.0/8", "10.0.0.0/8",
		"100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
		"172.16.0.0/12", "192.168.0.0/16", "::1/128", "fe80::/10",
		"fc00::/7" };
	struct network n;

	for (size_t i = 0; i < nitems(hidden); i++)
		if (network_parse(view_of(hidden[i]), &n) &&
		    network_has(&n, a))
			return false;
	return true;
}

static bool
address_of(const struct ifaddrs *i, struct address16 *a)
{
	struct sockaddr_storage s = { 0 };

	if (i->ifa_addr == NULL || !(i->ifa_flags & IFF_UP))
		return false;
	if (i->ifa_addr->sa_family == AF_INET)
		memcpy(&s, i->ifa_addr, sizeof(struct sockaddr_in));
	else if (i->ifa_addr->sa_family == AF_INET6)
		memcpy(&s, i->ifa_addr, sizeof(struct sockaddr_in6));
	return address16_of(&s, a) && is_reachable(a);
}

static void
add_address(struct records *r, const struct address16 *a)
{
	struct str reverse = { 0 };
	char text[ADDRESS16_TEXT];

	address16_text(a, text);
	add(r, address16_is_v4(a) ? "A" : "AAAA", NULL, str_c(&r->host), "%s",
	    text);
	dns_reverse(a, &reverse);
	add(r, "PTR", "where the address comes from, not in your zone",
	    str_c(&reverse), "%s.", str_c(&r->host));
	str_free(&reverse);
}

static void
add_host(struct records *r)
{
	struct ifaddrs *all = NULL;
	struct address16 a;
	size_t n = 0;

	if (getifaddrs(&all) == 0)
		for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
			if (address_of(i, &a)) {
				add_address(r, &a);
				n++;
			}
	freeifaddrs(all);
	if (n == 0)
		add(r, "A", "this host has a private address only: the one "
		    "that the world reaches it by", str_c(&r->host),
		    "(address)");
}

/* ---- a domain ---- */

static bool
is_public(const struct listener_settings *l)
{
	struct sockaddr_storage at;
	struct address16 a;
	socklen_t n;

	return settings_address(l->address, &at, &n) == NULL &&
	    address16_of(&at, &a) && !address16_is_loopback(&a);
}

/* RFC 6186, RFC 8314 5.1 */
static const struct service {
	const char *protocol;
	bool implicit;
	const char *name;
} services[] = {
	{ "submission", true, "_submissions" },
	{ "submission", false, "_submission" },
	{ "imap", true, "_imaps" },
	{ "imap", false, "_imap" },
	{ "pop3", true, "_pop3s" },
	{ "pop3", false, "_pop3" },
};

static void
add_services(struct records *r, const char *domain)
{
	for (size_t i = 0; i < nitems(services); i++)
		for (size_t k = 0; k < r->s->listener_count; k++) {
			const struct listener_settings *l = &r->s->listener[k];
			enum listener_tls tls = listener_tls(r->s, l);
			struct str name = { 0 };

			if (strcmp(l->protocol, services[i].protocol) != 0 ||
			    tls != (services[i].implicit ? LISTENER_IMPLICIT :
				LISTENER_STARTTLS) || !is_public(l))
				continue;
			str_addf(&name, "%s._tcp.%s", services[i].name, domain);
			add(r, "SRV", NULL, str_c(&name), "0 1 %s %s.",
			    strrchr(l->address, ':') + 1, str_c(&r->host));
			str_free(&name);
		}
}

static void
add_domain(struct records *r, const char *domain)
{
	struct str name = { 0 };

	add(r, "MX", NULL, domain, "10 %s.", str_c(&r->host));
	add(r, "TXT", "mail that others send for you, a provider say, needs "
	    "its include: in here", domain, "\"v=spf1 mx ~all\"");
	str_addf(&name, "_dmarc.%s", domain);
	add(r, "TXT", NULL, str_c(&name),
	    "\"v=DMARC1; p=none; rua=mailto:postmaster@%s\"", domain);
	str_reset(&name);
	str_addf(&name, "_smtp._tls.%s", domain);
	add(r, "TXT", NULL, str_c(&name),
	    "\"v=TLSRPTv1; rua=mailto:postmaster@%s\"", domain);
	str_free(&name);
	add_services(r, domain);
}

/* RFC 7672 3.1.1: the key itself, so that it outlives renewals that keep it. */
static void
add_key(struct records *r, const char *file)
{
	STACK_OF(X509) *chain = NULL;
	struct str pem = { 0 }, name = { 0 }, hex = { 0 };
	unsigned char digest[32];
	struct why w;

	if (file_read(AT_FDCWD, file, TLS_FILE_MAX, &pem))
		chain = tls_chain_read(str_view(&pem), &w);
	if (chain != NULL) {
		tls_cert_key_name(sk_X509_value(chain, 0), digest);
		for (size_t i = 0; i < sizeof(digest); i++)
			str_addf(&hex, "%02x", digest[i]);
		str_addf(&name, "_25._tcp.%s", str_c(&r->host));
		add(r, "TLSA", "only where the zone is signed, and to be "
		    "changed before the key is", str_c(&name), "3 1 1 %s",
		    str_c(&hex));
	}
	tls_chain_free(&chain);
	str_free(&pem);
	str_free(&name);
	str_free(&hex);
}

json_t *
records_of(const struct settings *s)
{
	struct records r = { .s = s, .all = json_array() };
	struct str domain = { 0 };

	if (!idn_ascii(&r.host, view_of(s->hostname)))
		str_adds(&r.host, s->hostname);
	add_host(&r);
	for (size_t i = 0; i < s->domains.n; i++) {
		str_reset(&domain);
		if (idn_ascii(&domain, s->domains.word[i]))
			add_domain(&r, str_c(&domain));
	}
	if (s->tls_cert.n > 0)
		add_key(&r, s->tls_cert.word[0].p);
	str_free(&r.host);
	str_free(&domain);
	return r.all;
}

void
records_print(const json_t *records)
{
	size_t i;
	json_t *one;

	json_array_foreach(records, i, one) {
		const char *note = json_string_value(
		    json_object_get(one, "note"));

		printf("%-40s %-5s %s%s%s\n",
		    json_string_value(json_object_get(one, "name")),
		    json_string_value(json_object_get(one, "type")),
		    json_string_value(json_object_get(one, "value")),
		    note != NULL ? "  ; " : "", note != NULL ? note : "");
	}
}
