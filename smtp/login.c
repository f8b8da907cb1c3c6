/* SPDX-License-Identifier: ISC */
/*
 * login - the names of relay_logins
 */
#include "smtp/login.h"

bool
login_do(struct client *c, struct view name, struct outcome *o)
{
	(void)c;
	return outcome_later(o, "7.8", "there is no login named %.*s for host "
	    "%s", VIEW(name), c->host);
}

void
login_file(struct channel *master, uint32_t tag, struct msg_relay_logins *m)
{
	(void)master;
	(void)tag;
	(void)m;
}
