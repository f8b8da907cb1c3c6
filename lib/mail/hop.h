/* SPDX-License-Identifier: ISC */
/*
 * hop - where mail goes next, and how
 *
 * A hop is one line of text that router makes from etc/routes and a recipient,
 * that queue groups by and keeps, and that the program smtp follows:
 *
 *   example.org                  the MX hosts of the domain (RFC 5321 5.1)
 *   [relay.example.net]          this host, by its addresses
 *   [192.0.2.1] [IPv6:2001:db8::1]   this address
 *   unix:/run/lmtp.sock          a local socket, LMTP
 *   lmtp:[host]                  LMTP instead of SMTP (RFC 2033)
 *
 * A name or address may have ":port" behind it. Options follow, each behind a
 * blank: tls=LEVEL (none, may, encrypt, verify, dane-only, implicit),
 * login=NAME (of the relay_logins file), source=ADDRESS (to send from). The
 * text that hop_write() makes is canonical: equal hops are equal octets.
 */
#ifndef MAIL_HOP_H
#define MAIL_HOP_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/base/why.h"

#define HOP_MAX 512		/* octets of the text */

enum hop_kind { HOP_MX, HOP_HOST, HOP_ADDRESS, HOP_UNIX };

/* What a hop must come to. IMPLICIT: TLS from the first octet, verified. */
enum hop_tls { HOP_TLS_DEFAULT, HOP_TLS_NONE, HOP_TLS_MAY, HOP_TLS_ENCRYPT,
	HOP_TLS_VERIFY, HOP_TLS_DANE_ONLY, HOP_TLS_IMPLICIT };

struct hop {
	enum hop_kind kind;
	bool lmtp;
	struct view host;	/* domain, host (A-labels, lower case), address
				 * without brackets and "IPv6:", or path */
	uint16_t port;		/* 0: the usual one */
	enum hop_tls tls;
	struct view login;	/* "": none */
	struct view source;	/* IP address, "": as the settings say */
};

/* False with w (NEVER 3.5 and a sentence for the administrator) when the text is
 * no hop. Views of h point into text or the arena. */
bool hop_parse(struct view text, struct arena *a, struct hop *h,
    struct why *w);
/* Append the canonical text. */
void hop_write(const struct hop *h, struct str *out);
/* Is it a host that the administrator names, not one that MX records tell? It
 * may have more connections. For canonical texts. */
bool hop_is_named(struct view text);
/* Does mail by it come to mailboxes, by LMTP, and not to another mail server? For
 * canonical texts. */
bool hop_delivers(struct view text);
/* "may"; false when it is the name of no level. The name of the default is "". */
bool hop_tls_named(struct view name, enum hop_tls *tls);
const char *hop_tls_name(enum hop_tls tls);

#endif
