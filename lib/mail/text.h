/* SPDX-License-Identifier: ISC */
/*
 * text - line ends and dots of message content on the wire
 *
 * State machines that take chunks cut anywhere and append to a str. They
 * copy in runs between the places that change, so their cost is that of memchr
 * and memcpy. { 0 } is the initial state unless said.
 */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include "lib/base/str.h"

/* Content of a local program to wire form: LF and CR LF end lines, as CR LF;
 * any other CR stays, or ends a line if bare_cr_ends. */
struct text_wire {
	bool bare_cr_ends;	/* set by the caller */
	bool cr;		/* CR held back */
	bool open;		/* the last line has no end yet */
};
void text_wire(struct text_wire *t, struct view in, struct str *out);
/* Write what is held back, and CR LF behind an unfinished last line. */
void text_wire_end(struct text_wire *t, struct str *out);

/* SMTP DATA as a server receives it: leading dots go, CR LF . CR LF ends it and
 * nothing else does (RFC 5321 4.1.1.4; smuggling). Bare CR or LF is copied and
 * reported; refusing is the caller's. */
struct text_unstuff {
	unsigned char state;	/* private */
	bool done;		/* the end was seen */
	bool bare_cr, bare_lf, nul;
	uint64_t size;		/* octets given out */
	uint64_t line;		/* octets in the current line, so far */
	uint64_t longest;	/* longest line, without CR LF */
};
/* Returns how much of in was taken: all, or up to the end of data. The content
 * ends with the CR LF before the dot; empty data gives nothing. */
size_t text_unstuff(struct text_unstuff *t, struct view in, struct str *out);

/* The same lines without dots to undo, as BDAT has them (RFC 3030): all is
 * taken and nothing ends it; state, size, line and the reports are kept as for
 * DATA. The end adds the CR LF that the last line may lack. */
void text_lines(struct text_unstuff *t, struct view in, struct str *out);
void text_lines_end(struct text_unstuff *t, struct str *out);

/* Content to an SMTP or POP3 peer: a dot is put before a dot at the beginning
 * of a line. clean (SMTP): what is no CR LF line end becomes one (bare LF, bare
 * CR) and NUL becomes '?', so that no peer can see another end of data. Without
 * clean (POP3) octets stay, and a dot behind a bare LF is doubled, too. */
struct text_stuff {
	bool clean;		/* set by the caller */
	bool cr;		/* the last octet was CR (clean: held back) */
	bool inside;		/* not at the beginning of a line */
	bool open;		/* what was given out ends without CR LF */
};
void text_stuff(struct text_stuff *t, struct view in, struct str *out);
/* CR LF if the last line has no end, then the final dot and CR LF. */
void text_stuff_end(struct text_stuff *t, struct str *out);

#endif
