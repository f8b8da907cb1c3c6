/* SPDX-License-Identifier: ISC */
/*
 * crc - CRC-32C with one table of 256 entries
 *
 * A few hundred octets per mail, in a thread of the pool: a byte at a time is
 * fast enough. The table is made at the first call of crc_table(), which the
 * constructor makes before there are threads.
 */
#include "lib/base/crc.h"

#define POLYNOMIAL 0x82f63b78u	/* reflected */

static uint32_t table[256];

static void __attribute__((constructor))
crc_table(void)
{
	for (uint32_t i = 0; i < nitems(table); i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
		table[i] = c;
	}
}

uint32_t
crc32c(uint32_t crc, struct view v)
{
	crc = ~crc;
	for (size_t i = 0; i < v.n; i++)
		crc = crc >> 8 ^ table[(crc ^ (unsigned char)v.p[i]) & 255];
	return ~crc;
}
