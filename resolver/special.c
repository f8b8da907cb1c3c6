/* SPDX-License-Identifier: ISC */
/*
 * special - a table of names, and the look of an address
 */
#include "resolver/special.h"

#define NONE	0	/* in place of a type: there is no such name */
#define TTL	3600

#define RDATA(s) { "" s, sizeof(s) - 1 }

static const struct {
	const char *name;	/* and all below it */
	unsigned type;
	struct view rdata;
} rows[] = {
	{ "localhost", DNS_A, RDATA("\x7f\0\0\1") },
	{ "localhost", DNS_AAAA, RDATA("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1") },
	{ "1.0.0.127.in-addr.arpa", DNS_PTR, RDATA("\x09" "localhost\0") },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	  "ip6.arpa", DNS_PTR, RDATA("\x09" "localhost\0") },
	{ "invalid", NONE, { 0 } },
	{ "onion", NONE, { 0 } },
};

static bool
is_below(struct view name, const char *top)
{
	struct view v = view_of(top);

	return view_ends(name, v) && (name.n == v.n ||
	    name.p[name.n - v.n - 1] == '.');
}

/* Digits alone behind the last dot: an address, or a mistaken one. */
static bool
is_number(struct view name)
{
	size_t dot = view_rfind(name, '.');
	struct view last = dot < name.n ? view_skip(name, dot + 1) : name;
	uint64_t n;

	return view_u64(last, UINT64_MAX, &n);
}

bool
special_answer(const struct question *q, struct arena *a,
    struct dns_answer *answer)
{
	struct str records = { 0 };
	bool known = is_number(q->name), exists = false;

	for (size_t i = 0; i < nitems(rows); i++) {
		if (!is_below(q->name, rows[i].name))
			continue;
		known = true;
		exists = exists || rows[i].type != NONE;
		if (rows[i].type == q->type)
			list_put(&records, rows[i].rdata);
	}
	*answer = (struct dns_answer){ .result = records.n > 0 ? DNS_FOUND :
		    exists ? DNS_NO_DATA : DNS_NO_NAME,
		.canonical = q->name,
		.ttl = TTL,
		.records = arena_view(a, str_view(&records)),
		.sentence = VIEW_NONE };
	str_free(&records);
	return known;
}
