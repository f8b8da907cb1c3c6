/* SPDX-License-Identifier: ISC */
/*
 * commands - every IMAP command, once
 *
 * COMMAND(NAME, function, states, flags). The functions stand in imapd/cmd_*.c.
 */
#ifndef IMAPD_COMMANDS_H
#define IMAPD_COMMANDS_H

#include "imapd/imap.h"

#define COMMANDS                                                               \
	COMMAND(CAPABILITY, capability, STATE_ANY, 0)                          \
	COMMAND(NOOP, noop, STATE_ANY, 0)                                      \
	COMMAND(LOGOUT, logout, STATE_ANY, 0)                                  \
	COMMAND(ID, id, STATE_ANY, 0)                                          \
	COMMAND(STARTTLS, starttls, STATE_LOGIN, 0)                            \
	COMMAND(LOGIN, login, STATE_LOGIN, CMD_SECRET)                         \
	COMMAND(AUTHENTICATE, authenticate, STATE_LOGIN, CMD_SECRET)           \
	COMMAND(ENABLE, enable, STATE_IN, 0)                                   \
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
	COMMAND(APPEND, append, STATE_IN, 0)                                   \
	COMMAND(IDLE, idle, STATE_IN, 0)                                       \
	COMMAND(CHECK, check, STATE_SELECTED, 0)                               \
	COMMAND(CLOSE, close, STATE_SELECTED, 0)                               \
	COMMAND(UNSELECT, unselect, STATE_SELECTED, 0)                         \
	COMMAND(EXPUNGE, expunge, STATE_SELECTED,                              \
	    CMD_UID | CMD_WRITES)                                              \
	COMMAND(SEARCH, search, STATE_SELECTED, CMD_UID | CMD_STABLE)          \
	COMMAND(FETCH, fetch, STATE_SELECTED, CMD_UID | CMD_STABLE)            \
	COMMAND(STORE, store, STATE_SELECTED,                                  \
	    CMD_UID | CMD_STABLE | CMD_WRITES)                                 \
	COMMAND(COPY, copy, STATE_SELECTED, CMD_UID)                           \
	COMMAND(MOVE, move, STATE_SELECTED, CMD_UID | CMD_WRITES)

#define COMMAND(NAME, name, states, flags)                                     \
	enum answer cmd_##name(struct imap *im, struct parse *p);
COMMANDS
#undef COMMAND

/* APPEND takes its message from the stream; p stands behind the name. */
bool append_takes(struct parse *p);

/* Read the tag and the name, run the command, write its tagged answer. What it
 * says goes to im->out. */
void command_run(struct imap *im);
/* Is the text so far a command that takes the literal announced at its end? */
bool command_takes(struct imap *im);
/* "IMAP4rev1 ..." as it is true now; lives as long as the command. */
const char *capabilities(struct imap *im);

#endif
