/* SPDX-License-Identifier: ISC */
/*
 * sum - a quick checksum against damage, several octets a cycle
 *
 * It finds what a crash or a disk leaves of a block, not what somebody made on
 * purpose. The same on every machine; no standard.
 */
#ifndef BASE_SUM_H
#define BASE_SUM_H

#include "lib/base/view.h"

uint64_t sum64(struct view v);

#endif
