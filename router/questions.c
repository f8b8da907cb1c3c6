/* SPDX-License-Identifier: ISC */
/*
 * questions - three lists: before the users, missing an answer, and ready
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "router/answers.h"
#include "router/questions.h"

#define EARLY_MOST 1000	/* questions kept */
#define EARLY_MS   3000	/* for how long */
#define OPEN_MOST  10000	/* kept, that miss answers */

struct kept {
	TAILQ_ENTRY(kept) entry;
	struct channel *channel;	/* NULL: gone */
	uint32_t tag;
	struct question question;	/* its texts are these */
	struct str text[TEXTS];
	int64_t deadline;		/* clock_ms() */
	uint64_t missed;		/* number of the answer; 0: it is there */
};
TAILQ_HEAD(kept_list, kept);

static struct {
	struct kept_list early, open, ready;
	size_t early_n, open_n;
	struct loop_timer *patience;
	bool users;			/* there is a list, or it takes too long */
	bool deferred;
	int64_t deadline;		/* of the question that is answered now */
} questions = { .early = TAILQ_HEAD_INITIALIZER(questions.early),
	.open = TAILQ_HEAD_INITIALIZER(questions.open),
	.ready = TAILQ_HEAD_INITIALIZER(questions.ready) };

static void
answer(struct channel *c, uint32_t tag, const struct question *q,
    int64_t deadline)
{
	answers_pass();
	questions.deadline = deadline;
	q->answer(c, tag, q);
}

static struct kept *
keep(struct channel *c, uint32_t tag, const struct question *q,
    int64_t deadline)
{
	struct kept *k = xcalloc(1, sizeof(*k));

	k->channel = c;
	k->tag = tag;
	k->question = *q;
	k->deadline = deadline;
	for (int i = 0; i < TEXTS; i++)
		str_add(&k->text[i], q->text[i]);
	return k;
}

static void
go_on(struct kept *k)
{
	for (int i = 0; i < TEXTS; i++)
		k->question.text[i] = str_view(&k->text[i]);
	if (k->channel != NULL)
		answer(k->channel, k->tag, &k->question, k->deadline);
	for (int i = 0; i < TEXTS; i++)
		str_free(&k->text[i]);
	free(k);
}

/* ---- before the first list of users ---- */

void
questions_ready(void)
{
	struct kept *k;

	questions.users = true;
	while ((k = TAILQ_FIRST(&questions.early)) != NULL) {
		TAILQ_REMOVE(&questions.early, k, entry);
		k->deadline = deadline_in(QUESTION_WAIT_MS);
		go_on(k);
	}
	questions.early_n = 0;
}

static void
patience_ends(void *arg UNUSED)
{
	if (!questions.users)
		log_warning("users", "auth has not sent the list yet");
	questions_ready();
}

void
questions_ask(struct channel *c, uint32_t tag, const struct question *q)
{
	struct kept *k;

	if (questions.users || questions.early_n >= EARLY_MOST) {
		questions_ask_now(c, tag, q);
		return;
	}
	k = keep(c, tag, q, 0);
	TAILQ_INSERT_TAIL(&questions.early, k, entry);
	questions.early_n++;
	if (questions.patience == NULL)
		questions.patience =
		    loop_timer_new(EARLY_MS, patience_ends, NULL);
}

void
questions_ask_now(struct channel *c, uint32_t tag, const struct question *q)
{
	answer(c, tag, q, deadline_in(QUESTION_WAIT_MS));
}

/* ---- those that miss an answer ---- */

bool
questions_open(void)
{
	struct view table;

	return answers_missed(&table) != 0;
}

static void
give_up(struct channel *c, uint32_t tag, struct view table)
{
	struct why w;

	log_warning("tables", "%.*s: mail waits, as its answers take too long",
	    VIEW(table));
	why_later(&w, "3.5", "A table of addresses does not answer in time");
	channel_answer(c, tag, &w);
}

void
questions_keep(struct channel *c, uint32_t tag, const struct question *q)
{
	struct view table = VIEW_NONE;
	uint64_t missed = answers_missed(&table);
	struct kept *k;

	if (clock_ms() >= questions.deadline ||
	    questions.open_n >= OPEN_MOST) {
		give_up(c, tag, table);
		return;
	}
	k = keep(c, tag, q, questions.deadline);
	k->missed = missed;
	TAILQ_INSERT_TAIL(&questions.open, k, entry);
	questions.open_n++;
}

static void
answer_ready(void *arg UNUSED)
{
	struct kept *k;

	questions.deferred = false;
	while ((k = TAILQ_FIRST(&questions.ready)) != NULL) {
		TAILQ_REMOVE(&questions.ready, k, entry);
		go_on(k);
	}
}

void
questions_go_on(uint64_t number)
{
	struct kept *k, *next;

	for (k = TAILQ_FIRST(&questions.open); k != NULL; k = next) {
		next = TAILQ_NEXT(k, entry);
		if (k->missed != number)
			continue;
		TAILQ_REMOVE(&questions.open, k, entry);
		questions.open_n--;
		TAILQ_INSERT_TAIL(&questions.ready, k, entry);
	}
	if (!questions.deferred && !TAILQ_EMPTY(&questions.ready)) {
		questions.deferred = true;
		loop_defer(answer_ready, NULL);
	}
}

static void
forget(struct kept_list *list, const struct channel *c)
{
	struct kept *k;

	TAILQ_FOREACH(k, list, entry)
		if (k->channel == c)
			k->channel = NULL;
}

void
questions_closed(const struct channel *c)
{
	forget(&questions.early, c);
	forget(&questions.open, c);
	forget(&questions.ready, c);
}
