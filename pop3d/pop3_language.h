/* SPDX-License-Identifier: ISC */
/*
 * pop3_language - UTF8 and LANG (RFC 6856), and what replies say in a language
 *
 * The sentences of this program are in a table; those of other programs, which
 * come behind them, stay English.
 */
#ifndef POP3D_POP3_LANGUAGE_H
#define POP3D_POP3_LANGUAGE_H

struct language;

/* English, under the name that the RFC gives to what nobody chose. */
const struct language *language_default(void);
/* The sentence in this language; as it is where the table does not have it. */
const char *language_say(const struct language *l, const char *sentence)
    __attribute__((format_arg(2)));

#endif
