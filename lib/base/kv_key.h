/* SPDX-License-Identifier: ISC */
/*
 * kv_key - composite keys that sort as their parts do
 *
 * Numbers are big-endian, so bytes compare as numbers. A text other than the
 * last part is closed by a NUL, which it must not contain. A key that does not
 * fit is marked full: nothing can be stored under it.
 */
#ifndef BASE_KV_KEY_H
#define BASE_KV_KEY_H

#include "lib/base/view.h"

struct kv_key {
	unsigned char p[1024];
	size_t n;
	bool full;
};

/* Each adds a part and returns k, for chaining. Begin with k->n = 0. */
struct kv_key *kv_key_u8(struct kv_key *k, uint8_t v);
struct kv_key *kv_key_u32(struct kv_key *k, uint32_t v);
struct kv_key *kv_key_u64(struct kv_key *k, uint64_t v);
struct kv_key *kv_key_text(struct kv_key *k, struct view v);
/* Without the closing NUL: the last part, or the beginning of one. */
struct kv_key *kv_key_tail(struct kv_key *k, struct view v);

static inline struct view
kv_key_view(const struct kv_key *k)
{
	return view_bytes(k->p, k->n);
}

/* Numbers back out of a key or a value; the caller has checked the length. */
uint32_t kv_read_u32(const char *p);
uint64_t kv_read_u64(const char *p);
void kv_write_u32(char *p, uint32_t v);
void kv_write_u64(char *p, uint64_t v);

#endif
