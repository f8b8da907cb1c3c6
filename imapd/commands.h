/* SPDX-License-Identifier: ISC */
/*
 * commands - every IMAP command, once
 *
 * COMMAND(NAME, function, states, flags). The functions stand in imapd/cmd_*.c.
 */
#ifndef IMAPD_COMMANDS_H
#define IMAPD_COMMANDS_H

#include "imapd/imap.h"

/* Which states a command is allowed in. */
enum {
	STATE_LOGIN = 1,	/* not authenticated */
	STATE_AUTH = 2,		/* authenticated, nothing selected */
	STATE_SELECTED = 4,
	STATE_IN = STATE_AUTH | STATE_SELECTED,
	STATE_ANY = STATE_LOGIN | STATE_IN
};

/* Flags of a command. */
enum {
	CMD_UID = 1,		/* has a form with UIDs */
	CMD_STABLE = 2,		/* numbers stay: no EXPUNGE without UID */
	CMD_WRITES = 4,		/* not in a mailbox open by EXAMINE */
	CMD_SECRET = 8,		/* arguments are wiped afterwards */
	CMD_NUMBERS = 16,	/* takes or gives message numbers (RFC 9586) */
	CMD_EXPUNGES = 32	/* EXPUNGE is its own response */
};

struct command {
	const char *name;
	enum answer (*run)(struct imap *, struct parse *);
	unsigned states;
	unsigned flags;
};

#define COMMANDS                                                               \
	COMMAND(CAPABILITY, capability, STATE_ANY, 0)                          \
	COMMAND(NOOP, noop, STATE_ANY, 0)                                      \
	COMMAND(LOGOUT, logout, STATE_ANY, 0)                                  \
	COMMAND(ID, id, STATE_ANY, 0)                                          \
	COMMAND(STARTTLS, starttls, STATE_LOGIN, 0)                            \
	COMMAND(LOGIN, login, STATE_LOGIN, CMD_SECRET)                         \
	COMMAND(AUTHENTICATE, authenticate, STATE_LOGIN, CMD_SECRET)           \
	COMMAND(ENABLE, enable, STATE_IN, 0)                                   \
	COMMAND(COMPRESS, compress, STATE_IN, 0)                               \
	COMMAND(NAMESPACE, namespace, STATE_IN, 0)                             \
	COMMAND(SELECT, select, STATE_IN, 0)                                   \
	COMMAND(EXAMINE, examine, STATE_IN, 0)                                 \
	COMMAND(CREATE, create, STATE_IN, 0)                                   \
	COMMAND(DELETE, delete, STATE_IN, 0)                                   \
	COMMAND(RENAME, rename, STATE_IN, 0)                                   \
	COMMAND(SUBSCRIBE, subscribe, STATE_IN, 0)                             \
	COMMAND(UNSUBSCRIBE, unsubscribe, STATE_IN, 0)                         \
	COMMAND(LIST, list, STATE_IN, 0)                                       \
	COMMAND(LSUB, lsub, STATE_IN, 0)                                       \
	COMMAND(STATUS, status, STATE_IN, 0)                                   \
	COMMAND(GETQUOTA, getquota, STATE_IN, 0)                               \
	COMMAND(GETQUOTAROOT, getquotaroot, STATE_IN, 0)                       \
	COMMAND(SETQUOTA, setquota, STATE_IN, 0)                               \
	COMMAND(APPEND, append, STATE_IN, 0)                                   \
	COMMAND(GETACL, getacl, STATE_IN, 0)                                   \
	COMMAND(SETACL, setacl, STATE_IN, 0)                                   \
	COMMAND(DELETEACL, deleteacl, STATE_IN, 0)                             \
	COMMAND(LISTRIGHTS, listrights, STATE_IN, 0)                           \
	COMMAND(MYRIGHTS, myrights, STATE_IN, 0)                               \
	COMMAND(GETMETADATA, getmetadata, STATE_IN, 0)                         \
	COMMAND(SETMETADATA, setmetadata, STATE_IN, 0)                         \
	COMMAND(UNAUTHENTICATE, unauthenticate, STATE_IN, 0)                   \
	COMMAND(IDLE, idle, STATE_IN, 0)                                       \
	COMMAND(NOTIFY, notify, STATE_IN, 0)                                   \
	COMMAND(CHECK, check, STATE_SELECTED, 0)                               \
	COMMAND(CLOSE, close, STATE_SELECTED, 0)                               \
	COMMAND(UNSELECT, unselect, STATE_SELECTED, 0)                         \
	COMMAND(EXPUNGE, expunge, STATE_SELECTED,                              \
	    CMD_UID | CMD_WRITES | CMD_EXPUNGES)                               \
	COMMAND(SEARCH, search, STATE_SELECTED,                                \
	    CMD_UID | CMD_STABLE | CMD_NUMBERS)                                \
	COMMAND(ESEARCH, esearch, STATE_IN, 0)                                 \
	COMMAND(SORT, sort, STATE_SELECTED,                                    \
	    CMD_UID | CMD_STABLE | CMD_NUMBERS)                                \
	COMMAND(THREAD, thread, STATE_SELECTED,                                \
	    CMD_UID | CMD_STABLE | CMD_NUMBERS)                                \
	COMMAND(FETCH, fetch, STATE_SELECTED,                                  \
	    CMD_UID | CMD_STABLE | CMD_NUMBERS)                                \
	COMMAND(STORE, store, STATE_SELECTED,                                  \
	    CMD_UID | CMD_STABLE | CMD_WRITES | CMD_NUMBERS)                   \
	COMMAND(COPY, copy, STATE_SELECTED, CMD_UID | CMD_NUMBERS)             \
	COMMAND(MOVE, move, STATE_SELECTED,                                    \
	    CMD_UID | CMD_WRITES | CMD_NUMBERS | CMD_EXPUNGES)                 \
	COMMAND(REPLACE, replace, STATE_SELECTED,                              \
	    CMD_UID | CMD_WRITES | CMD_NUMBERS | CMD_EXPUNGES)

#define COMMAND(NAME, name, states, flags)                                     \
	enum answer cmd_##name(struct imap *im, struct parse *p);
COMMANDS
#undef COMMAND

/* APPEND takes its messages from the stream; p stands behind the name. True at
 * the first literal of a message. append_read.c. */
bool append_takes(struct parse *p);

/* Read the tag and the name, run the command, write its tagged answer. What it
 * says goes to im->out. */
void command_run(struct imap *im);
/* Is the text so far a command that takes the literal announced at its end? */
bool command_takes(struct imap *im);

#endif
