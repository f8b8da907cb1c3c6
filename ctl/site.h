/* SPDX-License-Identifier: ISC */
/*
 * site - the files of a new site, changed as text
 */
#ifndef CTL_SITE_H
#define CTL_SITE_H

#include <sys/types.h>

#include "lib/base/str.h"

/* Give a setting its value, outside sections: in place of the line that sets it,
 * or of the one that shows it in a comment ("#name = ..."), or else in front. */
void site_set(struct str *text, const char *name, const char *value);
/* Has the text a [listener NAME] section? */
bool site_has_listener(struct view text);
/* Add a line at the end of a file that is made if there is none, and is the old
 * or the new one after a crash; its mode stays. False with errno. */
bool site_add_line(const char *path, mode_t mode, struct view line);

#endif
