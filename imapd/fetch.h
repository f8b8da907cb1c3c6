/* SPDX-License-Identifier: ISC */
/*
 * fetch - the items of a FETCH, read and written
 */
#ifndef IMAPD_FETCH_H
#define IMAPD_FETCH_H

#include "imapd/box.h"
#include "imapd/content.h"
#include "imapd/decoding.h"
#include "imapd/digests.h"
#include "imapd/imap.h"
#include "imapd/result.h"

#define FETCH_ITEMS_MAX	 256
#define FETCH_FIELDS_MAX 1000	/* names in one HEADER.FIELDS */

/* BODY[...]<...> and the RFC822 items that mean the same. */
struct section {
	struct view numbers;		/* "1.2", empty for the message */
	enum mime_want want;
	struct view *field;		/* of HEADER.FIELDS */
	size_t fields;
	bool others;			/* HEADER.FIELDS.NOT */
	bool partial;
	uint64_t from, count;
};

/* Where a section was found last: clients fetch large parts in pieces, and the
 * structure of a large message takes long to find out. */
struct last_section {
	uint32_t uid;
	enum mime_want want;
	char numbers[16];
	struct mime_range range;
	struct decoding decoded;	/* up to here; of BINARY */
};

struct fetch;
struct fetch_item {
	struct fetch_item *next;
	bool (*write)(struct fetch *, const struct fetch_item *);
	const char *label;		/* with a section: all but <from> */
	struct section section;
};

/* A FETCH while it is carried out. */
struct fetch {
	struct imap *im;
	struct fetch_item *items;
	size_t count;
	bool content;			/* some item needs the message */
	unsigned want;			/* or what is known of it: digests.h */
	bool seen;			/* some item sets \Seen */
	bool flags, uid, modseq;	/* asked for */
	bool others;			/* than those are */
	bool changed, vanished;		/* only changes; what went as well */
	uint64_t since;			/* this modification sequence */
	bool part;			/* only a part of them (RFC 9394) */
	struct partial partial;
	size_t skip, left;		/* of it, while writing */
	struct content message;		/* the one being written */
	uint32_t index;
	uint32_t missing;		/* messages that were gone */
	struct str surrogate;		/* of a header in UTF-8 */
	bool binary;			/* some item decodes */
	bool unknown_cte;		/* and could not */
};

/* "ALL", "FLAGS", "(UID BODY[]) (CHANGEDSINCE 5)" */
void fetch_parse(struct fetch *f, struct parse *p);
/* "(UID FLAGS)": a list of items, no macro, no modifiers. */
void fetch_parse_list(struct fetch *f, struct parse *p);
/* Write a response for each message of the walk; cmd_fetch.c. */
enum answer fetch_run(struct fetch *f, struct walk *w);
/* "* seq FETCH (...)" of message f->index; flags adds FLAGS. False when the
 * client is gone or the file failed: the session cannot go on. */
bool fetch_write(struct fetch *f, uint32_t seq, bool flags);

/* The functions of items. */
bool fetch_flags(struct fetch *f, const struct fetch_item *i);
bool fetch_uid(struct fetch *f, const struct fetch_item *i);
bool fetch_modseq(struct fetch *f, const struct fetch_item *i);
bool fetch_date(struct fetch *f, const struct fetch_item *i);
bool fetch_saved(struct fetch *f, const struct fetch_item *i);
bool fetch_emailid(struct fetch *f, const struct fetch_item *i);
bool fetch_threadid(struct fetch *f, const struct fetch_item *i);
bool fetch_size(struct fetch *f, const struct fetch_item *i);
bool fetch_envelope(struct fetch *f, const struct fetch_item *i);
bool fetch_body(struct fetch *f, const struct fetch_item *i);
bool fetch_structure(struct fetch *f, const struct fetch_item *i);
bool fetch_preview(struct fetch *f, const struct fetch_item *i);
bool fetch_section(struct fetch *f, const struct fetch_item *i);
bool fetch_binary(struct fetch *f, const struct fetch_item *i);
bool fetch_binary_size(struct fetch *f, const struct fetch_item *i);

/* The header of the message as this client may see it. Lives until another one
 * is asked for. */
bool fetch_header(struct fetch *f, struct view *header);

/* What items that have sections share: the label, and of n octets what a
 * partial fetch wants. */
/* What stands between the brackets of BODY[...], added to the label. */
void section_parse(struct parse *p, struct section *s, struct str *label);
/* The fields of a header that it wants, with an empty line behind them. */
void section_fields(const struct section *s, struct view header,
    struct str *out);
void section_label(struct fetch *f, const struct fetch_item *i);
struct mime_range section_clip(const struct section *s, struct mime_range r);
/* Is the section in box->last, and put it there. */
bool section_is_last(const struct fetch *f, const struct section *s);
void section_note_last(struct fetch *f, const struct section *s,
    struct mime_range r);
/* Can all items of this message be told? With BINARY an encoding may be unknown
 * (fetch_binary.c). */
bool fetch_can(struct fetch *f);

#endif
