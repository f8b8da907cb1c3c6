/* SPDX-License-Identifier: ISC */
/*
 * doubles - lines of a file that have the same key
 *
 * { 0 } is ready to use. Memory is what the keys take, so that files of
 * millions of lines can be checked.
 */
#ifndef CTL_DOUBLES_H
#define CTL_DOUBLES_H

#include "lib/base/str.h"

struct doubles_line;
struct doubles {
	struct str keys;
	struct doubles_line *line;
	size_t n, cap;
};

void doubles_add(struct doubles *d, struct view key, uint32_t number);
/* Call f for each line whose key one before it has, too. */
void doubles_each(struct doubles *d, void (*f)(void *arg, struct view key,
    uint32_t number, uint32_t before), void *arg);
void doubles_free(struct doubles *d);

#endif
