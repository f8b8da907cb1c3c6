/* SPDX-License-Identifier: ISC */
/*
 * serve - questions of other programs
 */
#ifndef RESOLVER_SERVE_H
#define RESOLVER_SERVE_H

#include "lib/proc/channel.h"

void serve_begin(void);
void serve_resolve(struct channel *c, uint32_t tag, struct msg_resolve *m);
/* A program has gone, and its questions with it. */
void serve_closed(struct channel *c);

#endif
