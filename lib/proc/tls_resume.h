/* SPDX-License-Identifier: ISC */
/*
 * tls_resume - sessions with other hosts, to begin the next one faster
 *
 * In memory, by a key that stands for the host and for all that was demanded of
 * it: a session is never used where less was verified than is demanded now.
 */
#ifndef PROC_TLS_RESUME_H
#define PROC_TLS_RESUME_H

#include <openssl/ssl.h>

#define TLS_RESUME_KEY 32	/* octets */

/* Keep a session, whose reference is ours from now on, instead of an older one
 * of the key. */
void tls_resume_put(const unsigned char *key, SSL_SESSION *session);
/* One that can be used now, or NULL; borrowed until the next call. */
SSL_SESSION *tls_resume_get(const unsigned char *key);
void tls_resume_forget(const unsigned char *key);

#endif
