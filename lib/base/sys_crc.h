/* SPDX-License-Identifier: ISC */
/*
 * sys_crc - the processor's own CRC-32C
 */
#ifndef BASE_SYS_CRC_H
#define BASE_SYS_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Takes so many octets into a CRC that is not inverted, neither before nor
 * after. */
typedef uint32_t crc_step(uint32_t crc, const unsigned char *p, size_t n);

/* NULL where the processor, or this compilation, has no instruction for it. */
crc_step *sys_crc_step(void);

#endif
