/* SPDX-License-Identifier: ISC */
/*
 * view - borrowed bytes
 *
 * A pointer and a length into memory that somebody else owns; may hold any
 * octets, NUL too. Whoever hands out a view says how long it lives.
 */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <string.h>

#include "lib/base/base.h"

struct view {
	const char *p;
	size_t n;
};

/* For printf: "%.*s", VIEW(v) */
#define VIEW(v)		(int)(v).n, (v).p
#define VIEW_LIT(s)	((struct view){ "" s, sizeof(s) - 1 })
#define VIEW_NONE	((struct view){ "", 0 })

static inline struct view
view_of(const char *s)
{
	return (struct view){ s, strlen(s) };
}

static inline struct view
view_bytes(const void *p, size_t n)
{
	return (struct view){ p, n };
}

static inline struct view
view_skip(struct view v, size_t n)
{
	/* nothing is added to NULL, not even 0: C11 6.5.6 */
	return (struct view){ n > 0 ? v.p + n : v.p, v.n - n };
}

bool view_eq(struct view a, struct view b);
bool view_is(struct view a, const char *s);
/* ASCII letters compare without case (verbs, keywords, domains). */
bool view_eqi(struct view a, struct view b);
bool view_isi(struct view a, const char *s);
bool view_starts(struct view a, struct view prefix);
bool view_startsi(struct view a, struct view prefix);
bool view_ends(struct view a, struct view suffix);
/* <0, 0, >0 as memcmp, a prefix first. */
int view_cmp(struct view a, struct view b);
/* Index of the first / last c, or v.n when there is none. */
size_t view_find(struct view v, char c);
size_t view_rfind(struct view v, char c);
/* How often c stands in it. */
size_t view_count(struct view v, char c);
/* Index of the first occurrence of needle, or v.n. */
size_t view_search(struct view v, struct view needle);
/* Without spaces, tabs, CR and LF at either end. */
struct view view_trim(struct view v);
/* Cut off and return what stands before the first c; the rest of *v begins
 * behind it. Without a c all is returned and *v becomes empty. */
struct view view_cut(struct view *v, char c);
/* The next run of non-blank bytes; empty at the end. */
struct view view_word(struct view *v);
/* Decimal digits only, at most max; false on anything else. */
bool view_u64(struct view v, uint64_t max, uint64_t *out);
/* The same with K, M, G or T behind it, of either case. */
bool view_size(struct view v, uint64_t max, uint64_t *out);
/* Exactly so many hexadecimal digits, 16 at most, those beyond 9 in capitals. */
bool view_hex(struct view v, size_t digits, uint64_t *out);
static inline bool
view_hex16(struct view v, uint64_t *out)
{
	return view_hex(v, 16, out);
}
/* FNV-1a, 32 bits, going on from h; VIEW_HASH is where it begins. The same on
 * every machine and for ever: some of it is kept on disk. */
#define VIEW_HASH	2166136261u
uint32_t view_hash(uint32_t h, struct view v);
/* Same time whatever differs; for secrets. */
bool view_eq_secret(struct view a, struct view b);

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool
is_alpha(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}
static inline bool
is_alnum(char c)
{
	return is_alpha(c) || is_digit(c);
}
static inline char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}
static inline char
to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

#endif
