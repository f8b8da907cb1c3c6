/* SPDX-License-Identifier: ISC */
/*
 * capability - what is on offer, and what ENABLE switches on (RFC 5161)
 *
 * One table. A row is there when everything that its RFC asks for is there, and
 * is shown only where it can be used: before the login what helps to log in and
 * what a client wants to know early, afterwards the rest.
 */
#ifndef IMAPD_CAPABILITY_H
#define IMAPD_CAPABILITY_H

#include "imapd/imap.h"

/* Bits of im->enabled. Some commands enable on their way (RFC 7162 3.1). */
enum feature {
	FEATURE_CONDSTORE = 1 << 0,	/* MODSEQ in FETCH responses */
	FEATURE_QRESYNC = 1 << 1,	/* VANISHED instead of EXPUNGE */
	FEATURE_REV2 = 1 << 2,		/* IMAP4rev2: ESEARCH, no RECENT, ... */
	FEATURE_UTF8 = 1 << 3,		/* UTF8=ACCEPT: UTF-8 in strings */
	FEATURE_UIDONLY = 1 << 4,	/* no message numbers at all */
	FEATURE_METADATA = 1 << 5	/* changes of others are told */
};

/* Either of them: names, headers and what is in quotes are UTF-8. */
#define SPEAKS_UTF8 (FEATURE_REV2 | FEATURE_UTF8)

#define MODSEQ_MAX INT64_MAX	/* RFC 7162 7: 63 bits */

static inline bool
imap_has(const struct imap *im, unsigned features)
{
	return (im->enabled & features) != 0;
}

/* Of the command, or of what came of it behind a literal. */
static inline struct parse
imap_parse(struct imap *im)
{
	struct parse p = parse_begin(str_view(&im->text), &im->arena);

	p.utf8 = imap_has(im, SPEAKS_UTF8);
	return p;
}

/* UNAUTHENTICATE is offered: by the settings, and where no deflate stream would
 * have to end in the middle. */
bool may_unauthenticate(const struct imap *im);
/* "IMAP4rev1 ..." as it is true now; lives as long as the command. */
const char *capabilities(struct imap *im);

#endif
