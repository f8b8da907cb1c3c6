/* SPDX-License-Identifier: ISC */
/*
 * hosts - from a hop to the hosts to try, in order (RFC 5321 5.1)
 *
 * MX hosts by preference, those of equal preference shuffled; the domain itself
 * where it has no MX; a null MX (RFC 7505) means no mail. Where this host is
 * among them, only those with a better preference are left (loops). Names are
 * resolved when their turn comes: most mail is delivered to the first.
 */
#ifndef SMTP_HOSTS_H
#define SMTP_HOSTS_H

#include "lib/proc/dns.h"
#include "smtp/job.h"

#define HOSTS_MOST	10	/* names of a destination that are looked at */
#define ADDRESSES_MOST	10	/* addresses of a name that are tried */

struct host {
	struct view name;	/* A-labels, lower case; "" for an address */
	struct view canonical;	/* name behind CNAMEs of its addresses */
	uint16_t preference;
	bool looked_up;
	bool secure;		/* those addresses that it has were validated */
	size_t naddresses;
	struct address16 address[ADDRESSES_MOST];
	struct outcome trouble;	/* why it has none */
};

struct hosts {
	struct view domain;	/* that was asked for its MX; "" for others */
	bool secure;		/* the MX answer, or that there is none, was
				 * validated */
	bool implicit;		/* no MX: the domain itself */
	uint16_t port;
	size_t n;
	struct host *host;
};

/* Read the addresses of this host, so that loops are seen; before
 * confinement. */
void hosts_prepare(void);
/* The hosts of a hop, which is no HOP_UNIX. False with the outcome: there are
 * none, or not now. May wait. */
bool hosts_find(const struct hop *hop, struct hosts *h, struct outcome *o);
/* Look up the addresses of the i-th host, IPv6 and IPv4 in turn. Where one of
 * its preference is this host, the list ends before them: h->n becomes less, the
 * host has no address. False with the outcome: it has none, or not now, or mail
 * would loop. May wait. */
bool hosts_addresses(struct hosts *h, size_t i, struct outcome *o);

#endif
