/* SPDX-License-Identifier: ISC */
/*
 * login - from a name and a password to an answer
 *
 * Right ones are answered when store knows about the session (readers only).
 * Wrong passwords and unknown users get the same words after the same time: a
 * moment that is counted from the question, not from the end of the work, and
 * work of the same kind is done for both.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "lib/proc/channel.h"

struct users;

/* Whom to ask; before the first login. */
void login_start(struct users *u);
void login_handle(struct channel *c, uint32_t tag, struct msg_login *m);
/* The asker is gone: nobody is to be answered any more. */
void login_closed(struct channel *c);

#endif
