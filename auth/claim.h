/* SPDX-License-Identifier: ISC */
/*
 * claim - one try to log in, from the question to the answer
 *
 * What all ways to log in have in common: looking up the user, work in the
 * threads within limits, and the three ends. Right ones are answered when store
 * knows about the session (readers only). Wrong ones get the same words after
 * the same time, whatever was wrong: a moment that is counted from the last
 * thing the client said, not from the end of the work.
 */
#ifndef AUTH_CLAIM_H
#define AUTH_CLAIM_H

#include <bsd/sys/queue.h>

#include "lib/base/kv.h"
#include "lib/proc/channel.h"

struct users;

struct claim {
	LIST_ENTRY(claim) entry;
	struct channel *channel;	/* NULL: gone */
	uint32_t tag, process;
	uint64_t session;
	unsigned role;
	int64_t since;			/* clock_ms() of the question */
	struct str given, client;	/* as the client said it */
	struct str plain, mailbox;	/* given, without +mailbox; and that */
	struct str name;		/* canonical, when the user exists */
	struct str secret;		/* as stored */
	struct str password;
	const char *base;		/* where it was looked up, for the log */
	const char *wrong;		/* for the log */
	bool shut_out;			/* from the account: not counted */
	bool counted;
	int64_t wait;			/* the penalty, milliseconds */
	struct why why;
	struct loop_timer *delay;
	void (*free)(struct claim *);	/* of whoever embeds it; may be NULL */
};

#define CLAIM_SHUT_OUT	"shut out from this account"

enum outcome {
	OUTCOME_RIGHT,
	OUTCOME_WRONG,			/* wrong says how */
	OUTCOME_TROUBLE			/* why says what */
};

/* Whom to ask; before the first claim. */
void claim_start(struct users *u);
/* *a is zeroed memory of the heap, which claim_end() gives back. */
void claim_begin(struct claim *a, struct channel *c, struct view client);
void claim_end(struct claim *a);
/* The askers of this channel are gone: nobody is to be answered any more. */
void claim_closed(struct channel *c);

/* Is the client's address shut out? Then a has been answered and is gone. */
bool claim_is_shut_out(struct claim *a);
/* Look up whom a->given means. KV_FOUND fills name and secret; without, wrong
 * or why say more, and name is the name that was looked for. Who is shut out
 * gets KV_NONE, with the secret if there is such a user. */
enum kv_result claim_find(struct claim *a);
/* May the user found act for this name? Nobody but himself. */
bool claim_may_be(const struct claim *a, struct view as);
/* Iterations that keys for SCRAM have here. */
uint32_t claim_iterations(void);
/* Run a slow function in a thread, if there are not too many: else false with
 * a->why. */
bool claim_work(struct claim *a, void (*fn)(void *), void *arg);
/* Is a->password that of a->given, acting for as (empty: himself)? Unknown users
 * cost the same work. */
enum outcome claim_password(struct claim *a, struct view as);
/* WRONG, after the work of checking a password. */
enum outcome claim_nobody(struct claim *a, const char *wrong);

/* It is wrong, although the client is not told yet. */
void claim_count(struct claim *a);
/* The end, in the fiber of a: answers, now or later, and frees. */
void claim_finish(struct claim *a, enum outcome outcome);
/* Answer a->why and free. */
void claim_refuse(struct claim *a);

#endif
