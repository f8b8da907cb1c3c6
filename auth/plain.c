/* SPDX-License-Identifier: ISC */
/*
 * plain - one message, or a name and then a password
 *
 * LOGIN was never specified; the two words that ask are those that clients look
 * for, octet by octet. A client may give the name with the command.
 */
#include "auth/exchange.h"
#include "auth/plain.h"

/* as NUL user NUL password; neither user nor password may be empty. */
bool
plain_parse(struct view message, struct plain *p)
{
	p->as = view_cut(&message, '\0');
	p->user = view_cut(&message, '\0');
	p->password = message;
	return p->user.n > 0 && message.n > 0 &&
	    memchr(message.p, '\0', message.n) == NULL;
}

static enum step
plain_respond(struct exchange *x, struct view response)
{
	struct plain p;

	if (!plain_parse(response, &p))
		return exchange_malformed(x);
	str_add(&x->claim.given, p.user);
	str_add(&x->claim.password, p.password);
	return exchange_outcome(claim_password(&x->claim, p.as));
}

static void
login_begin(struct exchange *x)
{
	str_adds(&x->challenge, "Username:");
}

static enum step
login_respond(struct exchange *x, struct view response)
{
	if (x->step == 0) {
		str_add(&x->claim.given, response);
		str_adds(&x->challenge, "Password:");
		return STEP_CHALLENGE;
	}
	str_add(&x->claim.password, response);
	return exchange_outcome(claim_password(&x->claim, VIEW_NONE));
}

const struct mechanism mechanism_plain = {
	.name = "PLAIN",
	.flags = MECHANISM_PRIVATE,
	.respond = plain_respond,
};

const struct mechanism mechanism_login = {
	.name = "LOGIN",
	.flags = MECHANISM_PRIVATE,
	.begin = login_begin,
	.early = true,
	.respond = login_respond,
};
