/* SPDX-License-Identifier: ISC */
/*
 * word - encoded words, read tolerantly and written strictly
 *
 * Octets of neighbouring words in the same character set are collected and
 * converted together: senders do cut characters in two.
 */
#include "lib/mail/charset.h"
#include "lib/mail/encode.h"
#include "lib/mail/utf8.h"
#include "lib/mail/word.h"

#define WORD_MAX   75
#define WORD_FRAME 12	/* =?UTF-8?Q? and the end */

struct word {
	struct view charset;
	struct view text;
	bool base64;
};

/* Collected octets that wait for conversion. */
struct pending {
	struct str octets;
	struct view charset;
	bool some;
};

/* The segment before the next '?'; false when a blank or the end comes first,
 * so that looking for words takes linear time. */
static bool
take_segment(struct view *v, struct view *out)
{
	size_t n = 0;

	while (n < v->n && v->p[n] != '?' && (unsigned char)v->p[n] > ' ')
		n++;
	if (n == v->n || v->p[n] != '?')
		return false;
	*out = (struct view){ v->p, n };
	*v = view_skip(*v, n + 1);
	return true;
}

/* "=?charset*language?B?text?=" at the front. */
static bool
take_word(struct view *v, struct word *w)
{
	struct view rest = *v, how;

	if (rest.n < 2 || rest.p[0] != '=' || rest.p[1] != '?')
		return false;
	rest = view_skip(rest, 2);
	if (!take_segment(&rest, &w->charset) || !take_segment(&rest, &how) ||
	    !take_segment(&rest, &w->text) || rest.n == 0 || rest.p[0] != '=')
		return false;
	w->charset = view_cut(&w->charset, '*');
	w->base64 = view_isi(how, "b");
	if (w->charset.n == 0 || (!w->base64 && !view_isi(how, "q")))
		return false;
	*v = view_skip(rest, 1);
	return true;
}

static void
decode_q(struct str *out, struct view text)
{
	struct decode d;
	struct view part;

	decode_begin(&d, ENCODING_QP);
	while (text.n > 0) {
		part = (struct view){ text.p, view_find(text, '_') };
		decode_feed(&d, part, out);
		if (part.n < text.n) {
			decode_feed(&d, VIEW_LIT("=20"), out);
			part.n++;
		}
		text = view_skip(text, part.n);
	}
	decode_end(&d, out);
}

static void
flush(struct str *out, struct pending *p)
{
	struct str text = { 0 };

	if (!p->some)
		return;
	charset_convert(&text, p->charset, str_view(&p->octets));
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			text.p[i] = ' ';
	str_add(out, str_view(&text));
	str_free(&text);
	str_reset(&p->octets);
	p->some = false;
}

static void
add_word(struct str *out, struct pending *p, const struct word *w)
{
	struct decode d;

	if (p->some && !view_eqi(p->charset, w->charset))
		flush(out, p);
	p->charset = w->charset;
	p->some = true;
	if (w->base64) {
		decode_begin(&d, ENCODING_BASE64);
		decode_feed(&d, w->text, &p->octets);
		decode_end(&d, &p->octets);
	} else {
		decode_q(&p->octets, w->text);
	}
}

/* Text that is no word: unfolded, controls to blanks. */
static void
add_plain(struct str *out, struct view v)
{
	struct str text = { 0 };
	char *to = str_room(&text, v.n);

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '\n' || (c == '\r' && i + 1 < v.n &&
		    v.p[i + 1] == '\n'))
			continue;
		to[text.n++] = (unsigned char)c < ' ' || c == 127 ? ' ' : c;
	}
	if (utf8_valid(str_view(&text)))
		str_addn(out, text.p, text.n);
	else
		charset_convert(out, VIEW_LIT("windows-1252"),
		    str_view(&text));
	str_free(&text);
}

/* Only blanks between two words: they do not count. */
static bool
is_gap(struct view v)
{
	return view_trim(v).n == 0;
}

void
word_decode(struct str *out, struct view raw)
{
	struct pending pending = { 0 };
	struct view rest = raw, plain = { raw.p, 0 };
	struct word w;

	for (;;) {
		size_t at = view_search(rest, VIEW_LIT("=?"));

		rest = view_skip(rest, at);
		plain.n = (size_t)(rest.p - plain.p);
		if (rest.n == 0)
			break;
		if (!take_word(&rest, &w)) {
			rest = view_skip(rest, 2);
			continue;
		}
		if (!pending.some || !is_gap(plain)) {
			flush(out, &pending);
			add_plain(out, plain);
		}
		add_word(out, &pending, &w);
		plain = (struct view){ rest.p, 0 };
	}
	flush(out, &pending);
	if (plain.n > 0)
		add_plain(out, plain);
	str_free(&pending.octets);
}

static bool
needs_words(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < ' ' || v.p[i] > '~')
			return true;
	return view_search(v, VIEW_LIT("=?")) < v.n;
}

/* Octets that Q writes as they are: those that are safe in a phrase. */
static bool
is_q_plain(char c)
{
	return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' ||
	    c == '/';
}

static void
add_q(struct str *out, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == ' ')
			str_addc(out, '_');
		else if (is_q_plain(v.p[i]))
			str_addc(out, v.p[i]);
		else
			str_addf(out, "=%02X", (unsigned char)v.p[i]);
}

/* How much of v fits a word: whole characters. */
static size_t
fitting(struct view v, bool base64)
{
	size_t room = WORD_MAX - WORD_FRAME, used = 0;
	struct view rest = v;
	uint32_t c;

	while (rest.n > 0) {
		struct view next = rest;
		size_t cost;

		utf8_get(&next, &c);
		cost = rest.n - next.n;
		if (!base64 && !is_q_plain(rest.p[0]) && rest.p[0] != ' ')
			cost *= 3;
		if (used + cost > (base64 ? room / 4 * 3 : room))
			break;
		used += cost;
		rest = next;
	}
	return v.n - rest.n;
}

void
word_encode(struct str *out, struct view utf8)
{
	size_t plain = 0;
	bool base64;

	if (!needs_words(utf8)) {
		str_add(out, utf8);
		return;
	}
	for (size_t i = 0; i < utf8.n; i++)
		plain += is_q_plain(utf8.p[i]) || utf8.p[i] == ' ';
	base64 = plain < utf8.n / 2;
	for (;;) {
		struct view part = { utf8.p, fitting(utf8, base64) };

		str_adds(out, base64 ? "=?UTF-8?B?" : "=?UTF-8?Q?");
		if (base64)
			encode_base64(out, part);
		else
			add_q(out, part);
		str_adds(out, "?=");
		utf8 = view_skip(utf8, part.n);
		if (utf8.n == 0)
			return;
		str_addc(out, ' ');
	}
}
