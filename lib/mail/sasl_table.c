/* SPDX-License-Identifier: ISC */
/*
 * sasl_table - a row for each mechanism, and a bit for each that can be used
 */
#include "lib/mail/sasl.h"
#include "lib/mail/sasl_table.h"
#include "lib/proc/fiber.h"

#define FIRST_WORD_MS	1000

/* Strongest first, as clients without a preference take the first. */
static const struct sasl_mechanism mechanisms[] = {
	{ "EXTERNAL", NEEDS_CERTIFICATE },
	{ "SCRAM-SHA-256-PLUS", NEEDS_BINDING },
	{ "SCRAM-SHA-1-PLUS", NEEDS_BINDING },
	{ "SCRAM-SHA-256", 0 },
	{ "SCRAM-SHA-1", 0 },
	{ "OAUTHBEARER", NEEDS_PRIVACY },
	{ "XOAUTH2", NEEDS_PRIVACY },
	{ "CRAM-MD5", 0 },
	{ "APOP", UNLISTED },
	{ "PLAIN", NEEDS_PRIVACY },
	{ "LOGIN", NEEDS_PRIVACY },
};

/* What auth has named, a bit for each row; until it has said anything, what
 * every account can use. */
static unsigned usable = 1u << (nitems(mechanisms) - 1) |
    1u << (nitems(mechanisms) - 2);

static struct fiber_queue waiting;
static bool told;		/* or it did not come in time */

void
sasl_wait(void)
{
	if (told || fiber_self() == NULL)
		return;
	if (fiber_queue_wait(&waiting, deadline_in(FIRST_WORD_MS)) ==
	    WAIT_TIMEOUT)
		told = true;
}

const struct sasl_mechanism *
sasl_mechanism_nth(size_t n)
{
	return n < nitems(mechanisms) ? &mechanisms[n] : NULL;
}

const struct sasl_mechanism *
sasl_mechanism(struct view name)
{
	for (size_t i = 0; i < nitems(mechanisms); i++)
		if (view_isi(name, mechanisms[i].name))
			return &mechanisms[i];
	return NULL;
}

bool
sasl_is_usable(const struct sasl_mechanism *m)
{
	return (usable & 1u << (m - mechanisms)) != 0;
}

void
sasl_mechanisms(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_mechanisms *m)
{
	struct view rest = m->names, name;

	told = true;
	fiber_queue_wake_all(&waiting);
	usable = 0;
	while (list_next(&rest, &name)) {
		const struct sasl_mechanism *known = sasl_mechanism(name);

		if (known != NULL)
			usable |= 1u << (known - mechanisms);
	}
}
