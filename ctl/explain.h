/* SPDX-License-Identifier: ISC */
/*
 * explain - answers of router for people and programs, and those of a session
 */
#ifndef CTL_EXPLAIN_H
#define CTL_EXPLAIN_H

#include <jansson.h>

#include "ctl/link.h"

/* Which commands of a session there are before RCPT, and what they get. */
struct explain_session {
	const struct ctl *ctl;
	struct channel *router;
	json_t *stages;		/* NULL: for people */
};

/* How it was decided, step by step, then the answer; who: what stands before
 * it. */
void explain_print(const struct ctl *ctl, const char *who,
    const struct msg_routed *m);
json_t *explain_json(const struct ctl *ctl, const struct msg_routed *m);

/* 0 when all of them are accepted, else a code of sysexits.h: there is no RCPT
 * then. */
int explain_stages(const struct explain_session *s);
/* guesser, for the handlers of the command. */
void explain_guesser(struct channel *c, uint32_t tag, struct msg_guesser *m);
/* "accepted", "refused" or "refused for now". */
const char *explain_word(uint8_t verdict);

#endif
