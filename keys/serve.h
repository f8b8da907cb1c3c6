/* SPDX-License-Identifier: ISC */
/*
 * serve - what session programs and the administrator are told
 */
#ifndef KEYS_SERVE_H
#define KEYS_SERVE_H

#include "lib/proc/channel.h"

void serve_prepare(void);
void serve_begin(void);
void serve_linked(struct channel *c);
void serve_list(struct channel *c, uint32_t tag, struct msg_tls_list *m);

#endif
