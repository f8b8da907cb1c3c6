/* SPDX-License-Identifier: ISC */
/*
 * transport - the ways out of the queue
 *
 * A recipient's transport is a name that router gave it. The program of that
 * role makes the attempts. A name from a journal that nobody knows any more
 * counts as one whose program is not there: its mail waits.
 */
#ifndef QUEUE_TRANSPORT_H
#define QUEUE_TRANSPORT_H

#include "lib/base/view.h"

struct transport {
	const char *name;
	unsigned role;		/* of the program, 0: none */
	bool outside;		/* the store: command_deliveries at once */
	const char *missing;	/* said while it is not there; NULL: wait */
};

/* DELIVER: a command or a file. LIST: a list, or the members of it that are behind
 * some key: local makes another mail for them (queue/split.h). EXPANDED: an alias about which the sender is to be told that it has become
 * several recipients, which stand beside it. It is never tried. REROUTED: smtp,
 * where the administrator said, so router is not asked again. */
enum { TRANSPORT_LOCAL, TRANSPORT_SMTP, TRANSPORT_DELIVER, TRANSPORT_LIST,
	TRANSPORT_EXPANDED, TRANSPORT_REROUTED, TRANSPORT_UNKNOWN,
	TRANSPORT_COUNT };

extern const struct transport transports[TRANSPORT_COUNT];
/* TRANSPORT_UNKNOWN if there is none of this name. */
uint8_t transport_named(struct view name);

#endif
