/* SPDX-License-Identifier: ISC */
/*
 * clean - texts of others in a report
 *
 * What a client, a server or a mail said cannot end a line, a field or a part,
 * nor make a line longer than a server must take (RFC 5321 4.5.3.1).
 */
#ifndef BOUNCE_CLEAN_H
#define BOUNCE_CLEAN_H

#include "lib/base/str.h"

/* Append v without control characters; UTF-8 if that is allowed and valid, else
 * ASCII: '?' stands for every other octet. */
void clean_text(struct str *out, struct view v, bool utf8);

/* Append lines of at most 72 octets, each behind the indent, divided at blanks;
 * a longer word has a line alone, one that no line can hold more than one.
 * UTF-8 is allowed. Nothing for a text without words. */
void clean_wrap(struct str *out, const char *indent, struct view text);

struct clean_value {
	const char *prefix;	/* "dns; ": our own */
	struct view text;
	bool utf8;		/* is allowed */
};
/* Append a field, folded. */
void clean_field(struct str *out, const char *name, struct clean_value v);

/* Append a field with a date. */
void clean_date(struct str *out, const char *name, int64_t seconds);

#endif
