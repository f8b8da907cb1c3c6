/* SPDX-License-Identifier: ISC */
/*
 * remote - ask a table over a socket from here, without the server
 *
 * Both wait, for five seconds at most.
 */
#ifndef CTL_REMOTE_H
#define CTL_REMOTE_H

#include "lib/mail/table_socket.h"

/* Does somebody take connections there? False with the reason. */
bool remote_reach(const struct table_socket *t, struct str *reason);
/* TABLE_LATER: value has the reason. */
enum table_answer remote_query(const struct table_socket *t, struct view key,
    struct str *value);

#endif
