/* SPDX-License-Identifier: ISC */
/*
 * metadata - what is noted of a mailbox or of the server (RFC 5464)
 *
 * Attributes (store/attributes.h) under the names that IMAP has for them.
 * /private is that of the user who asks, /private/specialuse the special uses
 * (RFC 6154 5.4), which are the owner's. The server's /shared/comment and
 * /shared/admin are settings; its /private is kept with the user's INBOX.
 *
 * What others note in a mailbox is kept with it, too, so all of them together
 * get at most half of its room: its owner can always use the rest.
 */
#ifndef STORE_METADATA_H
#define STORE_METADATA_H

#include "lib/mail/rights.h"
#include "store/access.h"

/* RFC 5464 3.3: enough to read metadata? */
static inline bool
metadata_may(uint32_t rights)
{
	return (rights & RIGHT_LOOKUP) != 0 &&
	    (rights & (RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT |
		RIGHT_POST)) != 0;
}

/* How much may be noted, and what the server says of itself. At the start, and
 * after a reload. */
struct settings;
void metadata_begin(const struct settings *s);
/* Append what the user may see: name, value, ... An empty name is the server.
 * NEVER 2.1 or 7.0; LATER. */
bool metadata_list(const struct access *a, struct str *entries,
    struct why *w);

/* Requests. A set is NEVER 3.4 where a value is too long, 5.3 where there would
 * be too many, 5.1 where the entry cannot have it. */
bool metadata_get(struct request *r, struct why *w);
bool metadata_set(struct request *r, struct why *w);

#endif
