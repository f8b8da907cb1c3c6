/* SPDX-License-Identifier: ISC */
/*
 * login - AUTH PLAIN and AUTH LOGIN (RFC 4954, 4616)
 */
#ifndef SMTPD_LOGIN_H
#define SMTPD_LOGIN_H

#include "smtpd/dialog.h"

/* May a password be sent on this connection as it is? */
bool login_offered(const struct dialog *d);

#endif
