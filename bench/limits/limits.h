/* SPDX-License-Identifier: ISC */
/*
 * limits - what this machine can do, whatever program asks for it
 *
 * A measurement is a function that some threads run until the time is over, and
 * that counts what it has done in done.
 */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

#include <stdatomic.h>
#include <stdbool.h>

#define BLOCK	4096
#define MIB	(1 << 20)

extern const char *dir;		/* to write in */
extern char block[MIB];		/* something to write */
extern atomic_long done;

bool time_is_left(void);
void die(const char *what) __attribute__((noreturn));
/* Opens dir/NAME.N, made when it is not there. */
int open_at(const char *name, long n, int flags);

/* n: which of the threads */
void append_sync(long n), overwrite_sync(long n), create(long n), create_sync_dir(long n),
    group_commit(long n), write_on(long n), link_sync_dir(long n);
void round_trip(long n), connect_round_trip(long n), pass_descriptor(long n);
void fork_exit(long n), fork_exec(long n);
void bdb_put(long n);
void handshake(long n);

/* Before the first of them. */
void echo_start(void);
void bdb_start(void);
void tls_start(void);

#endif
