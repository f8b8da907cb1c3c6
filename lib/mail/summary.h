/* SPDX-License-Identifier: ISC */
/*
 * summary - the fields of a header that clients ask about all messages
 *
 * A summary is a header of its own: those fields of the original that are in a
 * fixed list, octet for octet and in their order, each with its line end. Whatever looks only at these
 * fields finds in it what it would find in the message. store keeps summaries
 * that imapd has made (lib/mail/cache.h), so that lists of large mailboxes open no
 * file. Another list of fields is another form of CACHE_HEADER.
 */
#ifndef MAIL_SUMMARY_H
#define MAIL_SUMMARY_H

#include "lib/base/str.h"

/* Is a field of this name in summaries? Without case. */
bool summary_has(struct view name);
/* Append the summary of a header. */
void summary_make(struct str *out, struct view header);

#endif
