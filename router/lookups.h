/* SPDX-License-Identifier: ISC */
/*
 * lookups - the tables of a setting that are more than a text file
 *
 * Expressions and inline tables cannot be found by a key, so no index has them; a
 * small text file needs none, and a database of another program is not looked up
 * where it is. They are kept here as they were read, and asked in their order.
 * One with a mistake in it stays as it was; one that never was without a mistake
 * answers every question with KV_TROUBLE, so that mail waits for the
 * administrator. What a table over a socket says comes from router/answers.h.
 */
#ifndef ROUTER_LOOKUPS_H
#define ROUTER_LOOKUPS_H

#include "lib/base/kv.h"
#include "lib/proc/settings.h"

struct lookup;
/* What is set at the beginning stays; { 0 } is none. */
struct lookups {
	const char *subject;	/* of log lines */
	bool plain;		/* names without a kind are tables, too: text */
	/* As in struct table_sink. */
	const char *(*judge)(struct view key, struct view value);
	struct lookup *one;
	size_t n;
	/* where the last answer came from; NULL: no table had one */
	const struct lookup *at;
	size_t line;
};

/* Those of names that have a kind, or all if plain; files that have changed are
 * read again: at once, or when they have stayed the same since the last look. */
void lookups_take(struct lookups *l, const struct words *names, bool at_once);
/* The value of the first table that has the key, appended to value. */
enum kv_result lookups_find(struct lookups *l, struct view key,
    struct str *value);
/* The same of a part of what is looked up: tables of patterns are not asked. */
enum kv_result lookups_find_part(struct lookups *l, struct view part,
    struct str *value);
/* Of the first table that has either; each is asked for the part last. */
enum kv_result lookups_find_either(struct lookups *l, struct view key,
    struct view part, struct str *value);
/* The table and the line that the last answer came from: "pcre:/names:12",
 * appended; nothing if it came from none. */
void lookups_place(const struct lookups *l, struct str *out);
void lookups_free(struct lookups *l);

#endif
