/* SPDX-License-Identifier: ISC */
/*
 * base - the few words that every file needs
 *
 * Three kinds of trouble exist and are never mixed. A bug in our own code:
 * must(), which stays on in production. The environment at start-up: fatal(),
 * one sentence for the administrator. What has to be expected while running
 * (peer gone, disk full): a return value and a struct why (lib/base/why.h).
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define nitems(a)	(sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define NORETURN	__attribute__((noreturn))
#define UNUSED		__attribute__((unused))

#define must(cond)                                                             \
	((cond) ? (void)0 : must_fail(#cond, __FILE__, __LINE__))

/* Say where the impossible happened and abort; master starts us again. */
void must_fail(const char *cond, const char *file, int line) NORETURN;

/* End the program at start with EX_CONFIG and one sentence. */
void fatal(const char *fmt, ...) PRINTF(1, 2) NORETURN;

/* Memory that never fails: out of memory is fatal. n == 0 is allowed. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t n);
void *xrealloc(void *p, size_t n);
/* The array p of n elements, size octets each, with room for one more: when it
 * has come to *cap elements, it gets twice the room. */
void *xgrow(void *p, size_t n, size_t *cap, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);	/* at most n octets */

#endif
