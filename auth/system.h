/* SPDX-License-Identifier: ISC */
/*
 * system - users of the system, by PAM
 *
 * With the setting system_users, whoever does not stand in the users file may be
 * an account of this host: anna is anna@ the first of our domains. Whoever stands
 * there with the scheme PAM is one: the account that is named behind it, or that
 * of the same name.
 */
#ifndef AUTH_SYSTEM_H
#define AUTH_SYSTEM_H

#include "auth/claim.h"

/* Can the name that was not found be one of the system? Makes its name that of
 * the user. */
bool system_is_asked(struct claim *a);
/* Is a->password that of the account, or of a->name when that is empty? */
enum outcome system_password(struct claim *a, struct view account);

#endif
