/* SPDX-License-Identifier: ISC */
/*
 * str - the one growable string
 *
 * Bytes with a length, kept NUL-terminated so that C functions can read them.
 * A str with a limit refuses what does not fit: it is marked as overflown and
 * keeps its contents; nothing is ever cut off in the middle. Check once at the
 * end with str_full(). { 0 } is an empty str without a limit.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>

#include "lib/base/view.h"

struct str {
	char *p;	/* NULL while empty and never filled */
	size_t n, cap;
	size_t limit;	/* 0: none */
	bool full;	/* something was refused */
};

static inline struct view
str_view(const struct str *s)
{
	return (struct view){ s->p ? s->p : "", s->n };
}

static inline const char *
str_c(const struct str *s)
{
	return s->p ? s->p : "";
}

static inline bool
str_full(const struct str *s)
{
	return s->full;
}

void str_add(struct str *s, struct view v);
void str_adds(struct str *s, const char *text);
void str_addc(struct str *s, char c);
void str_addn(struct str *s, const void *p, size_t n);
void str_addf(struct str *s, const char *fmt, ...) PRINTF(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list ap);
/* Room for n more bytes at the end, to be filled and then claimed by adding to
 * s->n; NULL when the limit forbids it. */
char *str_room(struct str *s, size_t n);
/* Remove n bytes from the front. */
void str_drop(struct str *s, size_t n);
/* Empty, memory kept. */
void str_reset(struct str *s);
/* Empty, memory given back. */
void str_free(struct str *s);
/* Empty after overwriting every byte; for secrets. */
void str_wipe(struct str *s);

#endif
