/* SPDX-License-Identifier: ISC */
/*
 * process - what the kernel says about a running process
 */
#ifndef CTL_PROCESS_H
#define CTL_PROCESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* From /proc/PID/status: user, uid, gid, groups, no_new_privileges, seccomp,
 * capabilities. NULL when the process has gone. */
json_t *process_rights(uint32_t pid);
/* From /proc/PID/fd: objects of fd and what. NULL when this may not be seen. */
json_t *process_descriptors(uint32_t pid);

#endif
