/* SPDX-License-Identifier: ISC */
/*
 * bridge - an SMTP session on standard input and output (-bs)
 */
#ifndef SENDMAIL_BRIDGE_H
#define SENDMAIL_BRIDGE_H

/* Until either side ends. Returns an exit status. */
int bridge_run(const char *run_dir);

#endif
