/* SPDX-License-Identifier: ISC */
/*
 * features - what a server offers in its reply to EHLO or LHLO
 */
#ifndef SMTP_FEATURES_H
#define SMTP_FEATURES_H

#include "lib/base/arena.h"
#include "smtp/response.h"

enum feature {
	FEATURE_PIPELINING = 1,
	FEATURE_SIZE = 2,
	FEATURE_8BITMIME = 4,
	FEATURE_SMTPUTF8 = 8,
	FEATURE_DSN = 16,
	FEATURE_CHUNKING = 32,
	FEATURE_BINARYMIME = 64,
	FEATURE_STARTTLS = 128,
	FEATURE_REQUIRETLS = 256,
	FEATURE_MT_PRIORITY = 512,
	FEATURE_DELIVERBY = 1024,
	FEATURE_AUTH = 2048,
	FEATURE_LIMITS = 4096
};

struct features {
	unsigned bits;		/* enum feature */
	uint64_t size;		/* most octets of a mail; 0: unsaid */
	uint64_t by_least;	/* RFC 2852: least seconds; 0: unsaid */
	/* RFC 9422; 0: unsaid */
	uint64_t mails_most, recipients_most, domains_most;
	struct view auth;	/* mechanisms, divided by blanks */
};

/* Read the reply; texts are copied into the arena. Keywords that are not known
 * are passed over; a parameter that is malformed is as if it were not there. */
void features_read(const struct response *ehlo, struct arena *a,
    struct features *f);

#endif
