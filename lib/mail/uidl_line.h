/* SPDX-License-Identifier: ISC */
/*
 * uidl_line - a line of posthouse-uidls: "UID CONTENT UIDL"
 *
 * Content is that of the message's file name, 16 hexadecimal digits. Somebody
 * may have edited the file: what makes no sense is no line. store/uidls.h tells
 * what the lines mean.
 */
#ifndef MAIL_UIDL_LINE_H
#define MAIL_UIDL_LINE_H

#include "lib/base/str.h"

struct uidl_line {
	uint32_t uid;		/* not 0 */
	uint64_t content;
	struct view uidl;	/* as in RFC 1939 7; part of the line */
};

/* Without its line feed. False, and all of l is 0, when it makes no sense. */
bool uidl_line_read(struct view line, struct uidl_line *l);
/* With its line feed. */
void uidl_line_write(const struct uidl_line *l, struct str *out);

#endif
