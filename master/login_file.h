/* SPDX-License-Identifier: ISC */
/*
 * login_file - the file of relay_logins, for smtp
 *
 * smtp cannot open it: its passwords are nobody else's. master opens it and
 * hands the descriptor over, at the start of smtp, at a reload, and when a look
 * every few seconds finds another file than before. A file that others may read
 * is not handed over, and said to be wrong: its passwords are not secret.
 */
#ifndef MASTER_LOGIN_FILE_H
#define MASTER_LOGIN_FILE_H

#include "master/child.h"

/* Hand it to a process of smtp. */
void login_file_give(struct child *c);
/* To smtp when it runs: the settings have changed. */
void login_file_changed(void);
/* Look after it from now on. */
void login_file_begin(void);

#endif
