/* SPDX-License-Identifier: ISC */
/*
 * recover - one start after the other, each in a child
 */
#ifndef TESTS_CRASH_RECOVER_H
#define TESTS_CRASH_RECOVER_H

#include <sys/wait.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* For each path on standard input, one a line: run recover() on it in a child,
 * which prints what it found, then print "end STATUS" (0, or how it ended). */
static inline int
recover_each(int (*recover)(const char *path))
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		int status = -1;
		pid_t child;

		line[strcspn(line, "\n")] = '\0';
		fflush(stdout);
		child = fork();
		if (child == 0)
			_exit(recover(line));
		if (child > 0)
			waitpid(child, &status, 0);
		printf("end %d\n", status);
		fflush(stdout);
	}
	return 0;
}

#endif
