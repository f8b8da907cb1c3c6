/* SPDX-License-Identifier: ISC */
/*
 * doctor - what is wrong with this site, and what to do about it
 *
 * Each file of this name looks at one side of it. A finding has a code that
 * stays the same over versions, "group.subject", for whoever watches it, the
 * evidence, and what mends it.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <jansson.h>

#include "ctl/ctl.h"
#include "lib/proc/channel.h"
#include "lib/base/why.h"

enum severity { SEVERITY_FINE, SEVERITY_WARNING, SEVERITY_CRITICAL };

struct doctor {
	struct ctl *ctl;
	const struct settings *s;
	bool running;		/* a server answers */
	json_t *findings;	/* array of objects */
	unsigned count[3];	/* of each severity */
};

/* Add a finding. fix is a sentence; NULL with SEVERITY_FINE. */
void doctor_find(struct doctor *d, enum severity severity, const char *code,
    const char *fix, const char *fmt, ...) PRINTF(5, 6);

/* Clock, disks, what the kernel can do. */
void doctor_machine(struct doctor *d);
/* Do our listeners greet; does somebody else have our ports? */
void doctor_listeners(struct doctor *d);
/* Programs that do not work or die; who may relay; postmaster; the queue. Only
 * when the server runs, as for the next. */
void doctor_server(struct doctor *d);
extern const struct handlers doctor_from_master;
/* Does the DNS say what it should about this site? */
void doctor_dns(struct doctor *d);

#endif
