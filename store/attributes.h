/* SPDX-License-Identifier: ISC */
/*
 * attributes - a small set of named values of one mailbox
 *
 * The truth is posthouse-mailbox in the mailbox's directory
 * (store/attributes_text.h); INDEX_ATTRIBUTES has the same text, and
 * header.marks tells in short what there is. Names:
 *
 *	id			the MAILBOXID (RFC 8474), where it is not made of
 *				user and UIDVALIDITY
 *	use			special uses, lib/mail/uses.h
 *	shared/PATH		METADATA /shared/PATH
 *	private/USER/PATH	METADATA /private/PATH of a user who reads it
 *	server-private/PATH	/private/PATH of the server; only INBOX has it
 *	acl/IDENTIFIER		rights
 *	quota			limits of the user, as quota_write() has them, that an
 *				administrator set by IMAP; only INBOX has it
 *
 * Nothing here asks for rights: who calls has done that.
 */
#ifndef STORE_ATTRIBUTES_H
#define STORE_ATTRIBUTES_H

#include "lib/base/why.h"
#include "store/attributes_text.h"
#include "store/index.h"

/* Append the value. KV_NONE: the mailbox, or the value, does not exist. */
enum kv_result attributes_get(struct view user, struct view mailbox,
    struct view name, struct str *value);
/* Call f with each whose name begins with prefix, in order, until it returns
 * false (KV_FOUND). f may read and write the index. */
enum kv_result attributes_each(struct view user, struct view mailbox,
    struct view prefix,
    bool (*f)(void *arg, struct view name, struct view value), void *arg);
/* Make these changes, all or none; safe on disk when it returns true. From a
 * fiber that holds account_lock(user). NEVER 2.1: no such mailbox; NEVER 3.4:
 * too many octets; NEVER 5.3: too many values. */
bool attributes_set(struct view user, struct view mailbox,
    const struct attribute *changes, size_t n, struct why *w);

/* Give another mailbox those whose name begins with prefix; as
 * attributes_set. */
bool attributes_copy(struct view user, struct view from, struct view to,
    struct view prefix, struct why *w);

/* Append the MAILBOXID. */
void attributes_id(struct view user, struct view mailbox,
    const struct header *h, struct str *out);
/* The same as a number, from the parts. */
uint64_t attributes_id_of(struct view user, uint32_t uidvalidity,
    struct view text);
/* Give the mailbox one of its own; as attributes_set. */
bool attributes_new_id(struct view user, struct view mailbox, struct why *w);

/* The file says this: so do index and header. Nothing is promised about when
 * that is on disk. */
void attributes_take(struct view user, struct view mailbox, struct view text);
/* Read the file and take what it says. */
void attributes_adopt(struct view user, struct view mailbox);

#endif
