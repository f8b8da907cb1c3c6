/* SPDX-License-Identifier: ISC */
/*
 * state - what a mail and a recipient can be, and the way between
 *
 * Made from queue/state.def. The journal knows letters of its own for what must
 * survive (queue/mail.c), so this list may change freely.
 */
#ifndef QUEUE_STATE_H
#define QUEUE_STATE_H

#include "lib/base/base.h"

#define STATE(thing, name, ...) thing##_##name,
enum state {
#include "queue/state.def"
	STATE_COUNT
};

/* Go there; a move that is not in the list is a bug. */
void state_move(uint8_t *state, enum state to);
bool state_may(enum state from, enum state to);

#endif
