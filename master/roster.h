/* SPDX-License-Identifier: ISC */
/*
 * roster - all children: who must be there
 *
 * Starts and stops processes of session programs as clients come and go, and
 * hears what all processes have to say.
 */
#ifndef MASTER_ROSTER_H
#define MASTER_ROSTER_H

#include "master/child.h"

TAILQ_HEAD(children, child);

/* Start what the settings ask for and is not there; say nothing to those whose
 * work has gone, they leave when idle. */
void roster_fill(void);
struct children *roster(void);
/* Numbers for processes and for ctl's visits; never used twice. */
uint32_t roster_next_process(void);
/* Open the control channel of a child. */
struct channel *roster_channel(struct child *c, int fd);
void roster_remove(struct child *c);
struct child *roster_find(unsigned role, uint32_t instance);
/* The child with this process, when it is there and can be spoken to. */
struct child *roster_process(uint32_t process);
/* Every child that is wanted is running. */
bool roster_is_ready(void);
/* Tell all of the stage to stop; how many of them are left. */
void roster_stop_stage(enum stage stage, uint32_t grace);
size_t roster_stage_count(enum stage stage);
/* Collect what has ended (SIGCHLD). */
void roster_reap(void);
/* Look after idle processes from now on. */
void roster_begin(void);

#endif
