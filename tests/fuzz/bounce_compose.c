/* SPDX-License-Identifier: ISC */
/*
 * bounce_compose - words of strangers in a report
 *
 * The first octet has the kind of report and what is known of the mail; then,
 * divided by NUL, come ENVID, address, ORCPT, our sentence, the other server's
 * name and reply, and the header of the mail. None of them ends a line, a field
 * or a part, makes a line too long, or UTF-8 where none may be.
 */
#include "bounce/compose.h"
#include "lib/mail/text.h"
#include "lib/mail/utf8.h"

#define LINE_MOST	998

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(struct view text)
{
	must(view_ends(text, VIEW_LIT("\r\n")));
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		must(line.n > 0 && line.n - 1 <= LINE_MOST);
		must(view_find(line, '\r') == line.n - 1);
		must(view_find(line, '\0') == line.n);
	}
}

/* As many as there are parts, and the one that ends them. */
static void
check_parts(struct view text, size_t parts)
{
	size_t n = 0;

	while (text.n > 0)
		n += view_starts(view_cut(&text, '\n'),
		    VIEW_LIT("--=_report_"));
	must(n == parts + 1);
}

/* Of the mail no line is too long: it came in, or was made, as wire form. */
static void
take_original(struct view text, struct str *out)
{
	struct text_wire wire = { .bare_cr_ends = true };
	struct str whole = { 0 };
	struct view rest;

	text_wire(&wire, text, &whole);
	text_wire_end(&wire, &whole);
	rest = str_view(&whole);
	while (rest.n > 0) {
		struct view line = view_cut(&rest, '\n');

		if (line.n - 1 <= LINE_MOST && view_find(line, '\0') == line.n &&
		    !view_starts(line, VIEW_LIT("--=_report_")))
			str_addf(out, "%.*s\n", VIEW(line));
	}
	str_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_bytes(data, size);
	struct notice_rcpt r = { .status = VIEW_LIT("1.1"),
		.original = VIEW_LIT("b@example.test") };
	struct notice n = { .host = VIEW_LIT("mx.example.test"),
		.to = VIEW_LIT("s@example.org"),
		.sender = VIEW_LIT("s@example.org"), .arrival = 1000000000,
		.until = 1000432000, .now = 1000000005, .id = 1, .unique = 2,
		.n = 1, .rcpt = &r };
	struct str out = { 0 }, original = { 0 };
	struct composed c;

	if (size == 0)
		return 0;
	n.kind = NOTICE_FAILED + data[0] % (NOTICE_KINDS - NOTICE_FAILED);
	n.utf8 = (data[0] & 16) != 0;
	n.whole = (data[0] & 32) != 0;
	n.astray = (data[0] & 64) != 0;
	r.tried = data[0] & 128 ? 1000000003 : 0;
	rest = view_skip(rest, 1);
	n.envid = view_cut(&rest, '\0');
	r.address = view_cut(&rest, '\0');
	r.orcpt = view_cut(&rest, '\0');
	r.sentence = view_cut(&rest, '\0');
	r.relay = view_cut(&rest, '\0');
	r.reply = view_cut(&rest, '\0');
	n.unheard = n.astray ? r.sentence : VIEW_NONE;
	take_original(rest, &original);
	n.original = str_view(&original);
	compose(&out, &n, &c);
	check_lines(str_view(&out));
	check_parts(str_view(&out), 2 + (n.original.n > 0));
	must(c.eight || utf8_is_ascii(str_view(&out)));
	must(c.skip < out.n);
	str_free(&out);
	str_free(&original);
	return 0;
}
