/* SPDX-License-Identifier: ISC */
/*
 * policies - what other domains promised by MTA-STS, kept over restarts
 *
 * RFC 8461 5.1 wants a policy to be believed until it expires, whatever happens
 * to the DNS meanwhile; so it must not be forgotten with the process that has
 * fetched it. One file, replaced as a whole some seconds after a change.
 */
#ifndef HISTORY_POLICIES_H
#define HISTORY_POLICIES_H

#include "lib/proc/channel.h"

/* Read the file in this directory, which is borrowed. */
void policies_begin(int dir);
void policies_keep(struct channel *c, uint32_t tag, struct msg_sts_keep *m);
/* Tell all that have not expired. */
void policies_tell(struct channel *c);
/* Write what has changed. */
void policies_write(void);

/* One record of the file, for the fuzz driver: false for what is none. */
struct policy_record {
	struct view domain, id, text;
	int64_t expires;
};
bool policy_read(struct view octets, struct policy_record *p);

#endif
