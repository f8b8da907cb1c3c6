/* SPDX-License-Identifier: ISC */
/*
 * arena - chunks in a chain, the newest in front
 *
 * Chunks start small, as most sessions need little, and double up to 64 KiB.
 * Reset gives every chunk back: an idle session must not hold memory.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/arena.h"

#define CHUNK_FIRST	512
#define CHUNK_MOST	65536

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	_Alignas(16) char bytes[];
};

void
arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

static struct arena_chunk *
chunk_new(struct arena *a, size_t n)
{
	size_t size = a->chunk ? a->chunk->size * 2 : CHUNK_FIRST;
	struct arena_chunk *c;

	if (size > CHUNK_MOST)
		size = CHUNK_MOST;
	if (size < n)
		size = n;
	c = xmalloc(sizeof(*c) + size);
	c->size = size;
	c->used = 0;
	c->next = a->chunk;
	a->chunk = c;
	return c;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->chunk;
	void *p;

	must(n < SIZE_MAX / 2);
	n = (n + 15) & ~(size_t)15;
	if (c == NULL || c->size - c->used < n)
		c = chunk_new(a, n);
	p = c->bytes + c->used;
	c->used += n;
	a->total += n;
	return p;
}

void *
arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

char *
arena_copy(struct arena *a, struct view v)
{
	char *p = arena_alloc(a, v.n + 1);

	if (v.n > 0)
		memcpy(p, v.p, v.n);
	p[v.n] = '\0';
	return p;
}

struct view
arena_view(struct arena *a, struct view v)
{
	return (struct view){ arena_copy(a, v), v.n };
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->chunk; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct arena){ 0 };
}
