/* SPDX-License-Identifier: ISC */
/*
 * table_client - one question to a table over a socket, and its answer
 *
 * Questions go one by one: what comes after an answer belongs to no question, so
 * the connection is of no more use then.
 */
#ifndef MAIL_TABLE_CLIENT_H
#define MAIL_TABLE_CLIENT_H

#include "lib/mail/table_socket.h"
#include "lib/proc/stream.h"

/* NULL when the address can be connected to, else a sentence about it. */
const char *table_client_check(const struct table_socket *t);
/* A socket that begins to connect: the first write waits for it. -1 with errno;
 * EINVAL: table_client_check() has something to say. Does not wait. */
int table_client_connect(const struct table_socket *t);

/* In a fiber: wait until it is connected. False with the reason in text. */
bool table_client_ready(struct stream *s, struct str *text, int64_t deadline);
/* In a fiber. The value or the reason is put into text. TABLE_SAID_PART: nothing
 * at all came, and the connection has ended; TABLE_SAID_WRONG: it is of no more
 * use, for the reason that text has. */
enum table_said table_client_ask(struct stream *s,
    const struct table_socket *t, struct view key, struct str *text,
    int64_t deadline);

#endif
