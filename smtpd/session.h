/* SPDX-License-Identifier: ISC */
/*
 * session - one connection: octets to the dialog and replies back
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include "lib/proc/service.h"
#include "smtpd/house.h"

/* Runs in the fiber of the session, from the greeting to the end. */
void smtpd_session(struct session *s);
/* The same in another house, for tests. */
void smtpd_session_with(struct session *s, const struct house *house);

#endif
