/* SPDX-License-Identifier: ISC */
/*
 * mail_mime - parts lie within their parents; what is printed is balanced
 */
#include "lib/mail/charset.h"
#include "lib/mail/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_part(const struct mime_part *p, size_t size)
{
	size_t end = p->body_at + p->body_n;

	must(p->header_at + p->header_n == p->body_at && end <= size);
	must(p->kind == MIME_LEAF ? p->child == NULL : true);
	must(p->kind != MIME_MESSAGE || p->child->next == NULL);
	if (p->parent != NULL)
		must(p->header_at >= p->parent->body_at);
	if (p->parent != NULL && p->body_n > 0)
		must(end <= p->parent->body_at + p->parent->body_n);
	if (p->next != NULL)
		must(p->next->header_at >= end);
}

/* Skip a string at the front, return what follows. */
static struct view
skip_string(struct view v)
{
	uint64_t n;
	size_t at;

	if (v.p[0] == '{') {
		at = view_find(v, '}');
		must(view_u64((struct view){ v.p + 1, at - 1 }, v.n, &n));
		return view_skip(v, at + 3 + n);
	}
	for (at = 1; v.p[at] != '"'; at++)
		at += v.p[at] == '\\';
	return view_skip(v, at + 1);
}

static void
check_balance(struct view v)
{
	int depth = 0;

	must(memchr(v.p, '\0', v.n) == NULL);
	while (v.n > 0) {
		if (v.p[0] == '"' || v.p[0] == '{') {
			v = skip_string(v);
			continue;
		}
		depth += v.p[0] == '(';
		depth -= v.p[0] == ')';
		must(depth > 0 || v.n == 1);
		v = view_skip(v, 1);
	}
	must(depth == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);
	struct arena arena;
	struct str out = { 0 };
	static const struct view numbers[] = { VIEW_LIT(""), VIEW_LIT("1"),
		VIEW_LIT("2"), VIEW_LIT("1.1"), VIEW_LIT("1.2.1"),
		VIEW_LIT("3."), VIEW_LIT("0"), VIEW_LIT("1..1"),
		VIEW_LIT("4294967296") };
	struct mime_range r;
	const struct mime_part *root;

	arena_init(&arena);
	root = mime_parse(text, &arena);
	for (const struct mime_part *p = root; p; p = mime_next(p)) {
		check_part(p, size);
		mime_param_text(p->params, "name", &arena);
		mime_param_text(p->disposition_params, "filename", &arena);
	}
	must(mime_range(root, VIEW_NONE, MIME_WHOLE, &r) && r.n == size);
	for (size_t i = 0; i < nitems(numbers); i++)
		for (enum mime_want w = 0; w <= MIME_MIME; w++)
			must(!mime_range(root, numbers[i], w, &r) ||
			    r.at + r.n <= size);
	must(mime_range(root, VIEW_LIT("1"), MIME_WHOLE, &r) ||
	    root->kind == MIME_MULTIPART);
	envelope_body(&out, text, root, true);
	check_balance(str_view(&out));
	str_reset(&out);
	envelope_write(&out, text);
	check_balance(str_view(&out));
	str_free(&out);
	arena_reset(&arena);
	return 0;
}
