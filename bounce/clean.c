/* SPDX-License-Identifier: ISC */
/*
 * clean - octet by octet, then word by word
 *
 * A word that is longer than WORD_MOST comes from somebody who wants to know
 * what happens; it is divided, never within a character.
 */
#include "bounce/clean.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/utf8.h"

#define LINE_WANTED	72
#define WORD_MOST	800

void
clean_text(struct str *out, struct view v, bool utf8)
{
	utf8 = utf8 && utf8_valid(v);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		str_addc(out, c < 32 || c == 127 || (c > 127 && !utf8) ?
		    '?' : (char)c);
	}
}

/* The next word, or what a line can hold of it. */
static struct view
take_word(struct view *text)
{
	struct view rest = *text, word = view_word(&rest);
	size_t n = WORD_MOST;

	if (word.n <= n) {
		*text = rest;
		return word;
	}
	while (n > 0 && (word.p[n] & 0xC0) == 0x80)
		n--;
	n = n > 0 ? n : WORD_MOST;
	*text = view_bytes(word.p + n, (size_t)(rest.p + rest.n - word.p) - n);
	return (struct view){ word.p, n };
}

void
clean_wrap(struct str *out, const char *indent, struct view text)
{
	struct str clean = { 0 };
	struct view word;
	size_t column = 0;

	clean_text(&clean, text, true);
	text = str_view(&clean);
	while ((word = take_word(&text)).n > 0) {
		if (column > 0 && column + 1 + word.n > LINE_WANTED) {
			str_adds(out, "\r\n");
			column = 0;
		}
		str_adds(out, column > 0 ? " " : indent);
		column += column > 0 ? 1 : strlen(indent);
		str_add(out, word);
		column += word.n;
	}
	if (column > 0)
		str_adds(out, "\r\n");
	str_free(&clean);
}

/* Blanks where a word is too long, so that there is a place to fold it. */
static void
divide(struct str *out, struct view text)
{
	size_t run = 0;

	for (size_t i = 0; i < text.n; i++) {
		run = text.p[i] == ' ' ? 0 : run + 1;
		if (run > WORD_MOST && (text.p[i] & 0xC0) != 0x80) {
			str_addc(out, ' ');
			run = 1;
		}
		str_addc(out, text.p[i]);
	}
}

void
clean_field(struct str *out, const char *name, struct clean_value v)
{
	struct str clean = { 0 }, value = { 0 };

	clean_text(&clean, v.text, v.utf8);
	str_adds(&value, v.prefix);
	divide(&value, str_view(&clean));
	header_write(out, name, str_view(&value));
	str_free(&clean);
	str_free(&value);
}

void
clean_date(struct str *out, const char *name, int64_t seconds)
{
	str_addf(out, "%s: ", name);
	date_write(out, date_local(seconds));
	str_adds(out, "\r\n");
}
