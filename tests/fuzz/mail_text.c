/* SPDX-License-Identifier: ISC */
/*
 * mail_text - chunks do not matter; stuffed and unstuffed is the same
 */
#include "lib/mail/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct view
part(struct view in, size_t at, size_t chunk)
{
	size_t n = in.n - at < chunk ? in.n - at : chunk;

	return (struct view){ in.p + at, n };
}

static void
wire(struct view in, size_t chunk, bool cr, struct str *out)
{
	struct text_wire t = { .bare_cr_ends = cr };

	for (size_t at = 0; at < in.n; at += chunk)
		text_wire(&t, part(in, at, chunk), out);
	text_wire_end(&t, out);
}

static void
stuff(struct view in, size_t chunk, bool clean, struct str *out)
{
	struct text_stuff t = { .clean = clean };

	for (size_t at = 0; at < in.n; at += chunk)
		text_stuff(&t, part(in, at, chunk), out);
	text_stuff_end(&t, out);
}

static size_t
unstuff(struct view in, size_t chunk, struct text_unstuff *t, struct str *out)
{
	size_t at = 0;

	*t = (struct text_unstuff){ 0 };
	while (at < in.n && !t->done)
		at += text_unstuff(t, part(in, at, chunk), out);
	return at;
}

/* Octets, a chunk size and the same in one piece: no difference. */
static void
check_chunks(struct view in, size_t chunk)
{
	struct str a = { 0 }, b = { 0 };
	struct text_unstuff t, u;

	for (int i = 0; i < 2; i++) {
		wire(in, chunk, i, &a);
		wire(in, in.n + 1, i, &b);
		stuff(in, chunk, i, &a);
		stuff(in, in.n + 1, i, &b);
	}
	must(unstuff(in, chunk, &t, &a) == unstuff(in, in.n + 1, &u, &b));
	must(view_eq(str_view(&a), str_view(&b)));
	must(t.done == u.done && t.bare_cr == u.bare_cr &&
	    t.bare_lf == u.bare_lf && t.nul == u.nul && t.size == u.size &&
	    t.longest == u.longest);
	str_free(&a);
	str_free(&b);
}

/* Clean output ends where it should and has no stray octets. */
static void
check_clean(struct view in, size_t chunk)
{
	struct str wired = { 0 }, sent = { 0 }, got = { 0 };
	struct text_unstuff t;

	wire(in, chunk, true, &wired);
	stuff(str_view(&wired), chunk, true, &sent);
	must(unstuff(str_view(&sent), chunk, &t, &got) == sent.n);
	must(t.done && !t.bare_cr && !t.bare_lf && !t.nul);
	must(got.n == wired.n);
	str_free(&wired);
	str_free(&sent);
	str_free(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t chunk = size > 0 ? data[0] % 16 + 1 : 1;
	struct view in = view_bytes(data + (size > 0), size - (size > 0));

	check_chunks(in, chunk);
	check_clean(in, chunk);
	return 0;
}
