/* SPDX-License-Identifier: ISC */
/*
 * cmd_unauthenticate - UNAUTHENTICATE (RFC 8437)
 *
 * All that belongs to the user goes: the mailbox, what was enabled, the grant at
 * store. What comes next is another session to auth and store, with a number of
 * its own, so nothing that is still on its way for the old one can meet it.
 */
#include <stdlib.h>

#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/link.h"
#include "imapd/select.h"
#include "imapd/session.h"

enum answer
cmd_unauthenticate(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!may_unauthenticate(im))
		return answer_bad(im, "UNAUTHENTICATE is not offered");
	session_forget_user(im);
	return answer_ok(im, "[CAPABILITY %s] Nobody is logged in",
	    capabilities(im));
}
