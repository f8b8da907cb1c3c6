/* SPDX-License-Identifier: ISC */
/*
 * packet - names with pointers, records, and the way along CNAMEs
 *
 * All records are collected first, names in full; then the answer is looked for
 * among them, so that their order does not matter. A pointer must point to
 * before the name that it stands in, so a name ends whatever it says.
 */
#include "resolver/packet.h"

#define HEAD		12
#define STEPS_MOST	16	/* CNAMEs in a row */
#define WIRE_MAX	255	/* octets of a name */
#define CLASS_IN	1
#define TYPE_OPT	41

enum { FLAG_QR = 0x8000, FLAG_TC = 0x0200, FLAG_RD = 0x0100, FLAG_AD = 0x0020 };

/* Where names stand in the rdata of the types that may compress them (RFC 3597
 * 4): so many octets in front, so many names. SRV is not allowed to, and some do
 * it all the same. */
static const struct {
	unsigned type;
	size_t before, names;
} compressed[] = {
	{ DNS_NS, 0, 1 },
	{ DNS_CNAME, 0, 1 },
	{ DNS_SOA, 0, 2 },
	{ DNS_PTR, 0, 1 },
	{ DNS_MX, 2, 1 },
	{ DNS_SRV, 6, 1 },
};

struct record {
	struct record *next;
	struct view owner;	/* text */
	unsigned type;
	uint32_t ttl;
	struct view rdata;
};

struct reader {
	struct view all;
	size_t at;
	bool bad;		/* sticky: something was cut off or wrong */
	struct arena *arena;
};

static uint32_t
take(struct reader *r, size_t octets)
{
	uint32_t n = 0;

	if (r->bad || r->all.n - r->at < octets) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < octets; i++)
		n = n << 8 | (unsigned char)r->all.p[r->at + i];
	r->at += octets;
	return n;
}

/* ---- names ---- */

/* Append the name at r->at as octets without pointers. */
static void
take_wire(struct reader *r, struct str *wire)
{
	struct reader walk = *r;
	size_t start = wire->n, lowest = r->at;
	bool jumped = false;
	uint32_t n;

	while ((n = take(&walk, 1)) != 0) {
		if (n >= 0xc0) {
			size_t to = (n & 0x3f) << 8 | take(&walk, 1);

			if (!jumped)
				r->at = walk.at;
			jumped = true;
			walk.bad |= to >= lowest;
			walk.at = lowest = walk.bad ? 0 : to;
			continue;
		}
		if (n > 63 || walk.bad || walk.all.n - walk.at < n ||
		    wire->n - start + n + 2 > WIRE_MAX) {
			walk.bad = true;
			break;
		}
		str_addn(wire, walk.all.p + walk.at - 1, n + 1);
		walk.at += n;
	}
	str_addc(wire, '\0');
	if (!jumped)
		r->at = walk.at;
	r->bad |= walk.bad;
}

/* The name as text. A strange one is no mistake of the packet: NULL. */
static struct view
take_name(struct reader *r)
{
	struct view text = { 0 };
	struct str wire = { 0 };

	take_wire(r, &wire);
	if (r->bad || !dns_name(str_view(&wire), r->arena, &text))
		text = (struct view){ 0 };
	str_free(&wire);
	return text;
}

/* ---- records ---- */

static struct view
take_rdata(struct reader *r, unsigned type)
{
	size_t n = take(r, 2), end = r->at + n, i = 0;
	struct str full = { 0 };
	struct view rdata = VIEW_NONE;

	if (r->bad || r->all.n - r->at < n) {
		r->bad = true;
		return rdata;
	}
	while (i < nitems(compressed) && compressed[i].type != type)
		i++;
	if (i < nitems(compressed) && n > compressed[i].before) {
		str_addn(&full, r->all.p + r->at, compressed[i].before);
		r->at += compressed[i].before;
		for (size_t k = 0; k < compressed[i].names; k++)
			take_wire(r, &full);
		r->bad |= r->at > end;
	}
	if (!r->bad)
		str_addn(&full, r->all.p + r->at, end - r->at);
	r->at = end;
	rdata = arena_view(r->arena, str_view(&full));
	str_free(&full);
	return rdata;
}

/* So many records, behind the last one of the list. */
static void
take_records(struct reader *r, uint32_t count, struct record ***last)
{
	while (count-- > 0 && !r->bad) {
		struct record *one = arena_zalloc(r->arena, sizeof(*one));
		unsigned class;

		one->owner = take_name(r);
		one->type = take(r, 2);
		class = take(r, 2);
		one->ttl = take(r, 4);
		one->rdata = take_rdata(r, one->type);
		if (r->bad || one->owner.p == NULL || class != CLASS_IN ||
		    one->type == TYPE_OPT)
			continue;
		if (one->ttl > INT32_MAX)
			one->ttl = 0;	/* RFC 2181 8 */
		**last = one;
		*last = &one->next;
	}
}

/* ---- the answer among them ---- */

static void
lower_ttl(struct dns_answer *answer, uint32_t ttl)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* Records of one name and type as a list; how many. */
static size_t
collect(const struct record *r, const struct question *q, struct str *list,
    struct dns_answer *answer)
{
	size_t n = 0;

	for (; r != NULL; r = r->next)
		if (r->type == q->type && view_eq(r->owner, q->name)) {
			list_put(list, r->rdata);
			lower_ttl(answer, r->ttl);
			n++;
		}
	return n;
}

