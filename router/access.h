/* SPDX-License-Identifier: ISC */
/*
 * access - what the rules of the access file say about one recipient
 *
 * A pure function over tables: the first line of the file that fits decides,
 * wherever it is kept, and every bcc line that fits has its say. Where no line
 * fits, nothing is said. Where it cannot be told whether a line fits, because an
 * expression in it has reached its limit, that line puts the mail off.
 */
#ifndef ROUTER_ACCESS_H
#define ROUTER_ACCESS_H

#include "lib/base/why.h"
#include "router/patterns.h"
#include "router/tables.h"

/* As smtpd gives them. */
struct access_question {
	struct view client, helo, login, sender, recipient;
};

struct access_answer {
	bool decided;		/* by a rule: action and line count */
	enum access_action action;
	uint32_t line;
	uint32_t unsure;	/* a line that the mail waits for, or 0 */
	struct why why;		/* of refuse, defer and moved */
	/* list: addresses that get a copy; the line of each, as text */
	struct str copies, lines;
};

void access_ask(const struct tables *t, const struct access_question *q,
    struct arena *a, struct access_answer *answer);
void access_answer_free(struct access_answer *answer);

#endif
