/* SPDX-License-Identifier: ISC */
/*
 * wake - recipients whose time has come get into the lines
 */
#ifndef QUEUE_WAKE_H
#define QUEUE_WAKE_H

#include "queue/mail.h"

/* Those recipients that are due now: of a new mail all, unless it is held. What
 * the sender set a time for may be given up. */
void wake_due(struct mail *m);
/* A recipient that is READY goes another way; wake_due() follows. */
void wake_again(struct mail *m, uint32_t rcpt);
/* Those that wait, whatever their time. Returns how many. */
struct flush {
	bool held;	/* also what a sender wants to be held (RFC 4865) */
	bool (*wants)(const void *arg, const struct mail *m, uint32_t rcpt);
	const void *arg;	/* of wants; NULL: all */
};
uint32_t wake_flush(struct mail *m, const struct flush *f);

#endif
