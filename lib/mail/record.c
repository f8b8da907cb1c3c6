/* SPDX-License-Identifier: ISC */
/*
 * record - packing an index record, and the names of flags
 *
 * The byte order is written out with shifts; compilers make one instruction of
 * it, and neither alignment nor the host's order matters.
 */
#include "lib/mail/record.h"

static const struct {
	uint32_t bit;
	const char *name;
	char letter;
} flags[] = {
	{ FLAG_SEEN, "\\Seen", 'S' },
	{ FLAG_ANSWERED, "\\Answered", 'R' },
	{ FLAG_FLAGGED, "\\Flagged", 'F' },
	{ FLAG_DELETED, "\\Deleted", 'T' },
	{ FLAG_DRAFT, "\\Draft", 'D' },
	{ FLAG_RECENT, "\\Recent", 0 },
};

static void
put32(uint8_t *to, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
}

static void
put64(uint8_t *to, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static uint64_t
get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

void
record_put(uint8_t *to, const struct record *r)
{
	put32(to, r->uid);
	put32(to + 4, r->flags);
	put64(to + 8, r->keywords);
	put64(to + 16, r->modseq);
	put64(to + 24, r->size);
	put64(to + 32, (uint64_t)r->date);
	put64(to + 40, (uint64_t)r->saved);
	put64(to + 48, r->content);
}

void
record_get(const uint8_t *from, struct record *r)
{
	r->uid = get32(from);
	r->flags = get32(from + 4);
	r->keywords = get64(from + 8);
	r->modseq = get64(from + 16);
	r->size = get64(from + 24);
	r->date = (int64_t)get64(from + 32);
	r->saved = (int64_t)get64(from + 40);
	r->content = get64(from + 48);
}

uint32_t
record_uid(const uint8_t *from)
{
	return get32(from);
}

uint32_t
record_flags(const uint8_t *from)
{
	return get32(from + 4);
}

uint64_t
record_modseq(const uint8_t *from)
{
	return get64(from + 16);
}

size_t
record_count(struct view v)
{
	return v.n / RECORD_SIZE;
}

void
record_at(struct view v, size_t i, struct record *r)
{
	must(i < record_count(v));
	record_get((const uint8_t *)v.p + i * RECORD_SIZE, r);
}

size_t
record_find(struct view v, uint32_t uid)
{
	const uint8_t *p = (const uint8_t *)v.p;
	size_t low = 0, high = record_count(v);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (record_uid(p + mid * RECORD_SIZE) < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t
flag_parse(struct view name)
{
	for (size_t i = 0; i < nitems(flags); i++)
		if (view_isi(name, flags[i].name))
			return flags[i].bit;
	return 0;
}

const char *
flag_name(uint32_t bit)
{
	for (size_t i = 0; i < nitems(flags); i++)
		if (flags[i].bit == bit)
			return flags[i].name;
	return NULL;
}

char
flag_letter(uint32_t bit)
{
	for (size_t i = 0; i < nitems(flags); i++)
		if (flags[i].bit == bit)
			return flags[i].letter;
	return 0;
}

uint32_t
flag_of_letter(char letter)
{
	for (size_t i = 0; i < nitems(flags); i++)
		if (letter != 0 && flags[i].letter == letter)
			return flags[i].bit;
	return 0;
}

void
flag_letters(uint32_t set, uint64_t keywords, struct str *out)
{
	static const uint32_t order[] = { FLAG_DRAFT, FLAG_FLAGGED,
		FLAG_ANSWERED, FLAG_SEEN, FLAG_DELETED };

	for (size_t i = 0; i < nitems(order); i++)
		if (set & order[i])
			str_addc(out, flag_letter(order[i]));
	for (unsigned i = 0; i < LETTER_KEYWORDS; i++)
		if (keywords & UINT64_C(1) << i)
			str_addc(out, (char)('a' + i));
}
