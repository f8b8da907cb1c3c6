/* SPDX-License-Identifier: ISC */
/*
 * text - what a reader sees of a message, for searches
 *
 * Fields with their encoded words decoded, bodies decoded and converted to
 * UTF-8, all of it folded (lib/mail/casemap.h). Bodies are those of text parts and
 * the headers of enclosed messages; other data is no text. Each field, with its name
 * where all of them are looked at, and each body is a text of its own. A body comes in pieces that end with a line and begin
 * with the end of the piece before, so that memory stays small, and others
 * get their turn.
 */
#ifndef IMAPD_TEXT_H
#define IMAPD_TEXT_H

#include "imapd/content.h"

struct text_reader {
	/* A text, or a piece of one; false: enough seen. */
	bool (*f)(void *arg, struct view folded);
	void *arg;
	size_t overlap;		/* octets that a piece has of the one before */
	bool enough;		/* f has said so */
	/* private; all zeros at first */
	struct view charset;
	struct str octets, utf8, folded;
};

/* Fields of this name; of any name, and with it, when it is empty. */
void text_of_fields(struct text_reader *r, struct view header,
    struct view name);
/* Text parts, and headers of enclosed messages. */
void text_of_bodies(struct text_reader *r, struct view all,
    const struct mime_part *root);
/* Both. False when the message cannot be read. */
bool text_of_message(struct text_reader *r, struct content *c);
/* Give the memory back. */
void text_end(struct text_reader *r);

#endif
