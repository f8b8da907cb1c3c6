/* SPDX-License-Identifier: ISC */
/*
 * dns_read - records, names and answers from octets
 *
 * Each reader takes the whole rdata of one record and refuses what is cut off
 * or has something behind it. Names with octets that no host or service name
 * has are refused, too: they end in commands, logs and paths.
 */
#include "lib/proc/dns.h"

bool
dns_name_ok(struct view name)
{
	size_t label = 0;

	if (name.n > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '.' && (label == 0 || i + 1 == name.n))
			return false;
		if (c != '.' && !is_alnum(c) && c != '-' && c != '_' &&
		    c != '/')
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return true;
}

void
dns_answer_of(const struct msg_resolved *m, struct arena *a,
    struct dns_answer *out)
{
	bool right = m->result >= DNS_FOUND && m->result <= DNS_FAILED &&
	    dns_name_ok(m->canonical) && list_ok(m->records, NULL) &&
	    (m->result == DNS_FOUND) == (m->records.n > 0);

	*out = (struct dns_answer){ .result = DNS_FAILED,
		.canonical = VIEW_NONE,
		.records = VIEW_NONE,
		.sentence = VIEW_LIT("the resolver answered with nonsense") };
	if (!right)
		return;
	out->result = m->result;
	out->secure = m->secure == 1;
	out->canonical = arena_view(a, m->canonical);
	out->ttl = m->ttl;
	out->records = arena_view(a, m->records);
	out->sentence = arena_view(a, m->sentence);
}

void
dns_reverse(const struct address16 *address, struct str *out)
{
	const unsigned char *o = address->octet;

	if (address16_is_v4(address)) {
		str_addf(out, "%u.%u.%u.%u.in-addr.arpa", o[15], o[14], o[13],
		    o[12]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		str_addf(out, "%x.%x.", o[i] & 15, o[i] >> 4);
	str_adds(out, "ip6.arpa");
}

/* ---- rdata ---- */

static bool
take_u8(struct view *v, uint8_t *out)
{
	if (v->n < 1)
		return false;
	*out = (uint8_t)v->p[0];
	*v = view_skip(*v, 1);
	return true;
}

static bool
take_u16(struct view *v, uint16_t *out)
{
	uint8_t high, low;

	if (!take_u8(v, &high) || !take_u8(v, &low))
		return false;
	*out = (uint16_t)(high << 8 | low);
	return true;
}

static bool
take_bytes(struct view *v, size_t n, struct view *out)
{
	if (v->n < n)
		return false;
	*out = view_bytes(v->p, n);
	*v = view_skip(*v, n);
	return true;
}

/* A label that is text already: lower case, with a dot before all but the
 * first. */
static bool
add_label(struct view label, struct str *name)
{
	if (name->n > 0)
		str_addc(name, '.');
	for (size_t i = 0; i < label.n; i++) {
		if (label.p[i] == '.')
			return false;
		str_addc(name, to_lower(label.p[i]));
	}
	return name->n <= DNS_NAME_MAX;
}

bool
dns_name(struct view rdata, struct arena *a, struct view *name)
{
	struct str text = { 0 };
	struct view label = VIEW_NONE;
	uint8_t n = 0;
	bool right;

	while ((right = take_u8(&rdata, &n)) && n > 0)
		if (n > 63 || !take_bytes(&rdata, n, &label) ||
		    !add_label(label, &text)) {
			right = false;
			break;
		}
	right = right && rdata.n == 0 && dns_name_ok(str_view(&text));
	if (right)
		*name = arena_view(a, str_view(&text));
	str_free(&text);
	return right;
}

bool
dns_mx(struct view rdata, struct arena *a, struct dns_mx *out)
{
	return take_u16(&rdata, &out->preference) &&
	    dns_name(rdata, a, &out->host);
}

bool
dns_address(enum dns_type type, struct view rdata, struct address16 *out)
{
	size_t n = type == DNS_A ? 4 : 16;

	if (rdata.n != n)
		return false;
	*out = (struct address16){ .octet = { [10] = 0xff, [11] = 0xff } };
	memcpy(out->octet + 16 - n, rdata.p, n);
	return true;
}

bool
dns_tlsa(struct view rdata, struct dns_tlsa *out)
{
	bool right = take_u8(&rdata, &out->usage) &&
	    take_u8(&rdata, &out->selector) && take_u8(&rdata, &out->matching);

	out->data = rdata;
	return right && rdata.n > 0;
}

bool
dns_txt(struct view rdata, struct arena *a, struct view *text)
{
	char *joined = arena_alloc(a, rdata.n);
	struct view piece;
	size_t used = 0;
	uint8_t n;

	if (rdata.n == 0)
		return false;
	while (rdata.n > 0) {
		if (!take_u8(&rdata, &n) || !take_bytes(&rdata, n, &piece))
			return false;
		memcpy(joined + used, piece.p, n);
		used += n;
	}
	*text = view_bytes(joined, used);
	return true;
}

bool
dns_srv(struct view rdata, struct arena *a, struct dns_srv *out)
{
	return take_u16(&rdata, &out->priority) &&
	    take_u16(&rdata, &out->weight) && take_u16(&rdata, &out->port) &&
	    dns_name(rdata, a, &out->host);
}
