/* SPDX-License-Identifier: ISC */
/*
 * login - one claim in a fiber, from its message to its end
 */
#include <stdlib.h>

#include "auth/claim.h"
#include "auth/login.h"
#include "lib/proc/fiber.h"

static void
run(void *arg)
{
	struct claim *a = arg;

	claim_finish(a, claim_password(a, VIEW_NONE));
}

void
login_handle(struct channel *c, uint32_t tag, struct msg_login *m)
{
	struct claim *a = xcalloc(1, sizeof(*a));

	claim_begin(a, c, m->client);
	a->tag = tag;
	a->session = m->session;
	str_add(&a->given, m->user);
	str_add(&a->password, m->password);
	if (!claim_is_shut_out(a))
		fiber_start(run, a);
}
