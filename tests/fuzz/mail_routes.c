/* SPDX-License-Identifier: ISC */
/*
 * mail_routes - any text as routes and as relay_recipients
 *
 * An entry's pattern and hop, written as a line again, give the same entry.
 */
#include "lib/mail/hop.h"
#include "lib/mail/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_hop(const struct route *r)
{
	struct arena arena = { 0 };
	struct str again = { 0 };
	struct hop h;
	struct why w;

	must(hop_parse(r->text, &arena, &h, &w));
	hop_write(&h, &again);
	must(view_eq(str_view(&again), r->text));
	must((r->kind == ROUTE_OWN) ==
	    (h.kind == HOP_MX && view_is(h.host, "mx")));
	str_free(&again);
	arena_reset(&arena);
}

static void
check_octets(const struct route *r)
{
	struct str octets = { 0 };
	struct route again;

	route_write(r, &octets);
	must(route_parse(str_view(&octets), &again));
	must(again.kind == r->kind && again.line == r->line &&
	    view_eq(again.text, r->text));
	str_free(&octets);
}

static bool
entry(void *arg, struct view key, const struct route *r)
{
	const bool *routes = arg;
	struct str pattern = { 0 };

	must(key.n > 0 && r->line > 0);
	for (size_t i = 0; i < key.n; i++)
		must(key.p[i] == to_lower(key.p[i]));
	routes_pattern(key, &pattern);
	must(pattern.n > 0);
	if (*routes)
		check_octets(r);
	if (*routes && (r->kind == ROUTE_HOP || r->kind == ROUTE_OWN))
		check_hop(r);
	str_free(&pattern);
	return true;
}

static void
complain(void *arg UNUSED, size_t line, size_t column, const char *sentence)
{
	must(line > 0 && column > 0 && sentence[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool routes = true;
	const struct routes_sink sink = { entry, complain, &routes };
	struct route r;

	must(routes_read(view_bytes(data, size), &sink));
	routes = false;
	must(routes_read_recipients(view_bytes(data, size), &sink));
	route_parse(view_bytes(data, size), &r);
	return 0;
}
