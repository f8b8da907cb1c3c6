/* SPDX-License-Identifier: ISC */
/*
 * clock - the two times: monotonic for waiting, wall for naming
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some start, never going back; for deadlines. */
int64_t clock_ms(void);
/* Time that this process has had of the processor: what others do is not in it. */
int64_t clock_cpu_ms(void);
/* Microseconds since 1970, may jump; for dates and names. */
int64_t clock_wall_us(void);
/* Seconds since 1970. */
int64_t clock_wall(void);

#define DEADLINE_NEVER	INT64_MAX
static inline int64_t
deadline_in(int64_t ms)
{
	return clock_ms() + ms;
}

#endif
