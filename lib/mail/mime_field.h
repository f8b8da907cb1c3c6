/* SPDX-License-Identifier: ISC */
/*
 * mime_field - the values of MIME header fields (RFC 2045 5.1, RFC 2231)
 *
 * What mime.c needs of one field; other folders use mime.h. Values are given
 * raw; views point into them or into the arena. Comments are passed over.
 */
#ifndef MAIL_MIME_FIELD_H
#define MAIL_MIME_FIELD_H

#include "lib/mail/mime.h"

/* "type/subtype; name=value ..."; false if there is no type/subtype. */
bool mime_field_type(struct view value, struct arena *a,
    struct mime_part *part);
/* "attachment; name=value ..." */
void mime_field_disposition(struct view value, struct arena *a,
    struct mime_part *part);
/* "en, fr" as a list of values. */
struct mime_param *mime_field_languages(struct view value, struct arena *a);
/* The first word, without comments; NULL view if there is none. */
struct view mime_field_word(struct view value);

#endif