static const struct record *
alias_of(const struct record *r, struct view name)
{
	while (r != NULL && !(r->type == DNS_CNAME && view_eq(r->owner, name)))
		r = r->next;
	return r;
}

/* RFC 2308 5: the lesser of the SOA's TTL and its last field. */
static void
negative_ttl(const struct record *r, struct dns_answer *answer)
{
	struct reader minimum = { 0 };

	while (r != NULL && r->type != DNS_SOA)
		r = r->next;
	if (r == NULL || r->rdata.n < 4) {
		answer->ttl = 0;
		return;
	}
	minimum.all = view_skip(r->rdata, r->rdata.n - 4);
	lower_ttl(answer, r->ttl);
	lower_ttl(answer, take(&minimum, 4));
}

static void
fail(struct dns_answer *answer, struct view sentence)
{
	*answer = (struct dns_answer){ .result = DNS_FAILED,
		.canonical = VIEW_NONE,
		.records = VIEW_NONE,
		.sentence = sentence };
}

static void
find(struct reader *r, const struct record *all, struct question q,
    struct dns_answer *answer)
{
	struct str list = { 0 };
	const struct record *alias;
	int steps = 0;

	while (collect(all, &q, &list, answer) == 0 &&
	    (alias = alias_of(all, q.name)) != NULL) {
		lower_ttl(answer, alias->ttl);
		if (++steps > STEPS_MOST) {
			fail(answer, VIEW_LIT("too many CNAMEs in a row"));
			return;
		}
		if (!dns_name(alias->rdata, r->arena, &q.name)) {
			fail(answer, VIEW_LIT("a CNAME with a strange name"));
			return;
		}
	}
	answer->canonical = q.name;
	answer->records = arena_view(r->arena, str_view(&list));
	if (list.n > 0)
		answer->result = DNS_FOUND;
	else
		negative_ttl(all, answer);
	str_free(&list);
}

static const struct {
	unsigned rcode;
	const char *name;
} rcodes[] = {
	{ 1, "FORMERR" },
	{ 2, "SERVFAIL" },
	{ 4, "NOTIMP" },
	{ 5, "REFUSED" },
};

void
packet_refused(unsigned rcode, struct arena *a, struct dns_answer *answer)
{
	for (size_t i = 0; i < nitems(rcodes); i++)
		if (rcodes[i].rcode == rcode) {
			fail(answer, view_of(arena_printf(a,
			    "the name server says %s", rcodes[i].name)));
			return;
		}
	fail(answer, view_of(arena_printf(a,
	    "the name server answers with code %u", rcode)));
}

static bool
is_asked(struct reader *r, const struct question *q)
{
	struct view name = take_name(r);
	unsigned type = take(r, 2), class = take(r, 2);

	return !r->bad && name.p != NULL && view_eq(name, q->name) &&
	    type == q->type && class == CLASS_IN;
}

bool
packet_read(struct view octets, const struct question *q, struct arena *a,
    struct packet *p, struct dns_answer *answer)
{
	struct reader r = { octets, 0, false, a };
	struct record *all = NULL, **last = &all;
	unsigned flags, questions, answers, authority;

	p->id = (uint16_t)take(&r, 2);
	flags = take(&r, 2);
	questions = take(&r, 2);
	answers = take(&r, 2);
	authority = take(&r, 2);
	take(&r, 2);
	p->cut = flags & FLAG_TC;
	p->authentic = flags & FLAG_AD;
	p->rcode = flags & 15;
	if (r.bad || !(flags & FLAG_QR) || questions != 1 || !is_asked(&r, q))
		return false;
	fail(answer, VIEW_LIT("the answer is too long"));
	if (p->cut)
		return true;
	take_records(&r, answers, &last);
	take_records(&r, authority, &last);
	if (r.bad)
		return false;
	*answer = (struct dns_answer){ .result = p->rcode == 3 ?
		    DNS_NO_NAME : DNS_NO_DATA,
		.ttl = UINT32_MAX,
		.sentence = VIEW_NONE };
	if (p->rcode == 0 || p->rcode == 3)
		find(&r, all, *q, answer);
	else
		packet_refused(p->rcode, a, answer);
	return true;
}

/* ---- the question ---- */

static void
put_u16(struct str *out, unsigned n)
{
	str_addc(out, (char)(n >> 8));
	str_addc(out, (char)n);
}

void
packet_put(const struct question *q, uint16_t id, struct str *out)
{
	struct view rest = q->name;

	put_u16(out, id);
	put_u16(out, FLAG_RD | FLAG_AD);
	put_u16(out, 1);
	put_u16(out, 0);
	put_u16(out, 0);
	put_u16(out, 1);
	while (rest.n > 0) {
		struct view label = view_cut(&rest, '.');

		str_addc(out, (char)label.n);
		str_add(out, label);
	}
	str_addc(out, '\0');
	put_u16(out, q->type);
	put_u16(out, CLASS_IN);
	/* the pseudo record of EDNS, without options (RFC 6891 6.1) */
	str_addc(out, '\0');
	put_u16(out, TYPE_OPT);
	put_u16(out, PACKET_UDP);
	put_u16(out, 0);
	put_u16(out, 0);
	put_u16(out, 0);
}
