/* SPDX-License-Identifier: ISC */
/*
 * progress - a word now and then while a command takes long (RFC 9585)
 */
#ifndef IMAPD_PROGRESS_H
#define IMAPD_PROGRESS_H

#include "imapd/imap.h"

#define PROGRESS_MS 10000	/* the RFC asks for no more than that */

struct progress {
	struct imap *im;
	size_t total;
	int64_t next;		/* clock_ms() */
};

/* total: of what progress_at() tells; 0: not known. */
void progress_begin(struct progress *p, struct imap *im, size_t total);
/* So much is done. It may wait. False when the client is gone. */
bool progress_at(struct progress *p, size_t done);

#endif
