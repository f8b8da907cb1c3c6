/* SPDX-License-Identifier: ISC */
/*
 * preview - the first words of a message (RFC 8970)
 */
#ifndef IMAPD_PREVIEW_H
#define IMAPD_PREVIEW_H

#include "lib/mail/mime.h"

#define PREVIEW_CHARACTERS 200	/* RFC 8970 3.1 */

/* Append the words of the first text of the message that is no attachment, as
 * one line of UTF-8; nothing where there is none. No markup of HTML, and no
 * lines that quote others. */
void preview_make(struct str *out, struct view message,
    const struct mime_part *root);
/* The text of HTML, roughly: without tags, styles and scripts. */
void preview_html(struct str *out, struct view html);

#endif
