/* SPDX-License-Identifier: ISC */
/*
 * str - growing by doubling, refusing at the limit
 */
#include <stdio.h>
#include <stdlib.h>

#include <bsd/string.h>

#include "lib/base/str.h"

char *
str_room(struct str *s, size_t n)
{
	size_t need = s->n + n + 1, cap = s->cap ? s->cap : 64;

	must(n < SIZE_MAX / 4 && s->n < SIZE_MAX / 4);
	if (s->limit != 0 && s->n + n > s->limit) {
		s->full = true;
		return NULL;
	}
	while (cap < need)
		cap *= 2;
	if (cap != s->cap) {
		s->p = xrealloc(s->p, cap);
		s->cap = cap;
	}
	return s->p + s->n;
}

void
str_addn(struct str *s, const void *p, size_t n)
{
	char *to = str_room(s, n);

	if (to == NULL)
		return;
	if (n > 0)
		memcpy(to, p, n);
	s->n += n;
	s->p[s->n] = '\0';
}

void
str_add(struct str *s, struct view v)
{
	str_addn(s, v.p, v.n);
}

void
str_adds(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void
str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void
str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	must(n >= 0);
	to = str_room(s, (size_t)n);
	if (to != NULL) {
		vsnprintf(to, (size_t)n + 1, fmt, again);
		s->n += (size_t)n;
	}
	va_end(again);
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

void
str_drop(struct str *s, size_t n)
{
	must(n <= s->n);
	s->n -= n;
	if (s->p != NULL) {
		memmove(s->p, s->p + n, s->n);
		s->p[s->n] = '\0';
	}
}

void
str_reset(struct str *s)
{
	s->n = 0;
	s->full = false;
	if (s->p != NULL)
		s->p[0] = '\0';
}

void
str_free(struct str *s)
{
	free(s->p);
	s->p = NULL;
	s->n = s->cap = 0;
	s->full = false;
}

void
str_wipe(struct str *s)
{
	if (s->p != NULL)
		explicit_bzero(s->p, s->cap);
	str_free(s);
}
