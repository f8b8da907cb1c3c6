/* SPDX-License-Identifier: ISC */
/*
 * system_users - who of the system gets mail, for router
 *
 * router sees no file of the system. master reads the names of /etc/passwd and
 * hands them over, at its start, at a reload, and when the file has changed.
 */
#ifndef MASTER_SYSTEM_USERS_H
#define MASTER_SYSTEM_USERS_H

#include "master/child.h"

/* Hand them to a process of router. */
void system_users_give(struct child *c);
/* To router when it runs: the settings have changed. */
void system_users_changed(void);
/* Look after the file from now on. */
void system_users_begin(void);

#endif
