/* SPDX-License-Identifier: ISC */
/*
 * state - one matrix of allowed moves, made from the list
 */
#include "queue/state.h"

#define MOVE(thing, from, to, ...) [thing##_##from][thing##_##to] = true,
static const bool may[STATE_COUNT][STATE_COUNT] = {
#include "queue/state.def"
};

bool
state_may(enum state from, enum state to)
{
	return from < STATE_COUNT && to < STATE_COUNT && may[from][to];
}

void
state_move(uint8_t *state, enum state to)
{
	must(state_may(*state, to));
	*state = (uint8_t)to;
}
