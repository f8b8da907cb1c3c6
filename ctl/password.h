/* SPDX-License-Identifier: ISC */
/*
 * password - ask for a new password and make its hash
 */
#ifndef CTL_PASSWORD_H
#define CTL_PASSWORD_H

#include "lib/base/str.h"

/* From standard input, one line, when so told or when it is no terminal; else
 * asked for on the terminal, twice, without echo. False with a sentence. Wipe
 * it after use. */
bool password_get(bool from_stdin, struct str *password, struct str *error);
/* "{CRYPT}$y$...": yescrypt with a fresh salt. */
bool password_hash(const struct str *password, struct str *hash,
    struct str *error);
/* "{SCRAM-SHA-256}...": for clients that log in by SCRAM. */
bool password_scram(const struct str *password, struct str *hash,
    struct str *error);

#endif
