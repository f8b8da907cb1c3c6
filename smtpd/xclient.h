/* SPDX-License-Identifier: ISC */
/*
 * xclient - XCLIENT and XFORWARD, for those in proxy_clients
 *
 * Both are Postfix's, whose XCLIENT_README and XFORWARD_README describe them.
 * XCLIENT makes the session one of another client, with all rights and limits;
 * XFORWARD says where the next mail came from, which is logged.
 */
#ifndef SMTPD_XCLIENT_H
#define SMTPD_XCLIENT_H

#include "smtpd/dialog.h"

bool xclient_offered(const struct dialog *d);
/* Names of the attributes, a blank before each. */
void xclient_attributes(const struct dialog *d, struct str *out);
void xforward_attributes(const struct dialog *d, struct str *out);
/* What XFORWARD said of the present mail, for the line "client=". */
void xforward_log(const struct dialog *d, struct str *out);

#endif
