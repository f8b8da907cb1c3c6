/* SPDX-License-Identifier: ISC */
/*
 * transport - the table of the ways out
 */
#include "lib/proc/role.h"
#include "queue/transport.h"

const struct transport transports[TRANSPORT_COUNT] = {
	[TRANSPORT_LOCAL] = { "local", ROLE_LOCAL, false, NULL },
	[TRANSPORT_SMTP] = { "smtp", ROLE_SMTP, false, NULL },
	[TRANSPORT_DELIVER] = { "deliver", ROLE_LOCAL, true, NULL },
	[TRANSPORT_LIST] = { "list", ROLE_LOCAL, false, NULL },
	[TRANSPORT_REROUTED] = { "rerouted", ROLE_SMTP, false, NULL },
	[TRANSPORT_EXPANDED] = { "expanded", 0, false, "this is nobody's mail" },
	[TRANSPORT_UNKNOWN] = { "unknown", 0, false,
	    "this server has no transport of that name" },
};

uint8_t
transport_named(struct view name)
{
	uint8_t i = 0;

	while (i < TRANSPORT_UNKNOWN && !view_is(name, transports[i].name))
		i++;
	return i;
}
