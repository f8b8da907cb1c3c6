/* SPDX-License-Identifier: ISC */
/*
 * proc_dns - rdata from foreign bytes
 *
 * What a reader takes is well formed: names can be asked for again, and nothing
 * points out of the record.
 */
#include "lib/proc/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size), text;
	struct arena a = { 0 };
	struct address16 address;
	struct dns_tlsa tlsa;
	struct dns_srv srv;
	struct dns_mx mx;

	if (dns_name(in, &a, &text))
		must(dns_name_ok(text) && text.n < size);
	if (dns_mx(in, &a, &mx))
		must(dns_name_ok(mx.host));
	if (dns_srv(in, &a, &srv))
		must(dns_name_ok(srv.host));
	if (dns_txt(in, &a, &text))
		must(text.n < size);
	if (dns_tlsa(in, &tlsa))
		must(tlsa.data.n == size - 3);
	if (dns_address(DNS_A, in, &address))
		must(address16_is_v4(&address));
	dns_address(DNS_AAAA, in, &address);
	arena_reset(&a);
	return 0;
}
