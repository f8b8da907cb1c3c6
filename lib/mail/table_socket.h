/* SPDX-License-Identifier: ISC */
/*
 * table_socket - tables that another program answers for, over a socket
 *
 * socketmap: is the protocol of Sendmail and Postfix (netstrings), tcp: that of
 * Postfix's tcp_table(5). Here is what is written and read; who connects is
 * lib/mail/table_client.h. Only whole keys are asked, as Postfix does.
 */
#ifndef MAIL_TABLE_SOCKET_H
#define MAIL_TABLE_SOCKET_H

#include "lib/mail/table.h"

#define TABLE_SOCKET_MOST 100000	/* octets of an answer */

enum table_protocol { TABLE_SOCKETMAP, TABLE_TCP };

/* What open() of these kinds returns. */
struct table_socket {
	enum table_protocol protocol;
	char *address;		/* "HOST:PORT" in numbers, or "unix:PATH" */
	char *map;		/* of socketmap: the name of the table there */
};

/* The question, appended. */
void table_socket_ask(const struct table_socket *t, struct view key,
    struct str *out);

enum table_said {
	TABLE_SAID_PART,	/* there must be more of it */
	TABLE_SAID_VALUE,
	TABLE_SAID_NONE,
	TABLE_SAID_LATER,	/* it cannot tell: text is its reason */
	TABLE_SAID_WRONG	/* that is no answer */
};

/* Read one answer from the octets that have come; used: how many it has, when
 * it is whole. The value or the reason is put into text. A value that is empty
 * is no answer: no table has one. */
enum table_said table_socket_read(enum table_protocol protocol,
    struct view octets, size_t *used, struct str *text);

#endif
