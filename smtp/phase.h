/* SPDX-License-Identifier: ISC */
/*
 * phase - where a conversation is: its names and its time limit
 *
 * One table has, for each command, how sentences name it and how long its reply
 * may take (RFC 5321 4.5.3.2); the setting remote_timeout may shorten that.
 */
#ifndef SMTP_PHASE_H
#define SMTP_PHASE_H

#include <stdint.h>

enum phase {
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_HELO,
	PHASE_LHLO,
	PHASE_STARTTLS,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_BODY,		/* content; limit of a block */
	PHASE_END,		/* reply to the final dot, or the last BDAT */
	PHASE_RSET,
	PHASE_QUIT,
	PHASE_COUNT
};

/* "RCPT TO command", as in "in reply to". */
const char *phase_name(enum phase p);
/* "sending RCPT TO", as in "lost connection while". */
const char *phase_doing(enum phase p);
/* The enhanced status without class for a refusal that has none. */
const char *phase_status(enum phase p);
/* As clock_ms(), from now. */
int64_t phase_deadline(enum phase p);

#endif
