/* SPDX-License-Identifier: ISC */
/*
 * message_file - a message becomes a file
 */
#ifndef CTL_MESSAGE_FILE_H
#define CTL_MESSAGE_FILE_H

#include <sys/stat.h>

#include "lib/base/view.h"

/* A new file in this directory, as old as the message (seconds since 1970); owner:
 * whose it is to be when we are root, or NULL. False with errno set. */
bool message_file_write(int dir, const char *name, struct view text,
    int64_t date, const struct stat *owner);

#endif
