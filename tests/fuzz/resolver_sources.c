/* SPDX-License-Identifier: ISC */
/*
 * resolver_sources - any text as resolv.conf, and as trust anchors
 *
 * Servers are within their number, and anchors lines that are anchors again.
 */
#include "lib/proc/dns.h"
#include "resolver/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_anchor(struct view line)
{
	struct sources one = { .apex = VIEW_NONE };

	must(view_find(line, '\n') == line.n && view_find(line, ';') == line.n);
	arena_init(&one.arena);
	sources_anchors(line, &one);
	must(one.anchors == 1 && view_eq(one.anchor[0], line));
	sources_free(&one);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sources s = { .apex = VIEW_NONE };
	struct view text = view_bytes(data, size);

	arena_init(&s.arena);
	sources_resolv(text, &s);
	must(s.servers <= SERVERS_MOST && (s.servers > 0 || !s.local));
	sources_anchors(text, &s);
	must(s.anchors == 0 || dns_name_ok(s.apex));
	for (size_t i = 0; i < s.anchors; i++)
		check_anchor(s.anchor[i]);
	sources_free(&s);
	return 0;
}
