/* SPDX-License-Identifier: ISC */
/*
 * exchange - logins by SASL, challenge by challenge (RFC 4422)
 *
 * An exchange belongs to one session of one process, which has one at a time:
 * its number is that of the session. It ends with its answer, with the next one
 * of the session, with the link, or when the client is silent for too long. Each
 * response is handled in a fiber of its own, so that a waiting exchange costs
 * its struct.
 *
 * A mechanism is a small file with a row of functions. What it is told comes
 * from strangers: malformed text ends the exchange and nothing else.
 */
#ifndef AUTH_EXCHANGE_H
#define AUTH_EXCHANGE_H

#include "auth/claim.h"
#include "lib/base/tree.h"

enum step {
	STEP_CHALLENGE,	/* x->challenge goes out, the client's turn */
	STEP_RIGHT,	/* the user is claim.name */
	STEP_WRONG,	/* claim.wrong says why */
	STEP_TROUBLE	/* claim.why says what; not counted as a guess */
};

struct exchange {
	struct claim claim;		/* first: they are freed as one */
	RB_ENTRY(exchange) entry;
	const struct mechanism *mechanism;
	unsigned step;			/* responses that were handled */
	bool listed, working;
	struct str response, challenge;
	/* of the connection */
	bool secure;
	struct str exporter, end_point;	/* channel bindings, or empty */
	struct str identities;		/* list: of the client's certificate */
	struct loop_timer *deadline;
	void *state;			/* the mechanism's */
};

enum {
	MECHANISM_PRIVATE = 1,	/* sends a secret as it is */
	MECHANISM_PLUS = 2	/* with channel binding */
};

struct mechanism {
	const char *name;
	unsigned flags;
	/* The first challenge; NULL: an empty one, the client begins. */
	void (*begin)(struct exchange *x);
	/* Takes an initial response although the server begins. */
	bool early;
	enum step (*respond)(struct exchange *x, struct view response);
	/* Wipe and free x->state; NULL: it has none. */
	void (*end)(struct exchange *x);
};

extern const struct mechanism mechanism_plain, mechanism_login,
    mechanism_scram_sha_1, mechanism_scram_sha_1_plus, mechanism_scram_sha_256,
    mechanism_scram_sha_256_plus, mechanism_external, mechanism_oauthbearer,
    mechanism_xoauth2, mechanism_cram_md5, mechanism_apop;

/* For mechanisms. */
enum step exchange_malformed(struct exchange *x);
enum step exchange_outcome(enum outcome outcome);
/* Do the settings name this mechanism? */
bool exchange_is_named(const char *mechanism);

/* Names of those that some account can use, SERVES_ of lib/mail/scheme.h, into
 * the list of msg_mechanisms. */
void exchange_names(unsigned serves, struct str *list);

void exchange_begin(struct channel *c, uint32_t tag, struct msg_sasl_begin *m);
void exchange_respond(struct channel *c, uint32_t tag,
    struct msg_sasl_response *m);
void exchange_cancel(struct channel *c, uint32_t tag,
    struct msg_sasl_cancel *m);
/* The link is gone: its exchanges and other claims are, too. */
void exchange_closed(struct channel *c);

#endif
