/* SPDX-License-Identifier: ISC */
/*
 * bytes - numbers and texts in records on disk, written and read
 *
 * Big-endian, counted texts. The reader is sticky: after the first thing that
 * does not fit it gives zeros and empty texts, and `bad` is asked once at the
 * end. Nothing is copied: texts point into the record.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "lib/base/str.h"

void put_u8(struct str *s, unsigned n);
void put_u16(struct str *s, unsigned n);
void put_u32(struct str *s, uint32_t n);
void put_u64(struct str *s, uint64_t n);
/* At most 65535 octets: a longer text is a bug of the caller. */
void put_text(struct str *s, struct view v);

struct bytes {
	struct view rest;
	bool bad;
};

uint8_t get_u8(struct bytes *b);
uint16_t get_u16(struct bytes *b);
uint32_t get_u32(struct bytes *b);
uint64_t get_u64(struct bytes *b);
struct view get_text(struct bytes *b);
/* Is there more to read? False when bad. */
bool get_more(const struct bytes *b);

#endif
