/* SPDX-License-Identifier: ISC */
/*
 * extension - what EHLO and LHLO offer, as a table
 *
 * Each extension stands once in smtpd/extension.c: its keyword, the protocols
 * it belongs to, when it is on offer and what stands behind the keyword. The
 * parameters of MAIL and RCPT name the extension they come from, so nothing is
 * taken that was not offered.
 */
#ifndef SMTPD_EXTENSION_H
#define SMTPD_EXTENSION_H

#include "smtpd/dialog.h"

enum extension {
	EXT_PIPELINING,		/* RFC 2920 */
	EXT_SIZE,		/* RFC 1870 */
	EXT_8BITMIME,		/* RFC 6152 */
	EXT_BINARYMIME,		/* RFC 3030 */
	EXT_CHUNKING,		/* RFC 3030 */
	EXT_ENHANCED,		/* RFC 2034 */
	EXT_DSN,		/* RFC 3461 */
	EXT_UTF8,		/* RFC 6531 */
	EXT_STARTTLS,		/* RFC 3207 */
	EXT_AUTH,		/* RFC 4954 */
	EXT_REQUIRETLS,		/* RFC 8689 */
	EXT_LIMITS,		/* RFC 9422 */
	EXT_FUTURERELEASE,	/* RFC 4865 */
	EXT_DELIVERBY,		/* RFC 2852 */
	EXT_PRIORITY,		/* RFC 6710 */
	EXT_ETRN,		/* RFC 1985 */
	EXT_EXPN,		/* RFC 5321 3.5.2 */
	EXT_XCLIENT,		/* smtpd/xclient.h */
	EXT_XFORWARD,		/* the same */
	EXT_HELP,		/* RFC 5321 4.1.1.8 */
	EXTENSIONS
};

bool extension_offered(const struct dialog *d, enum extension e);
/* "\nKEYWORD parameters" for each that is on offer. */
void extension_list(const struct dialog *d, struct str *out);

#endif
