/* SPDX-License-Identifier: ISC */
/*
 * status - what a report says to programs (RFC 3464, RFC 6533)
 *
 * The body of message/delivery-status or message/global-delivery-status.
 */
#ifndef BOUNCE_STATUS_H
#define BOUNCE_STATUS_H

#include "bounce/compose.h"

/* Append it; global: in UTF-8, otherwise all of it is ASCII, with addresses that
 * are not in the form utf-8-addr-xtext. */
void status_write(struct str *out, const struct notice *n, bool global);

#endif
