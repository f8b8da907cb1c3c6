/* SPDX-License-Identifier: ISC */
/*
 * delay - POP3 clients that come too often (RFC 2449 6.5, pop3_login_delay)
 *
 * Only logins that were right count, so nobody can keep an account's owner out
 * by guessing.
 */
#ifndef AUTH_DELAY_H
#define AUTH_DELAY_H

#include "lib/base/view.h"
#include "lib/base/why.h"

/* A right login of this user, by its canonical name: may it be now? Then it is
 * noted; else LATER with status SASL_TOO_OFTEN. */
bool delay_allows(struct view user, struct why *w);

#endif
