/* SPDX-License-Identifier: ISC */
/*
 * usage - what a user keeps and may keep, for him and the administrator
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "store/link.h"

bool usage_get(struct request *r, struct why *w);

#endif
