/* SPDX-License-Identifier: ISC */
/*
 * external - EXTERNAL (RFC 4422 A): the certificate of the client says who it is
 *
 * The names in a certificate that was verified are tried in their order; the
 * first that is a user who may log in is him. A client that names a user gets no
 * other. No password is asked for, but a user without any secret, or with
 * nologin, stays out.
 */
#include "auth/exchange.h"

static enum step
respond(struct exchange *x, struct view as)
{
	struct view rest = str_view(&x->identities), name;
	struct claim *a = &x->claim;

	if (memchr(as.p, '\0', as.n) != NULL)
		return exchange_malformed(x);
	while (list_next(&rest, &name)) {
		enum kv_result r;

		str_reset(&a->given);
		str_add(&a->given, name);
		r = claim_find(a);
		if (r == KV_TROUBLE)
			return STEP_TROUBLE;
		if (r == KV_FOUND && a->secret.n > 0 && claim_may_be(a, as))
			return STEP_RIGHT;
	}
	a->wrong = "the certificate names no user";
	return STEP_WRONG;
}

const struct mechanism mechanism_external = {
	.name = "EXTERNAL",
	.respond = respond,
};
