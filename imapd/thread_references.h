/* SPDX-License-Identifier: ISC */
/*
 * thread_references - what refers to what (RFC 5256, REFERENCES)
 */
#ifndef IMAPD_THREAD_REFERENCES_H
#define IMAPD_THREAD_REFERENCES_H

#include "imapd/forest.h"
#include "lib/base/arena.h"

/* What is known of a message; the views live in an arena. */
struct thread_message {
	int64_t sent;
	struct view subject;	/* base subject, folded */
	bool reply;		/* the subject says so */
	struct view id;		/* between the brackets; p NULL: none */
	struct view *reference;
	uint32_t references;
};

#define THREAD_REFERENCES_MAX 100

/* Fill in id and references of a message from its header: the last `most` of
 * them, which say where it belongs. */
void thread_read(struct thread_message *m, struct view header, uint32_t most,
    struct arena *a);
/* Steps 1 to 5: f is empty before. The order of siblings is left to
 * thread_order(). */
void thread_references(struct forest *f, const struct thread_message *m,
    uint32_t n);
/* Siblings by the date sent, dummies by that of their first child. */
void thread_order(struct forest *f, const struct thread_message *m);

#endif
