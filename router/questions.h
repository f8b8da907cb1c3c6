/* SPDX-License-Identifier: ISC */
/*
 * questions - those that cannot be answered yet
 *
 * Some come before the first list of users, and are kept for a moment, so that a
 * router that was started again does not turn mail away. Others need what a table
 * over a socket has not said yet (router/answers.h): they are answered anew, from
 * their start, when it has.
 */
#ifndef ROUTER_QUESTIONS_H
#define ROUTER_QUESTIONS_H

#include "lib/proc/channel.h"

#define QUESTION_WAIT_MS 30000	/* all answers of a question together */

enum { NAME, LOGIN, SENDER, CLIENT, HELO, TEXTS };

/* What others ask, and who answers it. */
struct question {
	void (*answer)(struct channel *, uint32_t tag, const struct question *);
	struct view text[TEXTS];
	bool flag;		/* route: trusted; expand: list */
	bool room;		/* route: is there any? */
};

/* Answer it, or keep it until there is a list of users. */
void questions_ask(struct channel *c, uint32_t tag, const struct question *q);
/* The same without a list. */
void questions_ask_now(struct channel *c, uint32_t tag,
    const struct question *q);
/* There is a list of users. */
void questions_ready(void);

/* For who answers: does this pass miss an answer of a table? Then nothing that it
 * found counts, and the question must be kept. */
bool questions_open(void);
/* After too long it is answered: later. */
void questions_keep(struct channel *c, uint32_t tag, const struct question *q);
/* For answers_begin(): the answer of this number is there. */
void questions_go_on(uint64_t number);
/* Nobody waits there any more. */
void questions_closed(const struct channel *c);

#endif
