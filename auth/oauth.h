/* SPDX-License-Identifier: ISC */
/*
 * oauth - the messages of OAUTHBEARER (RFC 7628) and XOAUTH2
 */
#ifndef AUTH_OAUTH_H
#define AUTH_OAUTH_H

#include "lib/base/view.h"

/* Views into the message. */
struct oauth {
	struct view user;	/* as whom; empty: whose the token is */
	struct view token;
};
bool oauth_parse_bearer(struct view message, struct oauth *o);
bool oauth_parse_xoauth2(struct view message, struct oauth *o);

#endif
