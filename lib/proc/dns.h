/* SPDX-License-Identifier: ISC */
/*
 * dns - asking the program resolver, and reading what it found
 *
 * Questions go to resolver, which has the cache and validates. The calls wait,
 * so they belong in fibers. Records come as rdata octets with names that are not
 * compressed; the readers here check every octet.
 */
#ifndef PROC_DNS_H
#define PROC_DNS_H

#include "lib/base/arena.h"
#include "lib/base/why.h"
#include "lib/proc/message.h"
#include "lib/proc/network.h"

#define DNS_NAME_MAX	253	/* octets of a name as text */

enum dns_type { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6,
	DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33,
	DNS_DNSKEY = 48, DNS_TLSA = 52 };

/* Numbers stand in messages. NO_DATA: the name is there, the type is not.
 * BOGUS: validation failed, nothing may be believed. FAILED: no answer. */
enum dns_result { DNS_FOUND = 1, DNS_NO_DATA = 2, DNS_NO_NAME = 3,
	DNS_BOGUS = 4, DNS_FAILED = 5 };

struct dns_answer {
	enum dns_result result;
	bool secure;		/* validated; also said of NO_DATA, NO_NAME */
	struct view canonical;	/* name behind CNAMEs, A-labels, lower case */
	uint32_t ttl;		/* the least of all records that were used */
	struct view records;	/* list of rdata; walk it with list_next() */
	struct view sentence;	/* what was wrong, for people; or "" */
};

/* name: A-labels without the last dot; an address goes through dns_reverse()
 * first. The answer lives in the arena. Never fails but by result FAILED, also
 * when resolver is not there. A name that no DNS can hold is NO_NAME. */
void dns_ask(struct view name, enum dns_type type, int64_t deadline,
    struct arena *a, struct dns_answer *out);

/* What a message says, copied into the arena; a malformed one is FAILED. */
void dns_answer_of(const struct msg_resolved *m, struct arena *a,
    struct dns_answer *out);

/* "1.2.0.192.in-addr.arpa" for an address. */
void dns_reverse(const struct address16 *address, struct str *out);

/* Labels of 1 to 63 letters, digits, "-", "_" and "/", at most DNS_NAME_MAX
 * octets; the root is "". What is not, is never asked for or believed. */
bool dns_name_ok(struct view name);

/* One record each; false when the rdata is not well formed. Names become text,
 * lower case, without the last dot; the root is "". */
struct dns_mx {
	uint16_t preference;
	struct view host;
};
bool dns_mx(struct view rdata, struct arena *a, struct dns_mx *out);
/* The rdata of CNAME and PTR. */
bool dns_name(struct view rdata, struct arena *a, struct view *name);
bool dns_address(enum dns_type type, struct view rdata,
    struct address16 *out);
struct dns_tlsa {
	uint8_t usage, selector, matching;
	struct view data;	/* points into rdata */
};
bool dns_tlsa(struct view rdata, struct dns_tlsa *out);
/* The strings joined (RFC 7208 3.3). */
bool dns_txt(struct view rdata, struct arena *a, struct view *text);
struct dns_srv {
	uint16_t priority, weight, port;
	struct view host;
};
bool dns_srv(struct view rdata, struct arena *a, struct dns_srv *out);

#endif
