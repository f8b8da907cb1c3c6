/* SPDX-License-Identifier: ISC */
/*
 * base - how a program ends when it can't go on
 *
 * A server that runs out of memory has no sensible way on either: its limits
 * were set too high for the machine. It stops, says so, and is started again
 * by master with all acknowledged work safe on disk.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/base.h"
#include "lib/base/log.h"

void
must_fail(const char *cond, const char *file, int line)
{
	log_error("bug", "condition=\"%s\" place=%s:%d", cond, file, line);
	abort();
}

void
fatal(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("fatal", "%s", text);
	exit(EX_CONFIG);
}

#define GROW_FIRST	4	/* elements */

static void *
claimed(void *p, size_t n)
{
	if (p == NULL)
		fatal("out of memory asking for %zu bytes", n);
	return p;
}

void *
xmalloc(size_t n)
{
	return claimed(malloc(n ? n : 1), n);
}

void *
xcalloc(size_t count, size_t n)
{
	return claimed(calloc(count ? count : 1, n ? n : 1), n);
}

void *
xrealloc(void *p, size_t n)
{
	return claimed(realloc(p, n ? n : 1), n);
}

void *
xgrow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap > 0 ? *cap * 2 : GROW_FIRST;
	return claimed(reallocarray(p, *cap, size), *cap * size);
}

char *
xstrdup(const char *s)
{
	return claimed(strdup(s), strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	return claimed(strndup(s, n), n);
}
