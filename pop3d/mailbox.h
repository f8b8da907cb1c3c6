/* SPDX-License-Identifier: ISC */
/*
 * mailbox - one user's mail as a POP session sees it
 *
 * Both generations of the protocol work on this. Opening takes a snapshot:
 * message numbers stay what they are until it is closed, whatever others do.
 * Marks are only noted here; mailbox_apply removes what is marked, in one step.
 * A mailbox belongs to the process of store that opened it. When that process
 * is gone its handle means nothing any more, and every call says LATER.
 *
 * Calls that ask another program wait; they belong into the session's fiber.
 */
#ifndef POP3D_MAILBOX_H
#define POP3D_MAILBOX_H

#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/mail/gate.h"
#include "lib/mail/record.h"
#include "pop3d/uidls.h"

#define MAILBOX_AHEAD 16	/* content files opened ahead, at most */

struct mailbox {
	uint64_t session;	/* number of the session */
	struct str user;	/* canonical; empty before the login */
	struct str wanted;	/* mailbox of "user+mailbox", empty: INBOX */
	uint32_t store;		/* instance that has this user's mail */
	bool open;
	uint32_t keeper;	/* process number of store */
	uint32_t handle, uidvalidity;
	uint32_t count;		/* messages, marked or not */
	uint64_t octets;	/* of all of them */
	struct view records;	/* the snapshot (lib/mail/record.h) */
	struct uidls uidls;	/* that were kept */
	uint8_t *marks;		/* a bit each; NULL: none is marked */
	uint32_t marked;
	uint64_t marked_octets;
	uint8_t *fetched;	/* a bit each, as marks; NULL: none was */
	/* descriptors for messages first .. first + n - 1; -1: gone */
	struct {
		uint32_t first, n, run;
		int fd[MAILBOX_AHEAD];
	} ahead;
};

/* Ask auth. On success store knows the session. NEVER 7.x: wrong. */
bool mailbox_login(struct mailbox *m, struct gate *g, struct view user,
    struct view password, struct why *w);
/* Auth has said yes to this session, another way. */
void mailbox_enter(struct mailbox *m, const struct session *s,
    struct view user, uint32_t store);
/* The login named a mailbox as well. */
void mailbox_want(struct mailbox *m, struct view name);
/* Tell store that the session is over; closes, forgets the user. */
void mailbox_logout(struct mailbox *m);

/* Open a mailbox of the user, alone among POP sessions; an empty name is the
 * one that the login wanted. */
bool mailbox_open(struct mailbox *m, struct view name, struct why *w);
/* It could not be opened because another POP session has it. */
bool mailbox_in_use(const struct why *w);
/* Nothing marked is removed. */
void mailbox_close(struct mailbox *m);
/* The same, and it is on its way to store when this returns: a client that is
 * told good-bye next finds the mailbox free. */
void mailbox_leave(struct mailbox *m);
/* Remove what is marked, all or nothing; why_unknown when nobody can tell which
 * of them it was. */
bool mailbox_apply(struct mailbox *m, struct why *w);
/* Give \Seen to what was fetched. That it can fail is nobody's loss. */
void mailbox_set_seen(struct mailbox *m);

/* Messages are numbered from 1 to count. */
void mailbox_message(const struct mailbox *m, uint32_t number,
    struct record *r);
bool mailbox_is_marked(const struct mailbox *m, uint32_t number);
void mailbox_mark(struct mailbox *m, uint32_t number);
void mailbox_unmark_all(struct mailbox *m);
/* It was fetched in this session. */
void mailbox_note_fetched(struct mailbox *m, uint32_t number);
bool mailbox_is_fetched(const struct mailbox *m, uint32_t number);
/* In this session or before. */
bool mailbox_is_read(const struct mailbox *m, uint32_t number);

/* A read-only descriptor of a message's content, the caller's; -1 with w. */
int mailbox_content(struct mailbox *m, uint32_t number, struct why *w);

#endif
