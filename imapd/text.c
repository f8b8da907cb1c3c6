/* SPDX-License-Identifier: ISC */
/*
 * text - decoding, converting, folding
 *
 * What is given out does not depend on what it is wanted for: a filter that is
 * made of it (lib/mail/grams.h) has seen what an exact search will see.
 */
#include "imapd/text.h"
#include "lib/mail/casemap.h"
#include "lib/mail/charset.h"
#include "lib/mail/encode.h"
#include "lib/mail/header.h"
#include "lib/mail/word.h"

#define PIECE	 (128u * 1024)
#define LINELESS (1024u * 1024)	/* cut here where no line ends */

/* Text that is UTF-8 now; it goes on where the last piece ended. */
static void
give(struct text_reader *r, struct view utf8)
{
	size_t from;

	casemap_fold(&r->folded, utf8);
	if (!r->f(r->arg, str_view(&r->folded)))
		r->enough = true;
	from = r->folded.n > r->overlap ? r->folded.n - r->overlap : 0;
	str_drop(&r->folded, from);
}

/* ---- fields ---- */

void
text_of_fields(struct text_reader *r, struct view header, struct view name)
{
	struct header h;

	while (!r->enough && header_next(&header, &h)) {
		if (name.n > 0 && !view_eqi(h.name, name))
			continue;
		str_reset(&r->utf8);
		str_reset(&r->folded);
		if (name.n == 0) {
			str_add(&r->utf8, h.name);
			str_adds(&r->utf8, ": ");
		}
		word_decode(&r->utf8, h.value);
		give(r, str_view(&r->utf8));
	}
}

/* ---- bodies ---- */

static void
give_octets(struct text_reader *r, size_t n)
{
	str_reset(&r->utf8);
	charset_convert(&r->utf8, r->charset, (struct view){ r->octets.p, n });
	str_drop(&r->octets, n);
	give(r, str_view(&r->utf8));
}

/* Up to the last line end; the rest waits for more. */
static void
give_lines(struct text_reader *r)
{
	size_t at = view_rfind(str_view(&r->octets), '\n');

	if (at < r->octets.n)
		give_octets(r, at + 1);
	else if (r->octets.n > LINELESS)
		give_octets(r, r->octets.n);
}

static void
decode_body(struct text_reader *r, struct view octets, enum encoding encoding)
{
	struct decode d;

	str_reset(&r->octets);
	str_reset(&r->folded);
	decode_begin(&d, encoding);
	while (octets.n > 0 && !r->enough) {
		size_t n = octets.n < PIECE ? octets.n : PIECE;

		decode_feed(&d, (struct view){ octets.p, n }, &r->octets);
		octets = view_skip(octets, n);
		give_lines(r);
		if (octets.n > 0)
			give_way();
	}
	decode_end(&d, &r->octets);
	if (!r->enough && r->octets.n > 0)
		give_octets(r, r->octets.n);
}

static void
one_part(struct text_reader *r, struct view all, const struct mime_part *part)
{
	if (part->kind == MIME_MESSAGE && part->child != NULL)
		text_of_fields(r, (struct view){ all.p +
		    part->child->header_at, part->child->header_n },
		    VIEW_NONE);
	if (part->kind != MIME_LEAF || !view_isi(part->type, "text"))
		return;
	r->charset = mime_param(part->params, "charset");
	if (r->charset.p == NULL)
		r->charset = VIEW_NONE;
	decode_body(r, (struct view){ all.p + part->body_at, part->body_n },
	    encoding_of(part->encoding.p ? part->encoding : VIEW_NONE));
}

void
text_of_bodies(struct text_reader *r, struct view all,
    const struct mime_part *root)
{
	for (const struct mime_part *part = root; part != NULL && !r->enough;
	     part = mime_next(part))
		one_part(r, all, part);
}

bool
text_of_message(struct text_reader *r, struct content *c)
{
	const struct mime_part *root;
	struct view header;

	if (!content_header(c, &header))
		return false;
	text_of_fields(r, header, VIEW_NONE);
	if (r->enough)
		return true;
	root = content_root(c);
	if (root != NULL)
		text_of_bodies(r, c->all, root);
	return root != NULL;
}

void
text_end(struct text_reader *r)
{
	str_free(&r->octets);
	str_free(&r->utf8);
	str_free(&r->folded);
}
