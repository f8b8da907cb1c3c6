/* SPDX-License-Identifier: ISC */
/*
 * roster - all children: who must be there, who is linked to whom
 *
 * Hands settings, listeners and links to a process that says hello, and starts
 * or stops processes of session programs as clients come and go.
 */
#ifndef MASTER_ROSTER_H
#define MASTER_ROSTER_H

#include "master/child.h"

TAILQ_HEAD(children, child);

/* Start what the settings ask for and is not there; say nothing to those whose
 * work has gone, they leave when idle. */
void roster_fill(void);
const struct children *roster(void);
/* Numbers for processes and for ctl's visits; never used twice. */
uint32_t roster_next_process(void);
/* Open the control channel of a child. */
struct channel *roster_channel(struct child *c, int fd);
void roster_remove(struct child *c);
struct child *roster_find(unsigned role, uint32_t instance);
/* Link a child to somebody: the other end of the link, -1 when that fails. */
int roster_link(struct child *c, const struct peer_id *other);
/* Every child that is wanted is running. */
bool roster_is_ready(void);
/* Tell all of the stage to stop; how many of them are left. */
void roster_stop_stage(enum stage stage, uint32_t grace);
size_t roster_stage_count(enum stage stage);
/* Collect what has ended (SIGCHLD). */
void roster_reap(void);
/* New settings: tell everyone; was: those in force before. */
void roster_tell_settings(const struct settings *was);
/* Tables have changed on disk. */
void roster_tell_drain(void);
/* Look after idle processes from now on. */
void roster_begin(void);

#endif
