/* SPDX-License-Identifier: ISC */
/*
 * proc_proxy - PROXY preambles from foreign bytes
 *
 * What is one must be one however little stands behind it, and no part of it
 * may be refused.
 */
#include "lib/proc/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size);
	struct proxy p, again;
	enum proxy_result r = proxy_parse(in, &p);

	if (r != PROXY_CLIENT && r != PROXY_LOCAL)
		return 0;
	must(p.length > 0 && p.length <= size && p.length <= PROXY_MAX);
	in.n = p.length;
	must(proxy_parse(in, &again) == r);
	must(memcmp(&p.address, &again.address, sizeof(p.address)) == 0);
	for (size_t n = 0; n < p.length; n += 1 + n / 16)
		must(proxy_parse(view_bytes(data, n), &again) == PROXY_MORE);
	return 0;
}
