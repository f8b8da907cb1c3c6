/* SPDX-License-Identifier: ISC */
/*
 * crc - CRC-32C, the checksum of records on disk
 */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include "lib/base/view.h"

/* Castagnoli polynomial, as iSCSI and ext4 have it (RFC 3720 B.4). Start with
 * 0, or with the result over what stands before. */
uint32_t crc32c(uint32_t crc, struct view v);
/* The same on a processor that has no instruction for it. */
uint32_t crc32c_by_table(uint32_t crc, struct view v);

#endif
