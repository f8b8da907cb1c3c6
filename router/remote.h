/* SPDX-License-Identifier: ISC */
/*
 * remote - asks tables over sockets, each over a few connections
 *
 * A connection is a fiber and has one question at a time, so that one that takes
 * long does not hold up others. Connections are kept for a while; a table that
 * nobody answers for is left alone for a second, and its questions with it.
 */
#ifndef ROUTER_REMOTE_H
#define ROUTER_REMOTE_H

#include "router/answers.h"

/* For answers_begin(). */
void remote_ask(struct answer *a);

#endif
