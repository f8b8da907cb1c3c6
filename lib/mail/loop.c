/* SPDX-License-Identifier: ISC */
/*
 * loop - one read, field by field
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/str.h"
#include "lib/mail/header.h"
#include "lib/mail/loop.h"

#define HEADER_MOST	((size_t)1 << 20)	/* octets looked at */

bool
loop_find(int content, uint64_t skip, struct view address,
    uint32_t *received)
{
	char *p = xmalloc(HEADER_MOST);
	ssize_t n = pread(content, p, HEADER_MOST, (off_t)skip);
	struct view rest = { p, n > 0 ? (size_t)n : 0 };
	uint32_t hops = 0;
	struct header h;
	bool found = false;

	while (header_next(&rest, &h)) {
		hops += view_isi(h.name, "Received");
		found |= view_isi(h.name, "Delivered-To") &&
		    view_eqi(h.value, address);
	}
	free(p);
	if (received != NULL)
		*received = hops;
	return found;
}
