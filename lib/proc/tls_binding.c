/* SPDX-License-Identifier: ISC */
/*
 * tls_binding - what ties a login to the connection that it is made on
 *
 * Both ends compute the same octets from the connection, so that somebody in
 * the middle with two connections of his own cannot pass a login on. The same
 * functions serve both sides of lib/proc/tls_state.h.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "lib/proc/tls_state.h"

static size_t
bind_exporter(const struct tls *t, unsigned char *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	/* RFC 9266 4.2: in TLS 1.2 only with an extended master secret */
	if (SSL_version(t->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(t->ssl) != 1)
		return 0;
	return SSL_export_keying_material(t->ssl, out, 32, label,
	    sizeof(label) - 1, (const unsigned char *)"", 0, 1) == 1 ? 32 : 0;
}

/* The server's own. Which one an earlier session was begun with is known only
 * where there is but one; a client has not seen what is served today. */
static const X509 *
server_certificate(const struct tls *t)
{
	if (SSL_is_server(t->ssl))
		return t->info.resumed && t->certificates != 1 ?
		    NULL :
		    SSL_get_certificate(t->ssl);
	return t->info.resumed ? NULL : SSL_get0_peer_certificate(t->ssl);
}

/* RFC 5929 4.1: the digest of the certificate's signature, SHA-256 at least. */
static size_t
bind_end_point(const struct tls *t, unsigned char *out)
{
	const X509 *x = server_certificate(t);
	int digest = NID_undef;
	const EVP_MD *md;
	unsigned n = 0;

	if (x == NULL ||
	    X509_get_signature_info((X509 *)(uintptr_t)x, &digest, NULL, NULL,
		NULL) != 1)
		return 0;
	if (digest == NID_md5 || digest == NID_sha1)
		digest = NID_sha256;
	md = EVP_get_digestbynid(digest);
	if (md == NULL || EVP_MD_get_size(md) > TLS_BINDING_MAX ||
	    X509_digest(x, md, out, &n) != 1)
		return 0;
	return n;
}

size_t
tls_binding(const struct stream *s, enum tls_binding kind, unsigned char *out)
{
	const struct tls *t = s->tls;
	size_t n = 0;

	if (t == NULL || t->broken)
		return 0;
	n = kind == TLS_EXPORTER ? bind_exporter(t, out) :
				   bind_end_point(t, out);
	ERR_clear_error();
	return n;
}
