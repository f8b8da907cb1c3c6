/* SPDX-License-Identifier: ISC */
/*
 * scheme - the signatures of TLS, and what they may be made of
 *
 * A session program says what it wants to have signed. Whoever has taken one
 * over must not get a signature that is good for anything but a handshake of a
 * server: so the content has to look as RFC 8446 4.4.3 (TLS 1.3) or RFC 8422
 * 5.4 (the ephemeral key of TLS 1.2) describe it.
 */
#ifndef KEYS_SCHEME_H
#define KEYS_SCHEME_H

#include <openssl/types.h>

#include "lib/base/str.h"

struct scheme;

/* By its number (RFC 8446 4.2.3); NULL when it is none of those that are made
 * here. */
const struct scheme *scheme_find(uint32_t number);
/* Is it one for this key, and is the content one that it may sign? */
bool scheme_allows(const struct scheme *s, const EVP_PKEY *key,
    struct view content);
/* Does it take long enough to need a thread? */
bool scheme_is_slow(const struct scheme *s);
/* Thread-safe. False when OpenSSL refuses. */
bool scheme_sign(const struct scheme *s, EVP_PKEY *key, struct view content,
    struct str *signature);

#endif
