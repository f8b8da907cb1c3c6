/* SPDX-License-Identifier: ISC */
/*
 * pop3 - a POP3 session (RFC 1939, capabilities RFC 2449)
 *
 * A command gets the session and its arguments and fills in a reply; the loop
 * in pop3.c writes it. Replies of many lines have a function that writes them
 * into the stream, so that no mailbox is too large.
 */
#ifndef POP3D_POP3_H
#define POP3D_POP3_H

#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/mail/gate.h"
#include "pop3d/content.h"
#include "pop3d/mailbox.h"
#include "pop3d/options.h"
#include "pop3d/pop3_language.h"

#define POP3_LINE_MAX 255	/* octets with the line end, RFC 2449 4 */
/* AUTH and its responses may have more: clients send tokens in one line, though
 * RFC 5034 4 tells them not to. */
#define POP3_AUTH_MAX (SASL_LINE_MAX + 64)

struct session;
struct stream;

enum pop3_state {
	POP3_AUTHORIZATION = 1,
	POP3_TRANSACTION = 2,
	POP3_END = 4		/* close after this reply */
};

struct pop3;

struct pop3_reply {
	bool ok;
	bool more;		/* "+ ": a challenge */
	struct str text;	/* behind "+OK ", "-ERR " or "+ " */
	/* Writes what follows the line, with the final dot; false when the
	 * connection is to be closed. NULL: nothing follows. */
	bool (*body)(struct pop3 *p, struct stream *s);
};

struct pop3 {
	struct session *session;
	enum pop3_state state;
	struct gate gate;		/* up to the login */
	struct str stamp;		/* of the greeting, for APOP */
	struct str user;		/* of USER, waiting for PASS */
	bool responds;			/* the next line goes on with AUTH */
	bool begins_tls;		/* after this reply */
	bool utf8;			/* the client reads it (RFC 6856) */
	const struct language *language;
	struct mailbox mailbox;
	struct options options;
	uint32_t last;			/* greatest number fetched since RSET */
	struct pop3_reply reply;
	unsigned errors;		/* wrong commands and logins */
	const char *end;		/* why it ended, for the log */
	/* what the body of the present reply is about */
	uint32_t number;		/* message; 0: all */
	int content;			/* -1: none */
	struct str head;		/* in place of its own header */
	uint64_t head_was;		/* octets of that */
	uint64_t reading;		/* of content_header */
	struct content_top top;
	/* for the log */
	uint32_t retr_count, top_count, had_count, deleted;
	uint64_t retr_octets, top_octets, had_octets;
};

/* The session function for listeners of protocol pop3. */
void pop3_session(struct session *s);

/* Run one command line, or the next step of AUTH; p->reply is filled in.
 * pop3_command.c. */
void pop3_command(struct pop3 *p, struct view line);
/* timeout: seconds until the login. */
void pop3_begin(struct pop3 *p, struct session *s, uint64_t timeout);
void pop3_free(struct pop3 *p);

/* For commands: fill in the reply. code: "IN-USE", ..., or NULL. */
void pop3_ok(struct pop3 *p, const char *fmt, ...) PRINTF(2, 3);
void pop3_error(struct pop3 *p, const char *code, const char *fmt, ...)
    PRINTF(3, 4);
/* From a verdict: LATER is SYS/TEMP, NEVER is SYS/PERM. */
void pop3_why(struct pop3 *p, const struct why *w);
/* A line that did not fit came instead; an exchange is over then. */
void pop3_too_long(struct pop3 *p);
/* A time stamp for the greeting, where APOP is offered; pop3_auth.c. */
void pop3_stamp(struct pop3 *p, const char *host);
/* The login is done, but for the mailbox; pop3_login.c. */
void pop3_enter(struct pop3 *p);
/* The login is refused. */
void pop3_refuse(struct pop3 *p, const struct why *w);
/* The client's answer to a challenge; pop3_auth.c. */
void pop3_response(struct pop3 *p, struct view line);

/* The commands, each file's own. */
typedef void pop3_run(struct pop3 *p, struct view args);
pop3_run pop3_user, pop3_pass, pop3_capa, pop3_quit;	/* pop3_login.c */
pop3_run pop3_utf8, pop3_lang;				/* pop3_language.c */
pop3_run pop3_stls, pop3_auth, pop3_apop;		/* pop3_auth.c */
pop3_run pop3_stat, pop3_list, pop3_uidl, pop3_dele, pop3_rset, pop3_noop,
    pop3_last, pop3_retr, pop3_top;				/* pop3_mail.c */

#endif
