/* SPDX-License-Identifier: ISC */
/*
 * control - the administrator's socket, <run_dir>/control
 *
 * Speaks messages.def with `posthouse` as role ctl. Only root and the user that
 * master runs as are heard.
 */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

#include "lib/base/str.h"

bool control_open(const char *run_dir, struct str *error);
/* Nobody new; those who are here stay until master ends. */
void control_close(void);

#endif
