/* SPDX-License-Identifier: ISC */
/*
 * clock - reading the clocks; only the processor's takes a system call
 */
#include <time.h>

#include "lib/base/clock.h"

static int64_t
ms_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_ms(void)
{
	return ms_of(CLOCK_MONOTONIC);
}

int64_t
clock_cpu_ms(void)
{
	return ms_of(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t
clock_wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_wall(void)
{
	return clock_wall_us() / 1000000;
}
