/* SPDX-License-Identifier: ISC */
/*
 * client - one connection to a server, from the greeting to QUIT
 *
 * The functions read like the dialog. Each that returns false has filled in the
 * outcome. A reply that nobody asked for, or that is none, ends a connection: it
 * is `broken` and is closed by whoever has it, and never is one reply taken for
 * another.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "lib/proc/tls.h"
#include "smtp/features.h"
#include "smtp/policy.h"

struct client {
	struct stream stream;
	struct arena arena;	/* texts of the connection */
	const char *host;	/* "name[ip]", for sentences */
	struct view name;	/* host name, or address; for SASL, too */
	struct view relay;	/* "name[ip]:port" */
	struct address16 address;	/* zero for a UNIX socket */
	struct features features;
	struct response response;	/* the last one */
	const struct tls_info *info;	/* NULL: in clear text */
	int64_t since;		/* clock_ms() before its policy was asked for */
	bool lmtp;
	bool esmtp;		/* EHLO or LHLO was accepted */
	bool authenticated;
	bool broken;		/* of no use any more */
	bool tls_failed;	/* the handshake was begun and not ended */
	bool dirty;		/* RSET is needed before the next MAIL */
	uint32_t mails;		/* transactions that were begun */
};

/* What client_open() needs to know. */
struct client_target {
	const struct hop *hop;
	const struct policy *policy;
	const struct host *host;	/* NULL for HOP_UNIX */
	const struct address16 *address;
	uint16_t port;
	int64_t since;		/* as in struct client */
};

/* Connect, be greeted, say EHLO, begin TLS and log in as the target wants. NULL
 * with the outcome; o->relay says where. */
struct client *client_open(const struct client_target *t, struct outcome *o);
/* The same from where c->stream is connected. False with the outcome. */
bool client_begin(struct client *c, const struct client_target *t,
    const struct host_policy *hp, struct outcome *o);
/* Say QUIT if that is possible without waiting, and close. */
void client_close(struct client **c);
/* Nothing has come that nobody asked for, and the line is up, as far as can be
 * known without waiting: it may be used again. */
bool client_is_quiet(struct client *c);

/* One reply into c->response. False with the outcome, and c is broken: the
 * connection was lost, the time is over, or it was no reply. */
bool client_reply(struct client *c, enum phase p, struct outcome *o);
/* Send one line (without CRLF) and read its reply. True for any reply, also a
 * refusal; it must be the only one that is there. */
bool client_command(struct client *c, enum phase p, struct outcome *o,
    const char *fmt, ...) PRINTF(4, 5);
/* After the last reply that is due: anything more would be taken for the reply
 * to what comes next. False with the outcome, and c is broken. */
bool client_settled(struct client *c, enum phase p, struct outcome *o);
/* c->response refuses: fill in the outcome; returns false. */
bool client_refused(const struct client *c, enum phase p, struct outcome *o);

#endif
