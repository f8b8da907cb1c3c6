/* SPDX-License-Identifier: ISC */
/*
 * mime_find - walking the parts, and finding one by IMAP's numbers
 *
 * A number counts the parts of a multipart, or of the message that a part
 * encloses; a message that is no multipart has one part, itself.
 */
#include "lib/mail/charset.h"
#include "lib/mail/mime.h"
#include "lib/mail/word.h"

struct mime_part *
mime_next(const struct mime_part *part)
{
	if (part->child != NULL)
		return part->child;
	while (part != NULL && part->next == NULL)
		part = part->parent;
	return part != NULL ? part->next : NULL;
}

struct view
mime_param(const struct mime_param *list, const char *name)
{
	for (; list != NULL; list = list->next)
		if (view_isi(list->name, name))
			return list->value;
	return (struct view){ NULL, 0 };
}

static int
hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "charset'language'percent-coded" to UTF-8. */
static void
decode_extended(struct str *out, struct view v)
{
	struct view rest = v, charset = view_cut(&rest, '\'');
	struct str octets = { 0 };

	if (view_find(rest, '\'') < rest.n) {
		view_cut(&rest, '\'');
		v = rest;
	} else {
		charset = VIEW_NONE;
	}
	for (size_t i = 0; i < v.n; i++) {
		int high = i + 2 < v.n ? hex(v.p[i + 1]) : -1;
		int low = high >= 0 ? hex(v.p[i + 2]) : -1;

		if (v.p[i] != '%' || low < 0) {
			str_addc(&octets, v.p[i]);
			continue;
		}
		str_addc(&octets, (char)(high << 4 | low));
		i += 2;
	}
	charset_convert(out, charset, str_view(&octets));
	str_free(&octets);
}

struct view
mime_param_text(const struct mime_param *list, const char *name,
    struct arena *a)
{
	struct view extended = mime_param(list,
	    arena_printf(a, "%s*", name)), plain, result;
	struct str text = { 0 };

	if (extended.p != NULL) {
		decode_extended(&text, extended);
	} else {
		plain = mime_param(list, name);
		if (plain.p == NULL)
			return plain;
		word_decode(&text, plain);
	}
	result = arena_view(a, str_view(&text));
	str_free(&text);
	return result;
}

/* The n-th part of a message or a multipart. */
static const struct mime_part *
step(const struct mime_part *of, uint64_t n)
{
	if (of->kind != MIME_MULTIPART)
		return n == 1 ? of : NULL;
	for (of = of->child; of != NULL && n > 1; n--)
		of = of->next;
	return of;
}

const struct mime_part *
mime_find(const struct mime_part *root, struct view numbers)
{
	const struct mime_part *part = root, *within = root;
	uint64_t n;

	if (numbers.n > 0 && numbers.p[numbers.n - 1] == '.')
		return NULL;
	while (numbers.n > 0) {
		struct view number = view_cut(&numbers, '.');

		if (within == NULL || !view_u64(number, UINT32_MAX, &n) ||
		    n == 0)
			return NULL;
		part = step(within, n);
		if (part == NULL)
			return NULL;
		within = part->kind == MIME_MULTIPART ? part :
		    part->kind == MIME_MESSAGE ? part->child : NULL;
	}
	return part;
}

bool
mime_range(const struct mime_part *root, struct view numbers,
    enum mime_want want, struct mime_range *out)
{
	const struct mime_part *part = mime_find(root, numbers), *message;

	if (part == NULL || (want == MIME_MIME && numbers.n == 0))
		return false;
	message = numbers.n == 0 ? root :
	    part->kind == MIME_MESSAGE ? part->child : NULL;
	if ((want == MIME_HEADER || want == MIME_TEXT) && message == NULL)
		return false;
	if (want == MIME_MIME)
		*out = (struct mime_range){ part->header_at, part->header_n };
	else if (want == MIME_HEADER)
		*out = (struct mime_range){ message->header_at,
			message->header_n };
	else if (want == MIME_TEXT)
		*out = (struct mime_range){ message->body_at,
			message->body_n };
	else if (numbers.n == 0)
		*out = (struct mime_range){ 0, root->body_at + root->body_n };
	else
		*out = (struct mime_range){ part->body_at, part->body_n };
	return true;
}
