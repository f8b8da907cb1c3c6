/* SPDX-License-Identifier: ISC */
/*
 * dane - the TLSA records of a host (RFC 7672)
 */
#ifndef SMTP_DANE_H
#define SMTP_DANE_H

#include "lib/base/arena.h"
#include "lib/base/view.h"
#include "smtp/hosts.h"

enum dane {
	DANE_NONE,		/* there are none, or none that are validated */
	DANE_UNUSABLE,		/* there are, but none that can be used: TLS it
				 * must be (RFC 7672 2.2) */
	DANE_USABLE,
	DANE_FAILED		/* not to be known: the host must not be used */
};

struct dane_records {
	struct view base;	/* host name that they stand at */
	struct view records;	/* list of rdata */
	struct view strings;	/* list: the same as text, for reports */
	struct view sentence;	/* FAILED: why */
	bool bogus;		/* FAILED: validation went wrong */
};

/* The host's addresses must have been looked up. Asks for no TLSA records when
 * they are not secure (RFC 7672 2.2.2): such a zone has none that count, and the
 * name servers of some do not answer. An alias of a signed zone is an exception:
 * its own records count wherever it leads. Else the name behind CNAMEs comes
 * first. May wait; all texts are the arena's. */
enum dane dane_find(const struct host *host, uint16_t port, struct arena *a,
    struct dane_records *out);

/* The rdata of a TLSA record that a client of SMTP can use. */
bool dane_is_usable(struct view rdata);

#endif
