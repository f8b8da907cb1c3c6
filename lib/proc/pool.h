/* SPDX-License-Identifier: ISC */
/*
 * pool - threads for calls that block in the kernel: fsync, crypt
 *
 * The threads are made by pool_start() before confinement. A job runs fn(arg)
 * in a thread; it may touch nothing but its arg. Nothing else in a program is
 * ever run outside the main thread.
 */
#ifndef PROC_POOL_H
#define PROC_POOL_H

#include "lib/base/base.h"

void pool_start(unsigned threads);
/* Run fn(arg) in a thread and wait for its end in the calling fiber. Not
 * cancellable: the job owns arg until it is done. */
void pool_call(void (*fn)(void *), void *arg);
/* The same for n jobs at once: fn on each of args[0..n-1], all in parallel. */
void pool_map(void (*fn)(void *), void **args, size_t n);
/* From the loop or a fiber: run fn in a thread, then done(arg) on the loop. */
void pool_submit(void (*fn)(void *), void (*done)(void *), void *arg);

#endif
