/* SPDX-License-Identifier: ISC */
/*
 * session_tls - a session changes to TLS
 *
 * Once at its beginning (implicit TLS), or when the client asks for it
 * (STARTTLS). Log lines are those of Postfix, which log readers know. A program
 * without TLS has none of OpenSSL in it: what does the work comes by the table
 * that stands beside main.
 */
#ifndef PROC_SESSION_TLS_H
#define PROC_SESSION_TLS_H

#include "lib/proc/tls.h"

/* The table of the program; NULL: it speaks no TLS. */
void session_tls_use(const struct program_tls *tls);

/* Can this session change to TLS when its client asks for it? */
bool session_tls_offered(const struct session *s);
/* The client was told to go ahead. What came behind its command in clear text
 * is thrown away. At most handshake_timeout, at most until the deadline.
 * False: end the session, and say nothing; w is for a log line that the session
 * writes anyway. */
bool session_tls_start(struct session *s, int64_t deadline, struct why *w);

/* Wait until there is a certificate, or it takes too long: a client that came
 * before would not be offered TLS. */
void session_tls_ready(const struct listener_settings *l);
/* Does the listener begin with a handshake? Then this is it; true when there is
 * nothing to do, false when the session is over. */
bool session_tls_implicit(struct session *s);

#endif
