/* SPDX-License-Identifier: ISC */
/*
 * login - a name and a password in one message: USER and PASS, LOGIN, HELO
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "lib/proc/channel.h"

void login_handle(struct channel *c, uint32_t tag, struct msg_login *m);

#endif
