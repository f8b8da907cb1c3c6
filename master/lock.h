/* SPDX-License-Identifier: ISC */
/*
 * lock - one master for a run directory
 *
 * The lock is on <run_dir>/master.pid and goes with the process, however it
 * ends; the number in the file is for people and scripts.
 */
#ifndef MASTER_LOCK_H
#define MASTER_LOCK_H

#include "lib/base/str.h"

/* False with a sentence when another master holds it. */
bool lock_take(const char *run_dir, struct str *error);
void lock_remove(void);

#endif
