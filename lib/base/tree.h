/* SPDX-License-Identifier: ISC */
/*
 * tree - libbsd's red-black trees, with the static form that it lacks on Linux
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <bsd/sys/tree.h>

#include "lib/base/base.h"

#define TREE_GENERATE(name, type, field, cmp)                                  \
	RB_GENERATE_INTERNAL(name, type, field, cmp, static UNUSED)

#endif
