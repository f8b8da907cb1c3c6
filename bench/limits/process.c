/* SPDX-License-Identifier: ISC */
/*
 * process - processes: what a server pays that starts one for each session
 */
#include <sys/wait.h>
#include <unistd.h>

#include "bench/limits/limits.h"

static void child(bool exec)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork");
	if (pid == 0) {
		if (exec)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

void fork_exit(long n)
{
	(void)n;
	for (; time_is_left(); done++)
		child(false);
}

void fork_exec(long n)
{
	(void)n;
	for (; time_is_left(); done++)
		child(true);
}
