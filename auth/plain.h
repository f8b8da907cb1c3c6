/* SPDX-License-Identifier: ISC */
/*
 * plain - PLAIN (RFC 4616) and LOGIN: a name and a password as they are
 */
#ifndef AUTH_PLAIN_H
#define AUTH_PLAIN_H

#include "lib/base/view.h"

/* The parts of a PLAIN message, views into it. */
struct plain {
	struct view as;		/* whom to act for; empty: himself */
	struct view user, password;
};
bool plain_parse(struct view message, struct plain *p);

#endif
