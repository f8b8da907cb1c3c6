/* SPDX-License-Identifier: ISC */
/*
 * disk - the disk: what is synced, one by one and in groups
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/limits/limits.h"

static void write_all(int fd, size_t size)
{
	if (write(fd, block, size) != (ssize_t)size)
		die("write");
}

void append_sync(long n)
{
	int fd = open_at("append", n, O_WRONLY | O_TRUNC);

	for (; time_is_left(); done++) {
		write_all(fd, BLOCK);
		if (fsync(fd) == -1)
			die("fsync");
	}
	close(fd);
}

/* A file that keeps its size: fdatasync has no inode to write. */
void overwrite_sync(long n)
{
	int fd = open_at("overwrite", n, O_WRONLY);
	const off_t size = 16 * MIB;

	for (off_t at = 0; at < size; at += MIB)
		if (pwrite(fd, block, MIB, at) != MIB)
			die("pwrite");
	fsync(fd);
	for (off_t at = 0; time_is_left(); at = (at + BLOCK) % size, done++)
		if (pwrite(fd, block, BLOCK, at) != BLOCK || fdatasync(fd) == -1)
			die("fdatasync");
	close(fd);
}

static void create_files(long n, bool sync_dir)
{
	char tmp[600], new[600];
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (long i = 0; time_is_left(); i++, done++) {
		snprintf(tmp, sizeof(tmp), "%s/tmp.%ld.%ld", dir, n, i);
		snprintf(new, sizeof(new), "%s/new.%ld.%ld", dir, n, i);
		int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd == -1)
			die(tmp);
		write_all(fd, BLOCK);
		if (fsync(fd) == -1 || rename(tmp, new) == -1 || (sync_dir && fsync(d) == -1))
			die(new);
		close(fd);
	}
	close(d);
}

void create(long n)
{
	create_files(n, false);
}

void create_sync_dir(long n)
{
	create_files(n, true);
}

/* Files that wait for one sync of everything, a hundred at a time: the wall of
 * whoever gives each message a file. */
void link_sync_dir(long n)
{
	char path[600];
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (long i = 0; time_is_left(); done++) {
		snprintf(path, sizeof(path), "%s/group.%ld.%ld", dir, n, i++);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd == -1)
			die(path);
		write_all(fd, BLOCK);
		close(fd);
		if (i % 100 == 0 && syncfs(d) == -1)
			die("syncfs");
	}
	close(d);
}

/* Writers append to one file; the one that finds no sync going on syncs for all. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t synced_more;
	long written, synced;
	int fd;
	bool syncing;
} group = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, -1, false };

static void sync_for_all(void)
{
	long written = group.written;

	group.syncing = true;
	pthread_mutex_unlock(&group.lock);
	if (fdatasync(group.fd) == -1)
		die("fdatasync");
	pthread_mutex_lock(&group.lock);
	group.syncing = false;
	group.synced = written;
	pthread_cond_broadcast(&group.synced_more);
}

void group_commit(long n)
{
	(void)n;
	for (; time_is_left(); done++) {
		pthread_mutex_lock(&group.lock);
		if (group.fd == -1)
			group.fd = open_at("group", 0, O_WRONLY | O_TRUNC | O_APPEND);
		write_all(group.fd, BLOCK);
		for (long mine = ++group.written; group.synced < mine;)
			if (group.syncing)
				pthread_cond_wait(&group.synced_more, &group.lock);
			else
				sync_for_all();
		pthread_mutex_unlock(&group.lock);
	}
}

/* MiB, the last sync included. */
void write_on(long n)
{
	int fd = open_at("long", n, O_WRONLY | O_TRUNC);

	for (int i = 0; i < 1024; i++, done++)
		write_all(fd, MIB);
	fsync(fd);
	close(fd);
}
