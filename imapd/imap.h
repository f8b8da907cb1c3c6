/* SPDX-License-Identifier: ISC */
/*
 * imap - the state of one IMAP session, and how a command answers
 *
 * A command is a function that reads its arguments with imapd/parse.h, writes
 * untagged data with the out_ functions and returns its tagged answer. It does
 * not touch the socket: data goes to a str that is handed to the stream when it
 * is much, and without a stream (in tests) stays there. What lives as long as
 * the command is in the arena.
 */
#ifndef IMAPD_IMAP_H
#define IMAPD_IMAP_H

#include <bsd/sys/queue.h>

#include "imapd/parse.h"
#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/mail/gate.h"

struct box;
struct channel;
struct command;
struct message;
struct notify;
struct reply;
struct session;
struct settings;

enum answer { ANSWER_OK, ANSWER_NO, ANSWER_BAD };

/* A literal that a command takes from the stream itself (APPEND). */
struct incoming {
	struct literal literal;		/* size: what is still to come */
	bool pending;		/* announced, not yet taken */
	bool open;		/* the rest of the line is still to come */
};

struct imap {
	struct session *session;	/* NULL: output stays in out (tests) */
	const struct settings *settings;
	/* Put a question to store (login: to auth) and wait for the answer;
	 * tests have their own. */
	bool (*ask)(struct imap *, const struct message *, struct reply *,
	    struct why *);
	const struct command *command;	/* that runs now */
	char *user;			/* NULL before login */
	struct channel *store;		/* the link that knows our grant */
	uint32_t instance;		/* of store */
	uint64_t admitted;		/* other instances that know us: bits */
	struct channel *appends_at;	/* where append_open was asked */
	struct channel *opens_at;	/* where mailbox_open is being asked */
	struct box *box;		/* NULL: nothing selected */
	struct box *look;		/* looked into instead (ESEARCH) */
	struct notify *notify;		/* NULL: never asked for (notify.h) */
	struct arena arena;		/* of the command */
	struct view tag;		/* of the command */
	struct str text;		/* of the command, as it came */
	struct str out;			/* written, not yet in the stream */
	struct str said;		/* of the tagged answer */
	const char *wrong;		/* with the command as it came */
	struct incoming incoming;
	unsigned enabled;		/* enum feature of capability.h */
	bool uid;			/* UID form of the command */
	bool over;			/* end after this command */
	bool lost;			/* store has forgotten us */
	bool idling;			/* waits: wake for news */
	int64_t deadline;		/* of the next command; 0: begin anew */
	bool begins_tls;		/* after the answer of this command */
	bool begins_deflate;		/* the same */
	struct gate gate;		/* up to the login */
	unsigned errors;		/* wrong commands, in a row after login */
	uint64_t sent;			/* octets, for the log */
	uint64_t sent_turn;		/* octets at the last give_way() */
	unsigned commands;		/* run so far */
	const char *ended;		/* why, for the log */
	LIST_ENTRY(imap) next;
};

/* ---- answers ---- */

/* The sentence of the tagged answer, perhaps with a "[CODE] " in front. OK
 * without one says "NAME completed". */
enum answer answer_ok(struct imap *im, const char *fmt, ...) PRINTF(2, 3);
enum answer answer_no(struct imap *im, const char *fmt, ...) PRINTF(2, 3);
enum answer answer_bad(struct imap *im, const char *fmt, ...) PRINTF(2, 3);
/* What the parser found wrong. */
enum answer answer_syntax(struct imap *im, const struct parse *p);
/* What store or auth said, with the response code that fits (RFC 5530). */
enum answer answer_why(struct imap *im, const struct why *w);
/* The same for commands that could create their target: [TRYCREATE]. */
enum answer answer_why_create(struct imap *im, const struct why *w);

/* ---- output ---- */

void out_puts(struct imap *im, const char *text);
void out_printf(struct imap *im, const char *fmt, ...) PRINTF(2, 3);
/* "string", or a literal where quotes cannot hold it. */
void out_string(struct imap *im, struct view v);
/* As out_string, but an atom where one can. */
void out_astring(struct imap *im, struct view v);
/* A UTF-8 mailbox name, in modified UTF-7 unless the client takes UTF-8. */
void out_mailbox(struct imap *im, struct view name);
/* Hand over to the stream when there is much; may wait. False when the
 * client is gone: stop writing. */
bool out_push(struct imap *im);
/* Hand everything over and send it. */
bool out_flush(struct imap *im);
/* Let other sessions of the process have their turn. */
void give_way(void);

/* ---- asking store ---- */

/* im->ask of a real session. */
bool house_ask(struct imap *im, const struct message *request,
    struct reply *reply, struct why *w);
/* Send a request and wait for its answer. */
bool store_ask(struct imap *im, const struct message *request,
    struct reply *reply, struct why *w);
/* The same where yes or no is all that comes. */
bool store_tell(struct imap *im, const struct message *request,
    struct why *w);
/* Was this the answer? Fills w when not. type: enum message_type. */
bool store_want(const struct reply *reply, unsigned type, struct why *w);
/* The session's number, as store knows it. */
uint64_t imap_number(const struct imap *im);

#endif
