/* SPDX-License-Identifier: ISC */
/*
 * sasl - logins, as session programs see them (RFC 4422)
 *
 * Every mechanism is verified in auth; a session passes octets on. What may be
 * offered on a connection follows from the settings, from what accounts can use
 * (auth tells), and from whether the line is secure. SMTP, POP3 and IMAP differ
 * only in how they wrap challenges, so base64 is theirs. Delays for wrong
 * passwords are auth's.
 *
 *	r = sasl_begin(&x, session, "imap", mechanism, initial, &w);
 *	while (r == SASL_CONTINUE)
 *		r = sasl_answer(&x, <decoded line>, &w);
 *	sasl_end(&x);
 */
#ifndef MAIL_SASL_H
#define MAIL_SASL_H

#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/proc/service.h"

#define SASL_LINE_MAX	16384	/* octets of a response, as base64 */
#define SASL_APOP	"apop"	/* service of that command of POP3 */
#define SASL_TOO_OFTEN	"4.5"	/* status: right, but pop3_login_delay */

/* May a password be sent on this connection as it is: in TLS, on a local
 * socket, or where plain_logins says so? */
bool sasl_plain_allowed(const struct session *s);
/* Names of the mechanisms on offer now, each behind prefix (" ", " AUTH="),
 * appended to out. The order is that of preference, strongest first. In a
 * process that was just started it may wait for auth for a moment. */
void sasl_offer(const struct session *s, const char *prefix, struct str *out);

/* The same question about one, listed or not (APOP). */
bool sasl_offers(const struct session *s, struct view mechanism);

enum sasl_result {
	SASL_CONTINUE,		/* send x->challenge, take an answer */
	SASL_DONE,		/* logged in: x->user, x->store */
	SASL_REFUSED		/* w tells: NEVER wrong, LATER cannot tell */
};

struct sasl {
	uint64_t exchange;	/* auth's number, 0: none under way */
	struct str challenge;	/* raw octets */
	struct str user;	/* canonical name, after SASL_DONE */
	uint32_t store;		/* instance that has the mailboxes */
	struct str mailbox;	/* that a POP client wants, empty: INBOX */
	const char *mechanism;	/* its name in the table, for the log */
};

/* Begin with *x = { 0 }. initial is decoded; NULL: the client sent none. A
 * mechanism that is not on offer is refused with NEVER 5.4 (unknown), or 7.11
 * (a password on an open line). APOP is for the service SASL_APOP alone: it is
 * no mechanism that a client can name. Waits in the session's fiber. */
enum sasl_result sasl_begin(struct sasl *x, const struct session *s,
    const char *service, struct view mechanism, const struct view *initial,
    struct why *w);
enum sasl_result sasl_answer(struct sasl *x, struct view response,
    struct why *w);
/* Give up what is under way, wipe and free. */
void sasl_end(struct sasl *x);

/* For the handler tables of session programs. */
void sasl_mechanisms(struct channel *c, uint32_t tag, struct msg_mechanisms *m);

#endif
