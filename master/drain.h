/* SPDX-License-Identifier: ISC */
/*
 * drain - mail that sendmail left in <spool_dir>/drop while nobody was there
 *
 * `sendmail --drain`, run as the user of queue, hands it in through the submit
 * socket like any other mail: at start, and every ten seconds while there is some.
 */
#ifndef MASTER_DRAIN_H
#define MASTER_DRAIN_H

#include <sys/types.h>

#include "lib/base/str.h"

/* Append the path of the command sendmail. */
void drain_sendmail(struct str *path);

void drain_begin(void);
void drain_end(void);
/* A process that is no child has ended. */
void drain_ended(pid_t pid, int status);

#endif
