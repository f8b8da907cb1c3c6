/* SPDX-License-Identifier: ISC */
/*
 * login - AUTH (RFC 4954)
 */
#ifndef SMTPD_LOGIN_H
#define SMTPD_LOGIN_H

#include "smtpd/dialog.h"

/* The parameters of AUTH in the EHLO reply, a blank before each; none when
 * nothing can be offered now. */
void login_mechanisms(const struct dialog *d, struct str *out);
bool login_offered(const struct dialog *d);
/* Give up an exchange that is under way. */
void login_give_up(struct dialog *d);

#endif
