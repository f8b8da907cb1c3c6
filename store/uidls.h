/* SPDX-License-Identifier: ISC */
/*
 * uidls - identifiers that messages had under another POP server
 *
 * A client that has left its mail on the server knows it by its UIDLs. Those of
 * a mailbox that was brought here from another server, and that no form of
 * pop3_uidl gives, stand in the file posthouse-uidls of its directory, a line
 * each, UIDs ascending:
 *
 *	<UID> <content, 16 hex digits> <UIDL>
 *
 * Content is that of the message's file name. A line speaks of a message only
 * if both are right, so one that a crash has left behind speaks of none. Lines
 * stay when their messages go: what was a UIDL once never names another message.
 */
#ifndef STORE_UIDLS_H
#define STORE_UIDLS_H

#include "store/mailbox.h"

/* A message that is being taken in, and the UIDL in the name that it had. */
struct uidls_new {
	uint32_t uid;
	uint64_t content;
	struct view given;	/* as place_parse finds it; empty: none */
};
/* Note the UIDLs of new messages, ascending by UID, before they get their names.
 * One without a UIDL takes over that of a lost message with the same content: a
 * file that came back. One that names another message is not taken. False when
 * it cannot be written, with LATER. From a fiber. */
bool uidls_note(struct mailbox *mb, const struct uidls_new *new, size_t n,
    struct why *w);

/* The file as a sealed memfd, the caller's; -1: there is none. The file is read
 * once, and again after uidls_forget(). */
int uidls_snapshot(struct mailbox *mb);
void uidls_forget(struct mailbox *mb);

#endif
