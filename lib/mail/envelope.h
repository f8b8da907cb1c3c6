/* SPDX-License-Identifier: ISC */
/*
 * envelope - ENVELOPE, BODY and BODYSTRUCTURE as IMAP writes them
 *
 * RFC 3501 and RFC 9051 7.5.2. What store keeps in its cache and imapd sends is
 * this text. Strings are quoted where they are short and plain, literals
 * ({n} CR LF octets) otherwise, so the text can span lines and hold 8-bit
 * octets; NUL never appears.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "lib/mail/mime.h"

/* Addresses shown of one field; more would only serve an attacker. */
#define ENVELOPE_ADDRESSES_MAX 10000

/* ("date" "subject" from sender reply-to to cc bcc "in-reply-to" "message-id")
 * of the header at the beginning of the message. */
void envelope_write(struct str *out, struct view message);

/* The body structure of a parsed message; extended: BODYSTRUCTURE, else the
 * short form for BODY. message is the view given to mime_parse(). */
void envelope_body(struct str *out, struct view message,
    const struct mime_part *root, bool extended);

/* An IMAP nstring: NIL for p == NULL, quoted, or a literal. */
void envelope_nstring(struct str *out, struct view v);
/* The same for who takes UTF-8 in quotes (RFC 9755 3, RFC 9051 4.3). */
void envelope_utf8(struct str *out, struct view v);

#endif
