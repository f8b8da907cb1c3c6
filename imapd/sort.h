/* SPDX-License-Identifier: ISC */
/*
 * sort - messages by what they are (RFC 5256 3, RFC 5957)
 *
 * Texts are compared as search does, without case, and then by their octets of
 * UTF-8. Messages that are equal stay in the order of the mailbox, also under
 * REVERSE.
 */
#ifndef IMAPD_SORT_H
#define IMAPD_SORT_H

#include "imapd/search.h"

#define SORT_KEYS_MAX 9	/* each once: a second time changes nothing */

struct sort_by;
struct sort {
	struct {
		const struct sort_by *by;
		bool reverse;
	} key[SORT_KEYS_MAX];
	size_t n;
	bool headers;		/* some key needs them */
};

/* "(REVERSE DATE SUBJECT)" */
void sort_parse(struct sort *s, struct parse *p);
/* Put the matches in order. False with w when store or the client is gone. */
bool sort_run(struct imap *im, const struct sort *s, struct matches *m,
    struct why *w);

/* When it was sent: the Date field, or else when it came (RFC 5256 2.2). */
int64_t sort_sent(struct view header, const struct record *r);

/* Sort n things of this size in place by an order that never says equal for two
 * of them; others have their turns meanwhile. */
void sort_slowly(void *v, size_t n, size_t size,
    bool (*before)(const void *a, const void *b, const void *arg),
    const void *arg);

#endif
