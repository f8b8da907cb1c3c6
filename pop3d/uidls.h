/* SPDX-License-Identifier: ISC */
/*
 * uidls - identifiers that messages have kept from another POP server
 *
 * What store hands over is a text (store/uidls.h), lines of UID, content and
 * UIDL, UIDs ascending. It is looked up where it lies; memory is taken only to
 * tell whether an identifier that was made is one of them. Lines that make no
 * sense are of no message.
 */
#ifndef POP3D_UIDLS_H
#define POP3D_UIDLS_H

#include "lib/base/view.h"

struct uidls {
	struct view text;	/* mapped; n 0: none */
	size_t at;		/* where the next one is likely */
	uint32_t *order;	/* lines by identifier; NULL: not wanted yet */
	size_t n;
};

/* Map what is in fd, which may be -1. Begin with *u = { 0 }. */
void uidls_open(struct uidls *u, int fd);
void uidls_close(struct uidls *u);
/* That of this message; empty when it has kept none. */
struct view uidls_find(struct uidls *u, uint32_t uid, uint64_t content);
/* Is it one of them, whoever's? */
bool uidls_has(struct uidls *u, struct view uidl);

#endif
