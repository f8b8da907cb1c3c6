/* SPDX-License-Identifier: ISC */
/*
 * search - the keys of a SEARCH, and whether a message has them
 *
 * A program is a list of keys that must all hold; NOT, OR and parentheses have
 * programs below them. A test without the message at hand may answer "needs
 * content": so all messages are first judged by the index alone, and only those
 * left over are opened.
 */
#ifndef IMAPD_SEARCH_H
#define IMAPD_SEARCH_H

#include "imapd/box.h"
#include "imapd/content.h"
#include "imapd/imap.h"

#define SEARCH_TEXTS_MAX 100	/* keys that look into the message */

enum verdict_of_key { KEY_NO, KEY_YES, KEY_NEEDS_CONTENT };

struct search;
struct key {
	struct key *next;		/* must hold as well */
	enum verdict_of_key (*test)(struct search *, const struct key *);
	struct key *a, *b;		/* programs of NOT, OR, ( ) */
	uint32_t flag;
	bool want;			/* flag or keyword: set or not */
	uint64_t keyword;
	int64_t number;			/* octets, or a day */
	uint64_t content;		/* of an EMAILID */
	int compare;			/* of number: -1 below, 0 at, 1 from */
	struct numset set;
	struct view name;		/* of a header field */
	bool in_summary;		/* a summary has this field */
	struct view text;		/* UTF-8, folded */
	const struct grams_needle *grams;	/* of the text; may be NULL */
};

struct search {
	struct imap *im;
	const struct box *box;
	struct key *program;
	struct view charset;		/* of the texts in the command */
	unsigned texts;
	bool unknown_charset;
	bool modseq;			/* the result tells the highest one */
	bool headers;			/* some key wants summaries */
	bool grams;			/* some key can be asked of grams */
	bool saved;			/* "$" is in it */
	/* the message being judged */
	uint32_t seq;
	struct record record;
	struct content *content;	/* NULL: by the index alone */
	bool unreadable;
};

/* "[CHARSET x] key key ..." */
void search_parse(struct search *s, struct parse *p);
/* "x key key ...", as SORT and THREAD have it. */
void search_parse_charset(struct search *s, struct parse *p);
/* Messages that match, ascending. */
struct match {
	uint32_t index, seq;
};
struct matches {
	struct match *v;
	size_t n;
};
/* False with w when store or the client is gone. search_run.c. */
bool search_run(struct imap *im, struct search *s, struct matches *out,
    struct why *w);
void matches_free(struct matches *m);

/* Judge the message in s->seq, s->record and s->content. */
enum verdict_of_key search_test(struct search *s);

/* Tests of keys. */
enum verdict_of_key key_all(struct search *s, const struct key *k);
enum verdict_of_key key_flag(struct search *s, const struct key *k);
enum verdict_of_key key_new(struct search *s, const struct key *k);
enum verdict_of_key key_keyword(struct search *s, const struct key *k);
enum verdict_of_key key_size(struct search *s, const struct key *k);
enum verdict_of_key key_date(struct search *s, const struct key *k);
enum verdict_of_key key_age(struct search *s, const struct key *k);
enum verdict_of_key key_saved(struct search *s, const struct key *k);
enum verdict_of_key key_emailid(struct search *s, const struct key *k);
enum verdict_of_key key_none(struct search *s, const struct key *k);
enum verdict_of_key key_numbers(struct search *s, const struct key *k);
enum verdict_of_key key_modseq(struct search *s, const struct key *k);
enum verdict_of_key key_uids(struct search *s, const struct key *k);
enum verdict_of_key key_not(struct search *s, const struct key *k);
enum verdict_of_key key_or(struct search *s, const struct key *k);
enum verdict_of_key key_group(struct search *s, const struct key *k);
enum verdict_of_key key_sent(struct search *s, const struct key *k);
enum verdict_of_key key_header(struct search *s, const struct key *k);
enum verdict_of_key key_text(struct search *s, const struct key *k);
enum verdict_of_key key_body(struct search *s, const struct key *k);

#endif
