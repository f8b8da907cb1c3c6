/* SPDX-License-Identifier: ISC */
/*
 * limits - what this machine can do, whatever program asks for it
 *
 *   limits DIRECTORY [prefix of a name]
 *
 * Prints a line for each measurement: its name, how many threads, times a second.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "bench/limits/limits.h"

#define SECONDS		2
#define THREADS_MAX	64

const char *dir;
char block[MIB];
atomic_long done;

static void (*measured)(long n);
static double end;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool time_is_left(void)
{
	return now() < end;
}

void die(const char *what)
{
	perror(what);
	exit(EX_OSERR);
}

int open_at(const char *name, long n, int flags)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s.%ld", dir, name, n);
	int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		die(path);
	return fd;
}

static void *run(void *arg)
{
	measured((intptr_t)arg);
	return NULL;
}

static double rate(void (*fn)(long n), int threads)
{
	pthread_t t[THREADS_MAX];
	double start = now();

	done = 0;
	measured = fn;
	end = start + SECONDS;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, run, (void *)(intptr_t)i) != 0)
			die("pthread_create");
	for (int i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	return (double)done / (now() - start);
}

static const struct {
	const char *name;
	void (*fn)(long n);
	int threads[4];		/* 0: no more */
} table[] = {
	{ "append_sync", append_sync, { 1, 8, 32 } },
	{ "overwrite_datasync", overwrite_sync, { 1 } },
	{ "create_sync_rename", create, { 1, 8, 32, 64 } },
	{ "create_sync_rename_dirsync", create_sync_dir, { 1, 8, 32, 64 } },
	{ "create_100_syncfs", link_sync_dir, { 1, 2 } },
	{ "group_datasync", group_commit, { 1, 8, 32, 64 } },
	{ "write_mib", write_on, { 1 } },
	{ "tcp_round_trip", round_trip, { 1, 8 } },
	{ "tcp_connect_round_trip", connect_round_trip, { 8 } },
	{ "descriptor_round_trip", pass_descriptor, { 1 } },
	{ "fork_exit", fork_exit, { 1, 2 } },
	{ "fork_exec", fork_exec, { 1, 2 } },
	{ "bdb_put_nosync", bdb_put, { 1 } },
	{ "tls_handshake", handshake, { 1, 2 } },
};

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fputs("usage: limits directory [name]\n", stderr);
		return EX_USAGE;
	}
	dir = argv[1];
	memset(block, 'm', sizeof(block));
	echo_start();
	bdb_start();
	tls_start();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (argc == 3 && strncmp(argv[2], table[i].name, strlen(argv[2])) != 0)
			continue;
		for (size_t j = 0; j < 4 && table[i].threads[j] > 0; j++) {
			printf("%s threads=%d rate=%.0f\n", table[i].name, table[i].threads[j],
			    rate(table[i].fn, table[i].threads[j]));
			fflush(stdout);
		}
	}
	return 0;
}
