/* SPDX-License-Identifier: ISC */
/*
 * scheme_check - the comparisons behind the table in scheme.c; not for programs
 *
 * Each is told a password of at most SCHEME_PASSWORD_MAX octets without a NUL,
 * and the hash without its encoding. What is malformed matches nothing.
 */
#ifndef MAIL_SCHEME_CHECK_H
#define MAIL_SCHEME_CHECK_H

#include "lib/base/view.h"

/* scheme_crypt.c */
bool scheme_check_crypt(struct view password, struct view hash);
/* scheme_argon2.c: "$argon2id$v=19$m=65536,t=3,p=1$salt$hash" */
bool scheme_check_argon2(struct view password, struct view hash);
/* scheme_digest.c: the digest, and the digest with its salt behind it */
bool scheme_check_sha1(struct view password, struct view hash);
bool scheme_check_sha256(struct view password, struct view hash);
bool scheme_check_sha512(struct view password, struct view hash);
bool scheme_check_ssha1(struct view password, struct view hash);
bool scheme_check_ssha256(struct view password, struct view hash);
bool scheme_check_ssha512(struct view password, struct view hash);
/* "$1$salt$rounds$hexadecimal" */
bool scheme_check_pbkdf2(struct view password, struct view hash);
/* "iterations,salt,stored key,server key" */
bool scheme_check_scram_sha1(struct view password, struct view hash);
bool scheme_check_scram_sha256(struct view password, struct view hash);

#endif
