/* SPDX-License-Identifier: ISC */
/*
 * steps - how a decision is come to, told while it is made
 *
 * For the administrator's command. Whoever decides tells each step in its order,
 * with how deep in aliases it was; to NULL it costs a comparison, and nothing is
 * written.
 */
#ifndef ROUTER_STEPS_H
#define ROUTER_STEPS_H

#include "router/way.h"

#define STEPS_TEXTS	5		/* of a step */
#define STEPS_OCTETS	(32u << 10)	/* of all; the last one says so */

/* { 0 } is ready to use. */
struct steps {
	struct str list;	/* list: depth, kind, name, place, sentence each */
	size_t last;		/* where the last one begins */
	unsigned depth;
	bool cut;
};

void steps_clear(struct steps *s);
void steps_free(struct steps *s);
/* place: file and line, or a setting; it and the sentence may be empty. */
void steps_add(struct steps *s, const char *kind, struct view name,
    struct view place, const char *sentence);
/* The same, with where the last answer of the tables stands. */
void steps_add_found(struct steps *s, const struct tables *t, const char *kind,
    struct view name, const char *sentence);
void steps_add_address(struct steps *s, const char *kind,
    const struct address *a, const char *place, const char *sentence);
/* The line of the routes, or the hosts of its domain; refused: why not. */
void steps_add_way(struct steps *s, const struct tables *t,
    const struct address *a, const struct way *way, const char *refused);
static inline void
steps_deeper(struct steps *s)
{
	if (s != NULL)
		s->depth++;
}
static inline void
steps_back(struct steps *s)
{
	if (s != NULL)
		s->depth--;
}

#endif
