/* SPDX-License-Identifier: ISC */
/*
 * login - one attempt in a fiber, from its message to its end
 */
#include <stdlib.h>

#include "auth/attempt.h"
#include "auth/login.h"
#include "lib/proc/fiber.h"

static void
run(void *arg)
{
	struct attempt *a = arg;

	attempt_finish(a, attempt_password(a, VIEW_NONE));
}

void
login_handle(struct channel *c, uint32_t tag, struct msg_login *m)
{
	struct attempt *a = xcalloc(1, sizeof(*a));

	attempt_begin(a, c, m->client);
	a->tag = tag;
	a->session = m->session;
	str_add(&a->given, m->user);
	str_add(&a->password, m->password);
	if (!attempt_is_shut_out(a))
		fiber_start(run, a);
}
