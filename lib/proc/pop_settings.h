/* SPDX-License-Identifier: ISC */
/*
 * pop_settings - the settings of POP3 that have a grammar of their own
 *
 * They are read where they are checked and where they are used, with the same
 * functions.
 */
#ifndef PROC_POP_SETTINGS_H
#define PROC_POP_SETTINGS_H

#include "lib/base/str.h"

/* pop3_uidl: the name of a server whose form it is, or a form of one's own. In
 * it %u is the UID and %v the UIDVALIDITY, as decimals or with x or X between
 * as hexadecimals, with leading zeros if a 0 and a width stand before that:
 * "%08Xu%08Xv". All other characters stand for themselves. A width without the 0
 * is refused: for Dovecot, which has such forms, it cuts numbers off, and two
 * messages would get the same identifier. */
#define UIDL_PIECES_MAX 8
struct uidl_form {
	size_t n;
	struct uidl_piece {
		char kind;		/* 'u', 'v', or 0: text */
		uint8_t width, base;
		struct view text;
	} piece[UIDL_PIECES_MAX];
};
/* False: no form, without %u, or one that gives identifiers RFC 1939 forbids.
 * The texts in it are those of setting. */
bool uidl_form(struct uidl_form *f, const char *setting);
void uidl_write(const struct uidl_form *f, uint32_t uidvalidity, uint32_t uid,
    struct str *out);
/* Whose identifier of this form is it? *uidvalidity stays as it is where the form
 * does not have it. False: nobody's, or the form does not tell where one number
 * ends and the next begins. */
bool uidl_read(const struct uidl_form *f, struct view text,
    uint32_t *uidvalidity, uint32_t *uid);
/* May it be one at all: 1 to 70 octets that can be printed (RFC 1939 7)? */
bool uidl_valid(struct view v);

/* pop3_expire: "never", which is -1, or a number of days. */
bool pop3_expire_days(const char *setting, int64_t *days);

#endif
