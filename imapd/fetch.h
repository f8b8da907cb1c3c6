/* SPDX-License-Identifier: ISC */
/*
 * fetch - the items of a FETCH, read and written
 */
#ifndef IMAPD_FETCH_H
#define IMAPD_FETCH_H

#include "imapd/box.h"
#include "imapd/content.h"
#include "imapd/imap.h"

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
	bool seen;			/* some item sets \Seen */
	bool flags, uid;		/* asked for */
	bool others;			/* than those two are */
	struct content message;		/* the one being written */
	uint32_t index;
	uint32_t missing;		/* messages that were gone */
};

/* "ALL", "FLAGS", "(UID BODY[])" */
void fetch_parse(struct fetch *f, struct parse *p);
/* "* seq FETCH (...)" of message f->index; flags adds FLAGS. False when the
 * client is gone or the file failed: the session cannot go on. */
bool fetch_write(struct fetch *f, uint32_t seq, bool flags);

/* The functions of items. */
bool fetch_flags(struct fetch *f, const struct fetch_item *i);
bool fetch_uid(struct fetch *f, const struct fetch_item *i);
bool fetch_date(struct fetch *f, const struct fetch_item *i);
bool fetch_size(struct fetch *f, const struct fetch_item *i);
bool fetch_envelope(struct fetch *f, const struct fetch_item *i);
bool fetch_body(struct fetch *f, const struct fetch_item *i);
bool fetch_structure(struct fetch *f, const struct fetch_item *i);
bool fetch_section(struct fetch *f, const struct fetch_item *i);

#endif
