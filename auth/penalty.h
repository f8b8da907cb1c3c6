/* SPDX-License-Identifier: ISC */
/*
 * penalty - what guessing passwords costs
 *
 * A wrong answer waits: half a second for the first, doubling with each from the
 * same address up to eight seconds, forgiven with time. Only wrong answers wait:
 * a right one comes at once. Beyond that, an address that goes on is shut out
 * for a while, and sooner from the one account that it guesses at. Accounts are
 * counted by address, so nobody can lock a stranger out from elsewhere. IPv6
 * clients count by their /64. This host itself ("local", 127.0.0.1, ::1) is
 * never shut out as a whole: a webmail there speaks for everybody. The tables
 * have a fixed size; when one is full, who was quiet for the longest time is
 * forgotten. Times are clock_ms(), so that they can be tested.
 */
#ifndef AUTH_PENALTY_H
#define AUTH_PENALTY_H

#include "lib/base/str.h"

void penalty_start(void);
/* After so many wrong logins an address is shut out for so long; half of them
 * are enough for one account from one address. */
void penalty_limits(uint64_t failures, int64_t lockout_ms);

/* Have several wrong passwords come from client lately? */
bool penalty_is_suspect(struct view client, int64_t now);
/* Is client shut out, as a whole, or from this account if one is given? */
bool penalty_is_shut_out(struct view client, struct view account, int64_t now);

struct guess {
	struct view client, account;
	struct view password;	/* empty: not known */
};
enum penalty_shut { PENALTY_OPEN, PENALTY_ACCOUNT, PENALTY_ADDRESS };
/* Count a wrong password; returns the milliseconds that its answer waits. *shut
 * tells what has been closed by it, just now. The same password for the same
 * account once more waits, too, but does not count: that is no guess, but a mail
 * program that has not heard of a new one. */
int64_t penalty_add(const struct guess *g, int64_t now,
    enum penalty_shut *shut);
/* A right one: the account's wrong ones from client are forgotten. */
void penalty_forget(struct view client, struct view account);

/* An address, or an address and an account, with its wrong logins. */
struct guesser {
	char network[64];	/* "192.0.2.1", "2001:db8::/64" */
	char account[128];	/* shortened; empty: of all accounts */
	unsigned failures;
	int64_t last, until;	/* until 0: not shut out */
};
/* Those that are remembered. */
void penalty_each(int64_t now, void (*fn)(void *arg, const struct guesser *g),
    void *arg);
/* Forget this address with its accounts, or all when empty. How many there
 * were. */
unsigned penalty_clear(struct view client);

#endif
