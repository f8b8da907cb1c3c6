/* SPDX-License-Identifier: ISC */
/*
 * serve - the table of users, kept in step with its file and told to router
 */
#ifndef AUTH_SERVE_H
#define AUTH_SERVE_H

#include "lib/proc/channel.h"

/* Files that stay open, work that needs rights: before confinement. */
void serve_prepare(void);
/* Open the index and look at the file; ends the program when the index cannot
 * be opened. */
void serve_begin(void);
/* Settings or the file have changed. */
void serve_changed(void);
/* A new link; router is told the users. */
void serve_linked(struct channel *c);

#endif
