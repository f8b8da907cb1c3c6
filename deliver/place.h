/* SPDX-License-Identifier: ISC */
/*
 * place - where a file may be written to
 *
 * The path stands in a file of root's; what is at its end may be anybody's
 * work. Written to is only a regular file of our own with no other name, that
 * nobody executes and not everybody writes, in directories whose names not
 * everybody can change.
 */
#ifndef DELIVER_PLACE_H
#define DELIVER_PLACE_H

#include <sys/types.h>

#include "lib/base/str.h"
#include "lib/base/why.h"

/* Open the directory in which path is; base becomes its last name, which points
 * into path. All on the way is looked at. -1 with w (LATER). */
int place_directory(const char *path, const char **base, struct why *w);
/* Open a file in it for reading and appending; it is made if it is not there, and
 * made then says so. -1 with w (LATER). */
int place_file(int dir, const char *base, bool *made, struct why *w);
/* Is it still what stands there under this name, and nowhere else? */
bool place_is_there(int dir, const char *base, int fd);
/* Open a directory that is our own, in dir; it is made if it is not there. */
int place_own_directory(int dir, const char *name, struct why *w);

/* LATER with the status that errno deserves, and its text behind what. */
bool place_errno(struct why *w, const char *what);

#endif
