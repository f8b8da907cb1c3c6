/* SPDX-License-Identifier: ISC */
/*
 * answers - what tables over sockets have said, for some seconds
 *
 * A decision never waits: what is not known is noted and taken for "not there",
 * so that one pass finds most of what has to be asked. A pass that has missed
 * something does not count, and is made again when the answers have come
 * (router/questions.h). Identical questions share one answer.
 */
#ifndef ROUTER_ANSWERS_H
#define ROUTER_ANSWERS_H

#include <bsd/sys/queue.h>

#include "lib/base/kv.h"
#include "lib/base/str.h"
#include "lib/base/tree.h"

#define ANSWERS_MOST	10000	/* kept and under way */
#define ANSWERS_OCTETS	((size_t)16 << 20)	/* of their keys and values */
#define ANSWERS_PASS	100	/* asked anew by one pass */
#define ANSWER_WAIT_MS	5000	/* for one */
#define ANSWER_KEPT_MS	10000	/* a value, or that there is none */
#define ANSWER_LATER_MS	1000	/* that it cannot be told */

struct answer {
	RB_ENTRY(answer) entry;
	TAILQ_ENTRY(answer) age;
	STAILQ_ENTRY(answer) turn;	/* of who asks for it */
	uint64_t number;	/* never used twice */
	struct view table, key;
	int64_t until;		/* clock_ms(): asked at most, or kept */
	bool known;
	enum kv_result result;	/* KV_TROUBLE: later */
	struct view value;
};

/* ask: begins to ask, and leads to answers_put(), not before it returns. done: an
 * answer is there. */
void answers_begin(void (*ask)(struct answer *), void (*done)(uint64_t number));
/* Everything is forgotten; nothing may be under way. */
void answers_end(void);

/* A pass begins: it has missed nothing yet. */
void answers_pass(void);
/* The number of the answer that this pass missed last, 0: none. The table is
 * borrowed until that answer is there. */
uint64_t answers_missed(struct view *table);
/* The value is appended. KV_NONE also when the pass misses the answer. */
enum kv_result answers_find(struct view table, struct view key,
    struct str *value);
/* What has been asked is answered. */
void answers_put(struct answer *a, enum kv_result r, struct view value);

#endif
