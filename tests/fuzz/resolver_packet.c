/* SPDX-License-Identifier: ISC */
/*
 * resolver_packet - DNS messages from foreign bytes
 *
 * The first octet chooses the type that is asked for; the name is that of the
 * message, so that what is behind the question is reached.
 */
#include "resolver/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The question's name, without pointers. */
static void
name_of(struct view octets, struct str *name)
{
	size_t at = 12;

	while (at < octets.n && octets.p[at] > 0 && octets.p[at] < 64 &&
	    octets.n - at > (size_t)octets.p[at]) {
		size_t n = (size_t)octets.p[at];

		if (name->n > 0)
			str_addc(name, '.');
		for (size_t i = 1; i <= n; i++)
			str_addc(name, to_lower(octets.p[at + i]));
		at += n + 1;
	}
}

static void
check(const struct dns_answer *answer)
{
	size_t n;

	must(answer->result >= DNS_FOUND && answer->result <= DNS_FAILED);
	must(list_ok(answer->records, &n));
	must((answer->result == DNS_FOUND) == (n > 0));
	must(answer->result == DNS_FAILED || dns_name_ok(answer->canonical));
	must((answer->result == DNS_FAILED) == (answer->sentence.n > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question q = { .type = size > 0 ? data[0] : 0 };
	struct dns_answer answer;
	struct arena a = { 0 };
	struct str name = { 0 }, copy = { 0 };
	struct packet p;
	struct view in;

	if (size < 1)
		return 0;
	in = view_bytes(data + 1, size - 1);
	name_of(in, &name);
	q.name = str_view(&name);
	str_add(&copy, in);
	if (copy.n > 16 && name.n + 18 <= copy.n)
		copy.p[12 + name.n + (name.n > 0) + 2] = (char)q.type;
	if (dns_name_ok(q.name) &&
	    packet_read(str_view(&copy), &q, &a, &p, &answer) && !p.cut)
		check(&answer);
	str_free(&name);
	str_free(&copy);
	arena_reset(&a);
	return 0;
}
