/* SPDX-License-Identifier: ISC */
/*
 * phase - the table of a conversation
 */
#include "lib/proc/service.h"
#include "smtp/phase.h"

#define MINUTES(n)	((n) * INT64_C(60000))

static const struct {
	const char *name, *doing, *status;
	int64_t wait_ms;	/* RFC 5321 4.5.3.2; without a number there: 5 */
} phases[PHASE_COUNT] = {
	[PHASE_GREETING] = { "initial server greeting",
	    "receiving the initial server greeting", "3.2", MINUTES(5) },
	[PHASE_EHLO] = { "EHLO command", "performing the EHLO handshake",
	    "5.0", MINUTES(5) },
	[PHASE_HELO] = { "HELO command", "performing the HELO handshake",
	    "5.0", MINUTES(5) },
	[PHASE_LHLO] = { "LHLO command", "performing the LHLO handshake",
	    "5.0", MINUTES(5) },
	[PHASE_STARTTLS] = { "STARTTLS command",
	    "receiving the STARTTLS response", "7.4", MINUTES(2) },
	[PHASE_AUTH] = { "AUTH command", "performing the AUTH handshake",
	    "7.8", MINUTES(3) },
	[PHASE_MAIL] = { "MAIL FROM command", "sending MAIL FROM", "1.0",
	    MINUTES(5) },
	[PHASE_RCPT] = { "RCPT TO command", "sending RCPT TO", "1.0",
	    MINUTES(5) },
	[PHASE_DATA] = { "DATA command", "receiving the DATA response", "5.0",
	    MINUTES(2) },
	[PHASE_BODY] = { "message content", "sending message body", "6.0",
	    MINUTES(3) },
	[PHASE_END] = { "end of DATA command",
	    "sending end of data -- message may be sent more than once",
	    "6.0", MINUTES(10) },
	[PHASE_RSET] = { "RSET command", "sending RSET", "5.0", MINUTES(1) },
	[PHASE_QUIT] = { "QUIT command", "sending QUIT", "5.0", MINUTES(1) },
};

const char *
phase_name(enum phase p)
{
	return phases[p].name;
}

const char *
phase_doing(enum phase p)
{
	return phases[p].doing;
}

const char *
phase_status(enum phase p)
{
	return phases[p].status;
}

int64_t
phase_deadline(enum phase p)
{
	int64_t most = service_settings()->remote_timeout * 1000;

	return deadline_in(phases[p].wait_ms < most ? phases[p].wait_ms : most);
}
