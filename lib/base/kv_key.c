/* SPDX-License-Identifier: ISC */
/*
 * kv_key - building composite keys byte by byte
 */
#include <endian.h>

#include "lib/base/kv_key.h"

static struct kv_key *
add(struct kv_key *k, const void *p, size_t n)
{
	if (k->full || n > sizeof(k->p) - k->n) {
		k->full = true;
		return k;
	}
	if (n > 0)
		memcpy(k->p + k->n, p, n);
	k->n += n;
	return k;
}

struct kv_key *
kv_key_u8(struct kv_key *k, uint8_t v)
{
	return add(k, &v, sizeof(v));
}

struct kv_key *
kv_key_u32(struct kv_key *k, uint32_t v)
{
	v = htobe32(v);
	return add(k, &v, sizeof(v));
}

struct kv_key *
kv_key_u64(struct kv_key *k, uint64_t v)
{
	v = htobe64(v);
	return add(k, &v, sizeof(v));
}

struct kv_key *
kv_key_text(struct kv_key *k, struct view v)
{
	if (view_find(v, '\0') < v.n)
		k->full = true;
	return add(add(k, v.p, v.n), "", 1);
}

struct kv_key *
kv_key_tail(struct kv_key *k, struct view v)
{
	return add(k, v.p, v.n);
}

uint32_t
kv_read_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

uint64_t
kv_read_u64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

void
kv_write_u32(char *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

void
kv_write_u64(char *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}
