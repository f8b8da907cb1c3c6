/* SPDX-License-Identifier: ISC */
/*
 * loop - between fiber.c and the files that it works with; not for programs
 */
#ifndef PROC_LOOP_H
#define PROC_LOOP_H

#include "lib/proc/fiber.h"

/* Run the ready fibers. True when there were any. */
bool fibers_run(void);
/* The same as loop_defer(), but after everything else of the turn: where what
 * the turn has written is sent. */
void loop_last(void (*fn)(void *), void *arg);
/* Milliseconds until the next deadline of a fiber is handled by this. */
void fibers_expire(void *unused);
/* Arm the loop's timer for a fiber deadline. */
void loop_arm(int64_t deadline);

#endif
