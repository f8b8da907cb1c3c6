/* SPDX-License-Identifier: ISC */
/*
 * dialog - one SMTP, submission or LMTP conversation, without a wire
 *
 * Takes command lines and content, gives replies; reads and writes nothing
 * itself and asks the rest of the house through a table of functions. So a test
 * holds a whole conversation in memory, and smtpd/session.c is left with
 * moving octets. The rules are those of RFC 5321, RFC 6409 and RFC 2033.
 *
 * Arenas: what is known of the client lives as long as the dialog, the name
 * that it gave until its next greeting, a transaction until it ends in whatever
 * way, a command until the next one. So nothing grows with the number of
 * commands.
 */
#ifndef SMTPD_DIALOG_H
#define SMTPD_DIALOG_H

#include "lib/mail/sasl.h"
#include "smtpd/content.h"
#include "smtpd/house.h"
#include "smtpd/response.h"
#include "smtpd/transaction.h"

/* Longest command line with its CR LF: the 512 of RFC 5321 4.5.3.1.4 and what
 * extensions add to it; honest clients stay well below. */
#define COMMAND_MAX 2048

/* The same of AUTH and its responses (RFC 4954 4). */
#define AUTH_MAX 12288

enum protocol {
	PROTOCOL_SMTP = 1,
	PROTOCOL_SUBMISSION = 2,
	PROTOCOL_LMTP = 4
};

/* How far the conversation has come. */
enum phase {
	PHASE_NEW = 1,		/* no greeting by the client yet */
	PHASE_READY = 2,	/* greeted, no transaction */
	PHASE_MAIL = 4,		/* has a sender */
	PHASE_RCPT = 8,		/* has a recipient, too */
	PHASE_CHUNK = 16	/* and content by BDAT, not all of it yet */
};

struct tally {
	uint32_t good, all;
};

struct dialog {
	const struct house *house;
	enum protocol protocol;
	enum phase phase;
	bool extended;		/* EHLO or LHLO, not HELO */
	bool trusted;		/* a client on this host: may relay */
	bool secure;		/* in TLS */
	bool believed;		/* a proxy: may say who its clients are */
	uint32_t uid;		/* its user, UINT32_MAX if there is none */
	uint64_t number;	/* of the session in this process */
	int64_t began;		/* clock_wall_us() */
	struct session *session;	/* for the house; NULL in tests */
	char client[336];	/* host[ip], as log lines have it */
	const char *ip;		/* "" for a client on this host */
	const char *name;	/* "unknown", as long as nobody asks for it */
	const char *helo;	/* "" before it said so */
	const char *login;	/* "" without one */
	const char *login_method;	/* NULL without one */
	const char *last;	/* last verb, for the log */
	uint32_t errors;	/* since the last mail that was queued */
	uint32_t junk;		/* commands that led to nothing, since then */
	uint32_t refusals;	/* in all */
	uint32_t mails;
	struct arena own, hello, command;
	struct transaction tx;
	struct content content;
	struct chunk chunk;
	struct intake intake;
	struct sasl sasl;	/* an exchange that is under way */
	struct view tried;	/* the name it is for, as far as known; tx.arena */
	/* A command of several lines: takes the next one. */
	struct response (*expect)(struct dialog *, struct view line);
	struct tally *tally;	/* one for each command */
};

/* What is known of a client before it speaks. */
struct dialog_client {
	enum protocol protocol;
	const char *ip;		/* "" for a UNIX client; borrowed */
	uint32_t uid;		/* of a UNIX client, else UINT32_MAX */
	uint64_t number;	/* of the session in this process */
	bool secure;		/* in TLS from the beginning */
	bool believed;		/* stands in proxy_clients */
	struct session *session;	/* NULL in tests */
};

struct dialog *dialog_new(const struct dialog_client *client,
    const struct house *house);
/* Gives up what is under way, without a reply. */
void dialog_free(struct dialog **d);

struct response dialog_greeting(struct dialog *d);
/* One command line, without its line end. The response lives until the next
 * call. */
struct response dialog_line(struct dialog *d, struct view line);
/* Longest line, with its CR LF, that may come now. */
size_t dialog_line_max(const struct dialog *d);
/* It was longer. */
struct response dialog_too_long(struct dialog *d);
/* A line that cannot be read as a command, and why. */
struct response dialog_refuse(struct dialog *d, const char *sentence);

/* After THEN_DATA or THEN_CHUNK: content as it comes. Returns how much was
 * taken, all of it unless *done. A chunk can be done with nothing taken: begin
 * with an empty view. */
size_t dialog_data(struct dialog *d, struct view in, bool *done);
/* After *done: queue the mail if it is complete, append the reply to it, or
 * one for each recipient (LMTP). */
void dialog_data_end(struct dialog *d, struct str *out);
/* The client has sent so much after a refusal that it is not worth waiting. */
bool dialog_data_hopeless(const struct dialog *d);

/* "ESMTP": the word behind "with" in Received. */
const char *dialog_with(const struct dialog *d);
/* For DATA and BDAT: have an open mail for the content, with the trace fields in
 * front. Asked again before the first octet is written, it replaces a mail whose
 * queue has died since. */
bool dialog_hold_mail(struct dialog *d, struct why *w);
/* What a command is told that may not come now, and DATA and BDAT without a
 * recipient. */
struct response dialog_out_of_turn(struct dialog *d);
struct response dialog_no_recipients(const struct dialog *d);
/* May VRFY and EXPN tell this client anything? */
bool dialog_may_verify(const struct dialog *d);
/* Forget the transaction: RSET, a new greeting, the end of a mail. */
void dialog_reset(struct dialog *d);
/* Forget the greeting and the login as well: TLS begins, or another client. */
void dialog_begin_anew(struct dialog *d);
/* Another name or address of the client; NULL leaves what there is. */
void dialog_rename(struct dialog *d, const char *name,
    const struct address16 *a);
/* "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=4" */
void dialog_tally(const struct dialog *d, struct str *out);

#endif
