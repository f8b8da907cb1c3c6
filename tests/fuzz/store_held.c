/* SPDX-License-Identifier: ISC */
/*
 * store_held - any bytes as the payload of a record of an appended message
 */
#include "store/held.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
within(struct view part, struct view all)
{
	return part.n == 0 || (part.p >= all.p && part.p + part.n <=
	    all.p + all.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view payload = view_bytes((const char *)data, size);
	struct held_record r;

	if (!held_read(payload, &r))
		return 0;
	must(within(r.user, payload) && within(r.path, payload) &&
	    within(r.name, payload) && within(r.octets, payload));
	/* they become names of files */
	must(r.name.n > 0 && memchr(r.name.p, '/', r.name.n) == NULL &&
	    memchr(r.name.p, '\0', r.name.n) == NULL &&
	    memchr(r.path.p, '\0', r.path.n) == NULL);
	return 0;
}
