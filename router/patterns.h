/* SPDX-License-Identifier: ISC */
/*
 * patterns - the rules of the access file that no index can find
 *
 * In the order of their lines, with their expressions compiled and networks
 * read.
 */
#ifndef ROUTER_PATTERNS_H
#define ROUTER_PATTERNS_H

#include "lib/mail/access.h"

#define PATTERNS_MAX	100000

/* What is known of a recipient and who sends to it, each in its one form. */
struct access_facts {
	struct view client;	/* "" on this host */
	struct view helo;	/* "" before it said so */
	struct view login;	/* "" without one */
	struct view sender, sender_base;	/* base: without its detail */
	struct view recipient, recipient_base;
};

struct pattern;
struct patterns {
	struct arena arena;
	struct pattern *pattern;
	size_t n, cap;
};

/* One line more. False with what is wrong: an expression that does not compile,
 * too many patterns. */
bool patterns_add(struct patterns *p, struct view line, uint32_t number,
    struct str *wrong);
void patterns_clear(struct patterns *p);
/* The next rule from *at on whose conditions all hold, or NULL. *at is what
 * comes after it. unsure: they may hold: an expression has reached its limit,
 * and no other condition says no. */
const struct access_rule *patterns_next(const struct patterns *p, size_t *at,
    const struct access_facts *f, bool *unsure);

/* Rules about clients and greetings are for strangers: whoever is logged in is
 * passed over, unless the rule speaks of logins. */
bool patterns_concern(const struct access_rule *r,
    const struct access_facts *f);
/* The fact that a condition looks at; base: without the detail. */
struct view patterns_fact(const struct access_facts *f,
    enum access_what what, bool base);

#endif
