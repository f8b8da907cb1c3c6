/* SPDX-License-Identifier: ISC */
/*
 * catenate - octets of messages that are here, for a new one (RFC 4469)
 */
#ifndef IMAPD_CATENATE_H
#define IMAPD_CATENATE_H

#include "imapd/append.h"

/* A relative IMAP URL of a message or a part of it (RFC 5092 5, and the older
 * forms of RFC 2192): "/mailbox;UIDVALIDITY=1/;UID=2/;SECTION=3/;PARTIAL=4.5".
 * Without a mailbox it is of the selected one. */
struct catenate_url {
	struct view mailbox;		/* UTF-8; empty: the selected one */
	uint32_t uidvalidity;		/* 0: whatever it is */
	uint32_t uid;
	struct view section;		/* what stands in BODY[...] */
	bool partial;
	uint64_t from, count;		/* count 0: to the end */
};
/* False when it is none. Views are in the arena. */
bool catenate_parse(struct view url, struct arena *a,
    struct catenate_url *out);

/* Add what the URL names. NO [BADURL] when there is no such thing. */
enum answer catenate_url(struct imap *im, struct append *a, struct view url);

#endif
