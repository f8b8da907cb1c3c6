/* SPDX-License-Identifier: ISC */
/*
 * tls - TLS on a stream, the server's side (OpenSSL 3)
 *
 * A session program holds certificates and no private key: what must be signed
 * in a handshake is sent to the program keys, and the fiber waits for it like
 * for anything else. keys also hands out the certificates (chosen by SNI), the
 * ticket keys that all processes share, and the authorities for client
 * certificates; what comes from it replaces what was known, for handshakes that
 * begin later. Clear text that was buffered when TLS begins is thrown away.
 */
#ifndef PROC_TLS_H
#define PROC_TLS_H

#include "lib/proc/service.h"

#define TLS_BINDING_MAX 64

/* There is a certificate: STARTTLS can be offered. */
bool tls_ready(void);

/* The handshake, in the stream's fiber. service ("smtp", "pop3", "imap") keeps
 * tickets and ALPN of protocols apart. False: the stream is of no use any more,
 * w is for the log. Sessions call lib/proc/session_tls.h, which logs, too. */
bool tls_accept(struct stream *s, const char *service, int64_t deadline,
    struct why *w);

/* What came of it. Texts live as long as the stream. */
struct tls_info {
	const char *version;	/* "TLSv1.3" */
	const char *cipher;	/* "TLS_AES_256_GCM_SHA384" */
	unsigned bits;
	const char *sni;	/* host that the client named, or "" */
	bool resumed;
	bool verified;		/* a client certificate that is good */
	const char *subject;	/* its common name, or "" */
	const char *issuer;	/* common name of its issuer, or "" */
	const char *fingerprint;	/* its SHA-256 in hexadecimal, or "" */
	struct view identities;	/* list: addresses of subjectAltName, then the
				 * common name; empty unless verified */
};
/* NULL on a stream in clear text. */
const struct tls_info *tls_info(const struct stream *s);

/* Channel bindings (RFC 9266, RFC 5929) into out, at most TLS_BINDING_MAX
 * octets; their number, 0 when there is none. */
enum tls_binding { TLS_EXPORTER, TLS_SERVER_END_POINT };
size_t tls_binding(const struct stream *s, enum tls_binding kind,
    unsigned char *out);

/* For struct program. */
struct program_tls {
	void (*prepare)(void);	/* before confinement */
	void (*handlers)(struct handlers *h);
	/* The certificates are there; false when not even at the deadline. */
	bool (*wait)(int64_t deadline);
	/* As tls_accept(), but what is buffered is the beginning of TLS. */
	bool (*begin)(struct stream *s, const char *service, int64_t deadline,
	    struct why *w);
	const struct tls_info *(*info)(const struct stream *s);
};
extern const struct program_tls tls_for_program;

#endif
