/* SPDX-License-Identifier: ISC */
/*
 * sign - requests for signatures
 *
 * Slow ones are made in threads, so that they hold up nobody; the others at
 * once.
 */
#ifndef KEYS_SIGN_H
#define KEYS_SIGN_H

#include "lib/proc/channel.h"

void sign_handle(struct channel *c, uint32_t tag, struct msg_sign *m);
/* A session program is gone: its answers go nowhere. */
void sign_closed(struct channel *c);

#endif
