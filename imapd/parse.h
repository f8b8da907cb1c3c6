/* SPDX-License-Identifier: ISC */
/*
 * parse - the grammar of IMAP commands (RFC 3501 9, RFC 7888)
 *
 * Reads from the front of one command: its lines and literals in a row, without
 * the last CRLF. The first error sticks: later calls return nothing, and the
 * caller asks once at the end, with parse_end(). Strict: one blank is one
 * blank. Views point into the command or the arena.
 */
#ifndef IMAPD_PARSE_H
#define IMAPD_PARSE_H

#include "lib/base/arena.h"
#include "lib/mail/numset.h"

#define PARSE_DEPTH_MAX 50	/* nested parentheses, NOT and OR */

struct parse {
	struct view rest;
	struct arena *arena;
	const char *error;	/* NULL: fine so far */
	unsigned depth;		/* of parentheses, by their readers */
	bool utf8;		/* names and what is in quotes are UTF-8 */
};

struct parse parse_begin(struct view command, struct arena *arena);
/* The sentence is static. */
void parse_fail(struct parse *p, const char *error);
static inline bool
parse_fine(const struct parse *p)
{
	return p->error == NULL;
}

/* The next character, 0 at the end or after an error. */
char parse_peek(const struct parse *p);
/* Take c if it comes next. */
bool parse_take(struct parse *p, char c);
/* Take c or fail. */
void parse_want(struct parse *p, char c);
void parse_space(struct parse *p);
/* Nothing must follow. True when all was fine. */
bool parse_end(struct parse *p);
/* Take the word if it comes next as a whole atom; letters without case. */
bool parse_word(struct parse *p, const char *word);
/* One level deeper, fails when too deep; the caller subtracts it again. */
bool parse_deeper(struct parse *p);

/* The tag: astring characters without '+'. */
struct view parse_tag(struct parse *p);
struct view parse_atom(struct parse *p);
/* Letters, digits and dots: FETCH items and sections. */
struct view parse_name(struct parse *p);
/* Quoted or literal. */
struct view parse_string(struct parse *p);
struct view parse_astring(struct parse *p);
/* A string; p == NULL for NIL. */
struct view parse_nstring(struct parse *p);
/* The same, or a literal8, in which NUL may be. */
struct view parse_nstring8(struct parse *p);
/* A mailbox name, as UTF-8; INBOX in capitals whatever it was. */
struct view parse_mailbox(struct parse *p);
/* The same, where "" would name nothing. */
struct view parse_mailbox_named(struct parse *p);
/* A name with % and *, as UTF-8. */
struct view parse_pattern(struct parse *p);
/* Decimal, at most max. */
uint64_t parse_number(struct parse *p, uint64_t max);
/* A sequence set; star is the number that * stands for. */
void parse_set(struct parse *p, uint32_t star, struct numset *set);
/* Does a sequence set come next? */
bool parse_at_set(const struct parse *p);

/* Is this how a line announces a literal: "{n}", "{n+}", "~{n}", "~{n+}"? */
struct literal {
	uint64_t size;
	bool waits;		/* the client waits for "+" */
	bool binary;		/* literal8: NUL may be in it (RFC 3516) */
};
bool parse_literal_head(struct view line, struct literal *out);
/* Is nothing left but the announcement of a literal? With it. */
bool parse_at_literal(const struct parse *p, struct literal *out);

#endif
