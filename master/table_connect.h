/* SPDX-License-Identifier: ISC */
/*
 * table_connect - connections of router to tables over sockets
 *
 * router has no right to a new socket, so master makes it, to what a setting
 * names and nowhere else. It begins to connect and hands the socket over: whether
 * anybody answers there is router's to wait for.
 */
#ifndef MASTER_TABLE_CONNECT_H
#define MASTER_TABLE_CONNECT_H

#include "lib/proc/channel.h"

/* A handler: answers with the connection, or why there is none. */
void table_connect(struct channel *c, uint32_t tag,
    struct msg_table_connect *m);

#endif
