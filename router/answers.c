/* SPDX-License-Identifier: ISC */
/*
 * answers - a tree by table and key, and a list by age
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "router/answers.h"

RB_HEAD(answer_tree, answer);
TAILQ_HEAD(answer_list, answer);

static int
by_table_and_key(const struct answer *a, const struct answer *b)
{
	int order = view_cmp(a->table, b->table);

	return order != 0 ? order : view_cmp(a->key, b->key);
}
TREE_GENERATE(answer_tree, answer, entry, by_table_and_key)

static struct {
	struct answer_tree tree;
	struct answer_list kept;	/* those that are known, oldest first */
	size_t n, octets;
	uint64_t number;
	unsigned asked;			/* in this pass */
	const struct answer *missed;	/* last, in this pass */
	void (*ask)(struct answer *);
	void (*done)(uint64_t);
} answers = { .tree = RB_INITIALIZER(&answers.tree),
	.kept = TAILQ_HEAD_INITIALIZER(answers.kept) };

static size_t
octets_of(const struct answer *a)
{
	return sizeof(*a) + a->table.n + a->key.n + a->value.n;
}

static void
forget(struct answer *a)
{
	if (a->known)
		TAILQ_REMOVE(&answers.kept, a, age);
	RB_REMOVE(answer_tree, &answers.tree, a);
	answers.n--;
	answers.octets -= octets_of(a);
	free((void *)(uintptr_t)a->value.p);
	free(a);
}

/* Make room; those under way stay. */
static void
forget_oldest(void)
{
	struct answer *a;

	while ((answers.n >= ANSWERS_MOST ||
		   answers.octets > ANSWERS_OCTETS) &&
	    (a = TAILQ_FIRST(&answers.kept)) != NULL)
		forget(a);
}

void
answers_begin(void (*ask)(struct answer *), void (*done)(uint64_t number))
{
	answers.ask = ask;
	answers.done = done;
}

void
answers_end(void)
{
	struct answer *a;

	while ((a = TAILQ_FIRST(&answers.kept)) != NULL)
		forget(a);
	must(answers.n == 0);
	answers_pass();
}

void
answers_pass(void)
{
	answers.asked = 0;
	answers.missed = NULL;
}

uint64_t
answers_missed(struct view *table)
{
	if (answers.missed == NULL)
		return 0;
	*table = answers.missed->table;
	return answers.missed->number;
}

/* Table and key stand behind it. */
static struct answer *
add(struct view table, struct view key)
{
	struct answer *a = xcalloc(1, sizeof(*a) + table.n + key.n);
	char *text = (char *)(a + 1);

	memcpy(text, table.p, table.n);
	memcpy(text + table.n, key.p, key.n);
	a->table = view_bytes(text, table.n);
	a->key = view_bytes(text + table.n, key.n);
	a->number = ++answers.number;
	a->until = deadline_in(ANSWER_WAIT_MS);
	RB_INSERT(answer_tree, &answers.tree, a);
	answers.n++;
	answers.octets += octets_of(a);
	return a;
}

/* A pass that has asked enough waits for what it asked last. */
static enum kv_result
miss(struct answer *a, struct view table, struct view key)
{
	if (a == NULL && answers.asked >= ANSWERS_PASS)
		return KV_NONE;
	if (a == NULL) {
		forget_oldest();
		if (answers.n >= ANSWERS_MOST)
			return KV_TROUBLE;
		a = add(table, key);
		answers.asked++;
		answers.ask(a);
	}
	answers.missed = a;
	return KV_NONE;
}

enum kv_result
answers_find(struct view table, struct view key, struct str *value)
{
	struct answer wanted = { .table = table, .key = key };
	struct answer *a = RB_FIND(answer_tree, &answers.tree, &wanted);

	if (a != NULL && a->known && a->until <= clock_ms()) {
		forget(a);
		a = NULL;
	}
	if (a == NULL || !a->known)
		return miss(a, table, key);
	str_add(value, a->value);
	return a->result;
}

void
answers_put(struct answer *a, enum kv_result r, struct view value)
{
	const uint64_t number = a->number;

	must(!a->known);
	a->known = true;
	a->result = r;
	a->until = deadline_in(r == KV_TROUBLE ? ANSWER_LATER_MS :
						 ANSWER_KEPT_MS);
	if (r == KV_FOUND && value.n > 0) {
		char *copy = xmalloc(value.n);

		memcpy(copy, value.p, value.n);
		a->value = view_bytes(copy, value.n);
		answers.octets += value.n;
	}
	TAILQ_INSERT_TAIL(&answers.kept, a, age);
	if (answers.missed == a)
		answers.missed = NULL;
	answers.done(number);
}
