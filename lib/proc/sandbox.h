/* SPDX-License-Identifier: ISC */
/*
 * sandbox - giving up every right that a program's table does not name
 *
 * Three steps, in this order, each in force for good: paths (no-new-privileges
 * and Landlock), user (the program's own, no capabilities; where Landlock is
 * missing, root gives a program without paths an empty root directory first),
 * calls (a seccomp allow-list). Threads are made between user and calls:
 * Landlock holds for threads that are made after it, seccomp is put on all of
 * them. A layer that the kernel lacks is skipped and named.
 */
#ifndef PROC_SANDBOX_H
#define PROC_SANDBOX_H

#include "lib/proc/service.h"

/* sandbox_paths() also looks up the user for sandbox_user().
 * Each adds a word to layers: "landlock=7", "no-landlock", ... */
void sandbox_paths(const struct program *p, const struct settings *s,
    struct str *layers);
void sandbox_user(const struct program *p, const struct settings *s,
    struct str *layers);
void sandbox_calls(const struct program *p, struct str *layers);

/* Print what the table says, for `PROGRAM --privileges`: lines "name value". */
void sandbox_print(const struct program *p);

#endif
