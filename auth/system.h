/* SPDX-License-Identifier: ISC */
/*
 * system - users of the system, by PAM
 *
 * With the setting system_users, whoever does not stand in the users file may be
 * an account of this host: anna is anna@ the first of our domains.
 */
#ifndef AUTH_SYSTEM_H
#define AUTH_SYSTEM_H

#include "auth/claim.h"

/* Can the name that was not found be one of the system? */
bool system_is_asked(const struct claim *a);
/* Is a->password his? Sets a->name. */
enum outcome system_password(struct claim *a);

#endif
