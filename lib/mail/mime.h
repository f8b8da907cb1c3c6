/* SPDX-License-Identifier: ISC */
/*
 * mime - the parts of a message (RFC 2045, 2046, 2183, 2231, 2557, 3282)
 *
 * A message in one contiguous view (a mapped file) becomes a tree of parts in
 * an arena. Every line is looked at once, whatever the nesting; depth and
 * number of parts are bounded, and what lies beyond is an undivided leaf. There
 * is no message that cannot be parsed. Views point into the message or the
 * arena; p == NULL means that the field is not there.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

#define MIME_DEPTH_MAX	100
#define MIME_BOUNDARY_MAX 1000	/* longer than any line of RFC 5321 */
#define MIME_PARTS_MAX	10000
#define MIME_PARAMS_MAX 128	/* parameters of one field */

/* A parameter, as BODYSTRUCTURE shows it: RFC 2231 continuations are joined;
 * if any segment was extended the name is "filename*" and the value is
 * "charset'language'percent-coded", else the plain value without quotes. */
struct mime_param {
	struct mime_param *next;
	struct view name, value;
};

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,		/* children: one to many */
	MIME_MESSAGE		/* message/rfc822 or /global: one child */
};

struct mime_part {
	struct mime_part *parent, *next, *child;	/* child: the first */
	enum mime_kind kind;
	struct view type, subtype;	/* as written, or what the default is */
	struct mime_param *params;
	struct view encoding;		/* NULL: 7bit */
	struct view id, description, md5, location;
	struct view disposition;
	struct mime_param *disposition_params;
	struct mime_param *languages;	/* values only */
	size_t header_at, header_n;	/* with the empty line */
	size_t body_at, body_n;		/* without the CRLF of the boundary */
	size_t header_lines, lines;	/* line ends in header and body */
};

/* The tree of a message: the root part, whose header is the message's own. */
struct mime_part *mime_parse(struct view message, struct arena *a);

/* The next part in the order of the text (parents first); NULL at the end. */
struct mime_part *mime_next(const struct mime_part *part);

/* The value of a parameter (name without case), NULL view if not there. Finds
 * "name" only in its plain form. */
struct view mime_param(const struct mime_param *list, const char *name);
/* The same as UTF-8, also from the "name*" form or from encoded words, which
 * some senders use wrongly. */
struct view mime_param_text(const struct mime_param *list, const char *name,
    struct arena *a);

/* The part that IMAP section numbers name, "1.2.3" (RFC 9051 6.4.5.1): "1" of a
 * message that is no multipart is the root itself; the parts of an enclosed
 * message are those of its multipart, or "1", its only one. "" is the root.
 * NULL if there is no such part or the text is no number list. */
const struct mime_part *mime_find(const struct mime_part *root,
    struct view numbers);

enum mime_want {
	MIME_WHOLE,		/* BODY[] and BODY[1] */
	MIME_HEADER,		/* BODY[HEADER], BODY[1.HEADER] and .FIELDS */
	MIME_TEXT,		/* BODY[TEXT], BODY[1.TEXT] */
	MIME_MIME		/* BODY[1.MIME] */
};
struct mime_range {
	size_t at, n;
};
/* Where that section of the message lies. False if there is none: no such part,
 * HEADER or TEXT of what is no message, MIME without numbers. */
bool mime_range(const struct mime_part *root, struct view numbers,
    enum mime_want want, struct mime_range *out);

#endif
