/* SPDX-License-Identifier: ISC */
/*
 * arena - memory for one unit of work
 *
 * A process, a session, a transaction and a command each have an arena. What
 * they allocate lives until the arena is reset or freed, so sessions have no
 * clean-up paths. An arena without allocations costs no memory but its struct.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "lib/base/base.h"
#include "lib/base/view.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunk;	/* newest first */
	size_t total;			/* bytes handed out since reset */
};

void arena_init(struct arena *a);
/* n bytes, 16-byte aligned, not cleared; never NULL. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_zalloc(struct arena *a, size_t n);
/* A NUL-terminated copy. */
char *arena_copy(struct arena *a, struct view v);
/* A copy as a view; NUL-terminated beyond its end, too. */
struct view arena_view(struct arena *a, struct view v);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
/* Give everything back; the arena stays usable. */
void arena_reset(struct arena *a);

#endif
