/* SPDX-License-Identifier: ISC */
/*
 * metadata - entries of METADATA asked for, and told (RFC 5464)
 *
 * An entry's name begins with /shared or /private, and does not tell upper from
 * lower case; store keeps it in lower case.
 */
#ifndef IMAPD_METADATA_H
#define IMAPD_METADATA_H

#include "imapd/imap.h"
#include "lib/proc/channel.h"

#define METADATA_ENTRIES_MAX 100	/* in one command */

enum metadata_depth { DEPTH_0, DEPTH_1, DEPTH_INFINITE };

/* Which entries are wanted. */
struct metadata {
	struct view entry[METADATA_ENTRIES_MAX];	/* as the client has it */
	size_t n;
	enum metadata_depth depth;
	uint64_t most;		/* octets of a value */
	uint64_t longest;	/* of those that were left out; 0: none was */
};

/* A name as it is kept; p NULL after an error. partly: /shared alone is one,
 * too, for what is below it. */
struct view metadata_name(struct parse *p, struct view given, bool partly);
/* "entry" or "(entry entry)" */
void metadata_parse(struct metadata *m, struct parse *p);
/* Ask store about a mailbox; "" is the server. */
bool metadata_ask(struct imap *im, struct view mailbox, struct reply *reply,
    struct why *w);
/* "* METADATA mailbox (entry value ...)", nothing where nothing is to tell. An
 * entry asked for by its name that is not there is NIL. */
void metadata_put(struct imap *im, struct view mailbox, struct view entries,
    struct metadata *m);

#endif
