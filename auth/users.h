/* SPDX-License-Identifier: ISC */
/*
 * users - the users file as a table, and as a list of names for router
 *
 * Made again when the file has changed, in a fiber, so that logins go on with
 * the old table meanwhile. When the file cannot be read, the table stays as it
 * was. What is wrong inside the file is logged with its line.
 */
#ifndef AUTH_USERS_H
#define AUTH_USERS_H

#include "lib/base/kv.h"

struct users;

struct users *users_open(const char *dir, struct why *w);
void users_close(struct users **u);
/* domain is that of names without one. Look at the file, and make the table again if it is not its; one at a time.
 * In a fiber it lets others run meanwhile, outside one (at the start) it does
 * not. False with the reason in w: as before. */
bool users_refresh(struct users *u, const char *file, struct view domain,
    struct why *w);
/* There is a table. */
bool users_ready(const struct users *u);
/* How many times it has been made since users_open. */
unsigned users_made(const struct users *u);
/* The stored secret of a user, borrowed until the next call. */
enum kv_result users_get(struct users *u, struct view name,
    struct view *secret);
/* The first user of the file, empty if there is none. */
struct view users_first(const struct users *u);
/* What some user's secret can do beside PLAIN: SERVES_ (lib/mail/scheme.h). */
unsigned users_serve(const struct users *u);
/* Iterations of keys for SCRAM, as the file has them. */
uint32_t users_iterations(const struct users *u);
/* A sealed memfd of all names, sorted, one a line, the caller's; -1 with
 * errno when it cannot be made. */
int users_list(struct users *u);
/* The same of those who have limits of their own, in the form that
 * lib/mail/user_table.h and lib/mail/quota.h read. */
int users_limits(struct users *u);

#endif
