/* SPDX-License-Identifier: ISC */
/*
 * pop2 - a POP2 session (RFC 937)
 *
 * A command is allowed in some states and leads to another; a wrong one ends
 * the session and removes nothing. Replies are "#" and a number of messages,
 * "=" and a number of octets, "+" and "-" with words. The content of a message
 * is sent bare, exactly as many octets as announced.
 */
#ifndef POP3D_POP2_H
#define POP3D_POP2_H

#include "pop3d/mailbox.h"

#define POP2_LINE_MAX 512	/* octets with the line end */

struct session;
struct stream;

enum pop2_state {
	POP2_AUTH = 1,
	POP2_MBOX = 2,	/* a mailbox is chosen */
	POP2_ITEM = 4,	/* a message is chosen, its size is said */
	POP2_NEXT = 8,	/* it has been sent and waits for acknowledgement */
	POP2_END = 16
};

struct pop2 {
	struct session *session;
	struct gate gate;	/* up to the login */
	enum pop2_state state;
	struct mailbox mailbox;
	uint32_t number;	/* the current message, from 1 */
	uint32_t opened;	/* the message that content is of */
	int content;		/* of the message in ITEM and NEXT, or -1 */
	uint64_t size;		/* of it, as announced */
	struct str reply;	/* a line without its end; empty: none */
	bool send;		/* the content follows */
	bool mark_read;		/* what was fetched gets \Seen */
	const char *end;	/* why it ended, for the log */
	/* for the log */
	uint32_t retr_count, had_count, deleted;
	uint64_t retr_octets, had_octets;
};

/* The session function for listeners of protocol pop2. */
void pop2_session(struct session *s);

/* Run one command line; reply, send and state tell what came of it. */
void pop2_command(struct pop2 *p, struct view line);
/* timeout: seconds until the login. */
void pop2_begin(struct pop2 *p, struct session *s, uint64_t timeout);
void pop2_free(struct pop2 *p);
/* End the session with "- " and a sentence. */
void pop2_fail(struct pop2 *p, const char *fmt, ...) PRINTF(2, 3);

#endif
