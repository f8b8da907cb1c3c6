/* SPDX-License-Identifier: ISC */
/*
 * crowd - how many sessions a client and its network have, and how fast
 *
 * A client is an IPv4 address or an IPv6 /64 (what one customer has), a network
 * an IPv4 /24 or an IPv6 /48. Whoever enters is counted under both until he
 * leaves. Memory is bounded: by the sessions there are, and by CROWD_KEPT
 * clients without one whose rate is still remembered.
 */
#ifndef PROC_CROWD_H
#define PROC_CROWD_H

#include "lib/proc/network.h"

#define CROWD_KEPT 8192

struct crowd_place;

struct crowd_limits {
	uint64_t client;	/* sessions of one client */
	uint64_t network;	/* sessions of one network */
	uint64_t rate;		/* new sessions of one client in a minute */
};

enum crowd_verdict {
	CROWD_FINE,
	CROWD_CLIENT,		/* which limit was reached */
	CROWD_NETWORK,
	CROWD_RATE
};

/* Where one session is counted; { 0 } is nowhere. */
struct crowd_spot {
	struct crowd_place *client, *network;
};

/* Count a new session at `now` (clock_ms()) unless there are too many; then
 * *spot stays { 0 }. */
enum crowd_verdict crowd_enter(struct crowd_spot *spot,
    const struct address16 *a, const struct crowd_limits *most, int64_t now);
/* Nothing happens with { 0 }, which it is afterwards. */
void crowd_leave(struct crowd_spot *spot);
/* Sessions of the client and the network at this spot, 0 for { 0 }. */
uint64_t crowd_client(const struct crowd_spot *spot);
uint64_t crowd_network(const struct crowd_spot *spot);
/* Places that are remembered now. */
size_t crowd_size(void);

#endif
