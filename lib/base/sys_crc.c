/* SPDX-License-Identifier: ISC */
/*
 * sys_crc - eight octets at a time on x86-64
 */
#include <string.h>

#include "lib/base/sys_crc.h"

#ifdef __x86_64__
static uint32_t __attribute__((target("sse4.2")))
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t wide = crc, word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; n > 0; p++, n--)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}

crc_step *
sys_crc_step(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("sse4.2") ? by_instruction : NULL;
}
#else
crc_step *
sys_crc_step(void)
{
	return NULL;
}
#endif
