/* SPDX-License-Identifier: ISC */
/*
 * gate - what POP3 and IMAP sessions have in common before their login
 *
 * The change to TLS, the steps of a SASL exchange with its base64, the time
 * that all of it may take, and the log lines in the grammar that log readers
 * know from Dovecot. How a challenge is put on the wire, and what is replied in the
 * end, is the protocol's:
 *
 *	step = gate_begin(&g, mechanism, initial, &w);
 *	while (step == GATE_MORE)
 *		step = gate_answer(&g, <line behind "+ " and g.challenge>, &w);
 *	<GATE_IN: g.sasl.user, g.sasl.store>
 *	gate_end(&g);
 */
#ifndef MAIL_GATE_H
#define MAIL_GATE_H

#include "lib/mail/sasl.h"

/* What a gate asks of other modules; tests have functions of their own. */
struct gate_house {
	/* TLS can begin on this connection, which is in clear text. */
	bool (*tls_offered)(const struct session *s);
	bool (*in_tls)(const struct session *s);
	bool (*tls_start)(struct session *s, int64_t deadline, struct why *w);
	/* As in lib/mail/sasl.h. */
	bool (*plain_allowed)(const struct session *s);
	void (*offer)(const struct session *s, const char *prefix,
	    struct str *out);
	bool (*offers)(const struct session *s, struct view mechanism);
	enum sasl_result (*begin)(struct sasl *x, const struct session *s,
	    const char *service, struct view mechanism,
	    const struct view *initial, struct why *w);
	enum sasl_result (*answer)(struct sasl *x, struct view response,
	    struct why *w);
	void (*end)(struct sasl *x);
};
extern const struct gate_house gate_real;

struct gate {
	struct session *session;
	const struct gate_house *house;
	const char *service;	/* "pop3", "imap": for auth */
	int64_t begun, until;	/* the login must be done then */
	int64_t write_ms;	/* of the stream, as it was */
	struct sasl sasl;
	struct str challenge;	/* base64 */
	unsigned attempts;	/* logins that were wrong */
	unsigned disallowed;	/* logins that were refused in clear text */
	char tried[128];	/* the last name, as far as it is known */
	const char *method;	/* of the last of them */
	char trouble[128];	/* of a handshake that failed, or "" */
};

/* A session begins. timeout: seconds until the login, in all. */
void gate_open(struct gate *g, struct session *s, const char *service,
    uint64_t timeout);

/* It begins again, as who was logged in is not any more. Wrong logins before
 * still count. */
void gate_reopen(struct gate *g, uint64_t timeout);

/* Until when to wait for the client. The time for writes ends with it, so that
 * nobody stays by reading slowly. */
int64_t gate_deadline(struct gate *g);

/* The change to TLS, when the client has been told to go ahead; false: the
 * connection is of no use any more. What the client sent behind its command in
 * clear text is not read by anybody. */
bool gate_start_tls(struct gate *g);

enum gate_step {
	GATE_MORE,		/* send g->challenge, take a line */
	GATE_IN,		/* logged in: g->sasl has user and store */
	GATE_REFUSED,		/* w tells */
	GATE_CANCELLED,		/* the line was "*" */
	GATE_DAMAGED,		/* not base64, or too much of it */
};

/* initial as it came (base64, "=" for an empty one), NULL for none. */
enum gate_step gate_begin(struct gate *g, struct view mechanism,
    const struct view *initial, struct why *w);
/* The same for APOP: time stamp, name and digest with NUL between. */
enum gate_step gate_apop(struct gate *g, struct view response, struct why *w);
enum gate_step gate_answer(struct gate *g, struct view line, struct why *w);
/* Give up an exchange, or forget one that is over. */
void gate_end(struct gate *g);

/* A login by name and password was judged, or could not be; for the log. */
void gate_tried(struct gate *g, struct view user, const struct why *w);
/* One was refused since the connection is in clear text. */
void gate_disallowed(struct gate *g);
/* A login got no verdict: store may have been told of it nevertheless, and
 * would let no other one of this session in. */
void gate_take_back(const struct gate *g);

/* The login is done: its line in the log. subject "imap-login" and the like. */
void gate_enter(struct gate *g, const char *subject, struct view user);
/* A session that never logged in is over. */
void gate_leave(const struct gate *g, const char *subject, const char *why);

#endif
