/* SPDX-License-Identifier: ISC */
/*
 * mail_downgrade - what is converted fits, has the same parts, and decodes to
 * the same octets
 */
#include "lib/mail/downgrade.h"
#include "lib/mail/downgrade_text.h"
#include "lib/mail/encode.h"
#include "lib/mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	struct view message;
	const struct mime_part *root;
};

static bool
collect(void *arg, struct view piece)
{
	must(piece.n > 0);
	str_add(arg, piece);
	return true;
}

static bool
refuse(void *arg, struct view piece UNUSED)
{
	must(++*(int *)arg == 1);
	return false;
}

static void
decoded(struct str *out, struct view message, const struct mime_part *part)
{
	struct decode d;

	decode_begin(&d, encoding_of(part->encoding));
	decode_feed(&d, view_bytes(message.p + part->body_at, part->body_n),
	    out);
	decode_end(&d, out);
}

/* Types are the same but for NUL, which no header may have. */
static void
check_type(struct view a, struct view b)
{
	must(a.n == b.n);
	for (size_t i = 0; i < a.n; i++)
		must(a.p[i] == b.p[i] || (a.p[i] == '\0' && b.p[i] == '?'));
}

/* The text that stands for a multipart without parts is what stands around
 * parts, which may change. */
static bool
is_around(const struct mime_part *part)
{
	return part->parent != NULL && part->parent->kind == MIME_MULTIPART &&
	       part->header_at == part->parent->body_at;
}

/* What of the original stands for this part of the result; a message/global
 * may have become a leaf. */
static const struct mime_part *
check_part(const struct text *was, const struct text *is,
    const struct mime_part *a, const struct mime_part *b)
{
	struct str x = { 0 }, y = { 0 };

	check_type(a->type, b->type);
	check_type(a->subtype, b->subtype);
	if (is_around(b)) {
		must(is_around(a));
	} else if (b->kind == MIME_LEAF) {
		must(a->kind == MIME_LEAF || view_isi(a->subtype, "global"));
		decoded(&x, was->message, a);
		decoded(&y, is->message, b);
		must(view_eq(str_view(&x), str_view(&y)));
	} else {
		must(a->kind == b->kind);
	}
	str_free(&x);
	str_free(&y);
	if (a->kind == b->kind)
		return mime_next(a);
	while (a != NULL && a->next == NULL)
		a = a->parent;
	return a != NULL ? a->next : NULL;
}

/* All but headers, which keep 8-bit octets and words without a blank. */
static void
check_fits(const struct text *t, unsigned unfit)
{
	const struct mime_part *p;
	size_t at = 0;

	for (p = t->root; p != NULL; p = mime_next(p)) {
		if (p->header_at > at)
			must((downgrade_has(view_bytes(t->message.p + at,
			    p->header_at - at)) & unfit) == 0);
		must((downgrade_has(view_bytes(t->message.p + p->header_at,
		    p->header_n)) & HAS_BINARY) == 0);
		at = p->body_at;
	}
	must((downgrade_has(view_skip(t->message, at)) & unfit) == 0);
}

static void
check(struct view message, enum downgrade_level level)
{
	struct arena arena;
	struct str out = { 0 };
	struct downgrade_sink sink = { collect, &out };
	struct text was = { .message = message }, is;
	const struct mime_part *a;
	struct why w;
	int stops = 0;

	arena_init(&arena);
	was.root = a = mime_parse(message, &arena);
	if (downgrade(message, level, &arena, &sink, &w)) {
		is.message = str_view(&out);
		is.root = mime_parse(is.message, &arena);
		for (const struct mime_part *b = is.root; b != NULL;
		    b = mime_next(b)) {
			must(a != NULL);
			a = check_part(&was, &is, a, b);
		}
		must(a == NULL);
		check_fits(&is, level == LEVEL_7BIT ? HAS_8BIT | HAS_BINARY |
		    HAS_LONG : HAS_BINARY | HAS_LONG);
		sink = (struct downgrade_sink){ refuse, &stops };
		if (out.n > 0)
			must(!downgrade(message, level, &arena, &sink, &w) &&
			    w.verdict == VERDICT_LATER);
	} else {
		must(out.n == 0 && w.verdict == VERDICT_NEVER);
	}
	str_free(&out);
	arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view message = view_bytes(data, size);
	struct downgrade_look look;

	downgrade_look(message, &look);
	check(message, LEVEL_7BIT);
	check(message, LEVEL_8BIT);
	return 0;
}
