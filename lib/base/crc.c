/* SPDX-License-Identifier: ISC */
/*
 * crc - CRC-32C, by the processor's own instruction where it has one
 *
 * Every octet of a small mail goes through here on its way into a journal. A
 * table of 256 entries takes a byte at a time, some 8 us for 4 KiB; the
 * instruction eight at a time, half a microsecond. Which of them it is is
 * decided once, by the constructor, before there are threads.
 */
#include "lib/base/crc.h"
#include "lib/base/sys_crc.h"

#define POLYNOMIAL 0x82f63b78u	/* reflected */

static uint32_t table[256];

static uint32_t
by_table(uint32_t crc, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
	return crc;
}

static crc_step *step = by_table;

static void __attribute__((constructor))
crc_choose(void)
{
	for (uint32_t i = 0; i < nitems(table); i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
		table[i] = c;
	}
	if (sys_crc_step() != NULL)
		step = sys_crc_step();
}

uint32_t
crc32c(uint32_t crc, struct view v)
{
	return ~step(~crc, (const unsigned char *)v.p, v.n);
}

uint32_t
crc32c_by_table(uint32_t crc, struct view v)
{
	return ~by_table(~crc, (const unsigned char *)v.p, v.n);
}
