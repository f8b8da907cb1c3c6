/* SPDX-License-Identifier: ISC */
/*
 * cache - what imapd knows of messages without opening them (lib/mail/cache.h)
 *
 * Two files for a mailbox below the index's directory, number.slots and
 * number.blocks, written here and read by whoever has the mailbox open. Nothing
 * is synced, and nothing depends on it. Store never looks into a record: what a
 * session program puts is believed only for mailboxes of that program's user.
 *
 * A pair of files is good while the index has its id: a mailbox number that a
 * lost index gives again has another one.
 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include "store/link.h"

/* Messages of this chunk are gone: so are their records, the octets too. */
void cache_remove(const struct records *r, uint32_t mailbox, uint32_t chunk);
/* All of the mailbox goes: it is removed, or some content is another now. What
 * sessions made before is not taken any more. */
void cache_drop(uint32_t mailbox);

/* MSG_cache_open, MSG_cache_keep. */
void cache_open(struct channel *c, uint32_t tag, struct msg_cache_open *m);
void cache_keep(struct channel *c, uint32_t tag, struct msg_cache_keep *m);

#endif
