/* SPDX-License-Identifier: ISC */
/*
 * flags - \Seen, keywords: from a command and to the wire
 */
#ifndef IMAPD_FLAGS_H
#define IMAPD_FLAGS_H

#include "imapd/box.h"
#include "imapd/parse.h"

#define KEYWORD_MAX 128		/* octets of a keyword's name */

struct flag_list {
	uint32_t flags;
	struct view keyword[KEYWORDS_MAX];
	uint32_t keywords;
};

/* "(\Seen $Junk)", or the same without parentheses when bare is allowed. */
void flags_parse(struct parse *p, bool bare, struct flag_list *out);
/* The keywords as a list of a message. */
void flags_keyword_list(const struct flag_list *f, struct str *list);
/* "FLAGS (\Seen $Junk)" of one record. */
void flags_write(const struct box *b, const uint8_t *record, struct str *out);

#endif
