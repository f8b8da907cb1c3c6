/* SPDX-License-Identifier: ISC */
/*
 * append - a session writes new messages itself (APPEND, REPLACE)
 *
 * append_open makes an empty file in the mailbox's tmp/ and gives it away;
 * append_commit makes messages of one or several, all or none.
 */
#ifndef STORE_APPEND_H
#define STORE_APPEND_H

#include "store/link.h"

bool append_open(struct request *r, struct why *w);
bool append_commit(struct request *r, struct why *w);
void append_abort(struct channel *c, uint32_t tag, struct msg_append_abort *m);
/* A content id that nobody has had, and what a file in tmp/ is called by it. */
#define APPEND_NAME_MAX 20
uint64_t append_number(char name[APPEND_NAME_MAX]);
/* Throw away what a session, or everybody behind a link, left open. */
void append_end_session(struct link *l, uint64_t session);
void append_end_link(struct link *l);

#endif
