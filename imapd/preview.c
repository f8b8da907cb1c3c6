/* SPDX-License-Identifier: ISC */
/*
 * preview - from a part to a line
 *
 * Only the beginning of a part is decoded: what follows cannot be in the line.
 * The reader of HTML knows no more than where words are.
 */
#include "imapd/preview.h"
#include "lib/mail/charset.h"
#include "lib/mail/encode.h"
#include "lib/mail/utf8.h"

#define ENCODED_MOST (64u * 1024)
#define DECODED_MOST (32u * 1024)

/* ---- HTML ---- */

static const struct {
	const char *name;
	const char *text;
} entities[] = {
	{ "amp;", "&" }, { "lt;", "<" }, { "gt;", ">" }, { "quot;", "\"" },
	{ "apos;", "'" }, { "#39;", "'" }, { "nbsp;", " " },
	{ "zwnj;", "" }, { "shy;", "" }, { "#847;", "" }, { "#8203;", "" },
};

/* What is between these is not shown. */
static const char *const hidden[] = { "style", "script", "head", "title" };

static bool
starts_with_word(struct view v, const char *word)
{
	struct view w = view_of(word);

	return view_startsi(v, w) && (v.n == w.n || !to_lower(v.p[w.n]) ||
	    strchr(" \t\r\n/>", v.p[w.n]) != NULL);
}

static struct view
past_tag(struct view v)
{
	size_t n = view_find(v, '>');

	return view_skip(v, n < v.n ? n + 1 : n);
}

/* Past a tag, and past the element if it is a hidden one. */
static struct view
skip_tag(struct view v)
{
	struct view tag = view_skip(v, 1);

	if (view_starts(v, VIEW_LIT("<!--"))) {
		size_t end = view_search(v, VIEW_LIT("-->"));

		return view_skip(v, end < v.n ? end + 3 : v.n);
	}
	for (size_t i = 0; i < nitems(hidden); i++) {
		struct view rest = tag;

		if (!starts_with_word(tag, hidden[i]))
			continue;
		while (rest.n > 0 && !(view_starts(rest, VIEW_LIT("</")) &&
			starts_with_word(view_skip(rest, 2), hidden[i])))
			rest = view_skip(rest, 1);
		return past_tag(rest);
	}
	return past_tag(v);
}

static struct view
put_entity(struct str *out, struct view v)
{
	struct view name = view_skip(v, 1);

	for (size_t i = 0; i < nitems(entities); i++) {
		struct view known = view_of(entities[i].name);

		if (!view_starts(name, known))
			continue;
		str_adds(out, entities[i].text);
		return view_skip(name, known.n);
	}
	str_addc(out, '&');
	return name;
}

void
preview_html(struct str *out, struct view html)
{
	while (html.n > 0) {
		size_t run = 0;

		while (run < html.n && html.p[run] != '<' &&
		    html.p[run] != '&')
			run++;
		str_addn(out, html.p, run);
		html = view_skip(html, run);
		if (html.n == 0)
			break;
		if (html.p[0] == '&') {
			html = put_entity(out, html);
		} else {
			str_addc(out, ' ');
			html = skip_tag(html);
		}
	}
}

/* ---- the part ---- */

static bool
is_text(const struct mime_part *p)
{
	return p->kind == MIME_LEAF && view_isi(p->type, "text") &&
	    !view_isi(p->disposition, "attachment") && p->body_n > 0;
}

static const struct mime_part *
first_text(const struct mime_part *part)
{
	while (part != NULL && !is_text(part))
		part = mime_next(part);
	return part;
}

/* The beginning of the part, in UTF-8. */
static void
put_decoded(struct str *out, struct view body, const struct mime_part *part)
{
	struct str octets = { 0 };
	struct decode d;

	if (body.n > ENCODED_MOST)
		body.n = ENCODED_MOST;
	decode_begin(&d, encoding_of(part->encoding));
	decode_feed(&d, body, &octets);
	decode_end(&d, &octets);
	if (octets.n > DECODED_MOST)
		octets.n = DECODED_MOST;
	charset_convert(out, mime_param(part->params, "charset"),
	    str_view(&octets));
	str_free(&octets);
}

/* ---- the line ---- */

/* Blanks in a row are one; so are line ends. Stops at the limit. */
static void
put_words(struct str *out, struct view text, size_t *characters)
{
	while (text.n > 0 && *characters < PREVIEW_CHARACTERS) {
		uint32_t c;

		utf8_get(&text, &c);
		if (c <= ' ' || c == 0x7f || c == 0xa0) {
			if (out->n == 0 || out->p[out->n - 1] == ' ')
				continue;
			c = ' ';
		}
		utf8_put(out, c);
		++*characters;
	}
}

static void
put_line(struct str *out, struct view text)
{
	size_t characters = 0;

	while (text.n > 0 && characters < PREVIEW_CHARACTERS) {
		size_t n = view_find(text, '\n') + 1;
		struct view line = { text.p, n < text.n ? n : text.n };

		text = view_skip(text, line.n);
		if (line.p[0] != '>')
			put_words(out, line, &characters);
	}
	while (out->n > 0 && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
}

void
preview_make(struct str *out, struct view message,
    const struct mime_part *root)
{
	const struct mime_part *part = first_text(root);
	struct str text = { 0 }, plain = { 0 };

	if (part == NULL || encoding_of(part->encoding) == ENCODING_UNKNOWN)
		return;
	put_decoded(&text, (struct view){ message.p + part->body_at,
	    part->body_n }, part);
	if (view_isi(part->subtype, "html"))
		preview_html(&plain, str_view(&text));
	put_line(out, view_isi(part->subtype, "html") ? str_view(&plain) :
							 str_view(&text));
	str_free(&text);
	str_free(&plain);
}
