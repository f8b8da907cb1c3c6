/* SPDX-License-Identifier: ISC */
/*
 * policy - how much TLS a destination must have, and from whom
 *
 * client.c and deliver.c ask, in this order, in the job's fiber, and may be kept
 * waiting (DNS, the policy of MTA-STS):
 *
 *   policy_begin()      once for a job that needs a new connection
 *   policy_host()       for each host, before a connection is made to it: is it
 *                       to be tried, and what must it come to
 *   policy_handshake()  when the server has said 220 to STARTTLS, or at once for
 *                       HOST_IMPLICIT
 *   policy_no_tls()     when the server does not offer STARTTLS, or refused it,
 *                       and something else than HOST_NONE was asked for
 *
 * A connection that is kept is used again only for the same hop and the same
 * demand of the mail, so nothing is asked again for it.
 */
#ifndef SMTP_POLICY_H
#define SMTP_POLICY_H

#include "lib/proc/tls_client.h"
#include "smtp/hosts.h"
#include "smtp/sts.h"

struct client;

/* Of a destination. Everything here is policy.c's; the rest only passes it. */
struct policy {
	struct arena *arena;	/* the job's */
	const struct hop *hop;
	const struct hosts *hosts;	/* NULL for HOP_UNIX */
	uint8_t demand;		/* msg_send.tls of the mail */
	enum hop_tls level;	/* that holds for the destination */
	bool dane;		/* TLSA records are asked for */
	struct sts sts;		/* of the domain */
};

enum host_tls {
	HOST_NONE,		/* do not ask for TLS */
	HOST_MAY,		/* ask; whatever fails: go on without */
	HOST_MUST,		/* ask; without it, the host has failed */
	HOST_IMPLICIT		/* from the first octet; must */
};

/* Of one host. */
struct host_policy {
	enum host_tls tls;
	struct tls_demand demand;	/* who it must be; texts in the arena */
	const char *basis;	/* what demands that, for sentences; or "" */
	const char *kind;	/* policy-type of RFC 8460 */
	struct view mx;		/* name of the host */
	struct view strings;	/* list: the policy in RFC 8460 */
	bool told;		/* a failure was reported: it is one session */
};

/* False with the outcome: nothing may be sent to this destination, or not
 * now. */
bool policy_begin(struct policy *p, const struct job *j,
    const struct hosts *h, struct outcome *o);
/* False with the outcome: not this host; the next one is tried. host is NULL
 * for HOP_UNIX. Its addresses are looked up already. */
bool policy_host(const struct policy *p, const struct host *host,
    struct host_policy *hp, struct outcome *o);
/* TLS on c->stream. True: c->info is set, and EHLO follows again. False with the
 * outcome: the connection is of no use any more; for HOST_MAY the client then
 * makes another one without TLS. */
bool policy_handshake(const struct policy *p, const struct host_policy *hp,
    struct client *c, struct outcome *o);
/* There is no TLS to be had from this server; why is its reply to STARTTLS, NULL
 * when it did not offer it. True: go on without (HOST_MAY). */
bool policy_no_tls(const struct policy *p, const struct host_policy *hp,
    struct client *c, const struct response *why, struct outcome *o);

#endif
