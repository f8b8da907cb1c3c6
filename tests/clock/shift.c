/* SPDX-License-Identifier: ISC */
/*
 * shift - a wall clock that a test moves, in place of that of the C library
 *
 * Linked into each program, for its libraries, too. The seconds that it is ahead
 * stand in the file "clock" beside the program by the name that it was executed
 * with. That is mapped before anything else, as nothing can be opened once the
 * program is confined. The other clocks are the machine's.
 */
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/base.h"

typedef int reading(clockid_t clock, struct timespec *t);

static int64_t at_rest;
static volatile const int64_t *ahead = &at_rest;

__attribute__((constructor)) static void
map_shift(void)
{
	const char *self = (const char *)getauxval(AT_EXECFN);
	const char *slash = strrchr(self, '/');
	char path[4096];
	void *page;
	int fd;

	snprintf(path, sizeof(path), "%.*s/clock",
	    slash != NULL ? (int)(slash - self) : 1,
	    slash != NULL ? self : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (page != MAP_FAILED)
		ahead = page;
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	static reading *machine;
	int result;

	if (machine == NULL)
		machine = (reading *)dlsym(RTLD_NEXT, "clock_gettime");
	result = machine(clock, t);
	if (result == 0 && (clock == CLOCK_REALTIME ||
	    clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += *ahead;
	return result;
}

int
gettimeofday(struct timeval *restrict t, void *restrict zone UNUSED)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	*t = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *t)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	if (t != NULL)
		*t = now.tv_sec;
	return now.tv_sec;
}
