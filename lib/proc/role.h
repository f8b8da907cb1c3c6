/* SPDX-License-Identifier: ISC */
/*
 * role - who a process is to the others
 *
 * One bit each, so that a message can name several senders. The order is the
 * order of trust, least trusted first: a malformed message from a role before
 * one's own costs it the connection, from one behind it is fatal.
 */
#ifndef PROC_ROLE_H
#define PROC_ROLE_H

#include "lib/base/base.h"

/* ROLE(name, NAME): network-facing first */
#define ROLES                                                                  \
	ROLE(smtpd, SMTPD)                                                     \
	ROLE(pop3d, POP3D)                                                     \
	ROLE(imapd, IMAPD)                                                     \
	ROLE(smtp, SMTP)                                                       \
	ROLE(resolver, RESOLVER)                                               \
	ROLE(bounce, BOUNCE)                                                   \
	ROLE(local, LOCAL)                                                     \
	ROLE(history, HISTORY)                                                 \
	ROLE(router, ROUTER)                                                   \
	ROLE(queue, QUEUE)                                                     \
	ROLE(store, STORE)                                                     \
	ROLE(auth, AUTH)                                                       \
	ROLE(keys, KEYS)                                                       \
	ROLE(ctl, CTL)                                                         \
	ROLE(master, MASTER)

enum role_number {
#define ROLE(name, NAME) ROLE_NUMBER_##NAME,
	ROLES
#undef ROLE
	ROLE_COUNT
};

enum role {
#define ROLE(name, NAME) ROLE_##NAME = 1u << ROLE_NUMBER_##NAME,
	ROLES
#undef ROLE
};

#define ROLE_ALL	((1u << ROLE_COUNT) - 1)
#define ROLE_CHILDREN	(ROLE_ALL & ~(ROLE_MASTER | ROLE_CTL))
#define ROLE_SESSIONS	(ROLE_SMTPD | ROLE_POP3D | ROLE_IMAPD)
#define ROLE_READERS	(ROLE_POP3D | ROLE_IMAPD)

/* "smtpd"; must be exactly one role. */
const char *role_name(unsigned role);

#endif
