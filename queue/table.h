/* SPDX-License-Identifier: ISC */
/*
 * table - things by mail id
 *
 * An open hash table of pointers to structs whose first member is a uint64_t
 * id that is not 0. Eight bytes a slot, at most three quarters full: a million
 * waiting mails must fit into little memory.
 */
#ifndef QUEUE_TABLE_H
#define QUEUE_TABLE_H

#include "lib/base/base.h"

struct table {
	uint64_t **slot;
	size_t size, count;
};

void *table_find(const struct table *t, uint64_t id);
/* The id must not be there yet. */
void table_add(struct table *t, void *thing);
/* It must be there. */
void table_remove(struct table *t, uint64_t id);
/* Walk: the first thing in slot *at or behind it, *at set behind it; NULL at
 * the end. A thing is met once if nothing is added or removed in between;
 * otherwise one may be missed or met twice. */
void *table_next(const struct table *t, size_t *at);
/* Take out all that `is` says yes to; returns them, *n of them, in memory that
 * is the caller's. */
void **table_take(struct table *t, bool (*is)(const void *thing,
    const void *arg), const void *arg, size_t *n);
void table_free(struct table *t);

#endif
