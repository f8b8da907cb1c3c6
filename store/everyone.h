/* SPDX-License-Identifier: ISC */
/*
 * everyone - the users that have a directory
 */
#ifndef STORE_EVERYONE_H
#define STORE_EVERYONE_H

#include "lib/base/str.h"

struct everyone {
	struct str users;	/* canonical names, as list_put */
	int error;
};
/* Read mail_dir; for a thread of the pool. */
void everyone_run(void *arg);

#endif
