/* SPDX-License-Identifier: ISC */
/*
 * proc_tls_name - the server_name extension of a ClientHello
 *
 * What comes out is a host name that stands in what went in.
 */
#include "lib/proc/tls_served.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view name = tls_served_name(view_bytes(data, size));

	if (name.n == 0)
		return 0;
	must(name.n <= 253 && name.p >= (const char *)data &&
	    name.p + name.n <= (const char *)data + size);
	for (size_t i = 0; i < name.n; i++)
		must(is_alnum(name.p[i]) || strchr("-_.", name.p[i]) != NULL);
	return 0;
}
