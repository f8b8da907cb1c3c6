/* SPDX-License-Identifier: ISC */
/*
 * sources - whom to ask and what to trust, from settings and files
 *
 * master opens the files (resolv.conf, the trust anchors); what is in them is
 * kept until it hands over others.
 */
#ifndef RESOLVER_SOURCES_H
#define RESOLVER_SOURCES_H

#include "lib/base/arena.h"
#include "lib/proc/network.h"
#include "lib/proc/settings.h"

#define SERVERS_MOST	16

struct server {
	struct address16 address;
	uint16_t port;
};

struct sources {
	struct arena arena;
	struct server server[SERVERS_MOST];
	size_t servers;
	bool local;		/* there are some, all on this host */
	struct view *anchor;	/* DNSKEY or DS, one line of a zone file each */
	size_t anchors;
	struct view apex;	/* the zone of the first anchor; the root is "" */
};

/* Read them; -1: there is none. */
void sources_take(int resolv, int anchors);
/* What is in force with these settings. */
void sources_make(const struct settings *s, struct sources *out);
void sources_free(struct sources *s);

/* For sources_make() and tests: servers of a resolv.conf, anchors of a file. */
void sources_resolv(struct view text, struct sources *out);
void sources_anchors(struct view text, struct sources *out);

#endif
