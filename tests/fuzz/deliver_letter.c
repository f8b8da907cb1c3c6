/* SPDX-License-Identifier: ISC */
/*
 * deliver_letter - any content: lines end in LF, and no second mail begins in an
 * mbox; nothing else is changed
 */
#include <unistd.h>

#include "deliver/letter.h"
#include "lib/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct order order = { .sender = { "s@x", 3 },
	.original = { "o@x", 3 }, .address = { "a@x", 3 } };

static void
read_letter(int fd, enum letter_form form, size_t step, struct str *out)
{
	struct letter l;
	char piece[4096];
	ssize_t n;

	letter_open(&l, fd, &order, form, 0);
	while ((n = letter_read(&l, piece, step)) > 0)
		str_addn(out, piece, (size_t)n);
	must(n == 0);
	letter_close(&l);
}

/* The same the slow way. */
static void
expect(struct view content, bool mbox, struct str *out)
{
	while (content.n > 0) {
		struct view line = view_cut(&content, '\n');
		bool ended = line.p + line.n < content.p ||
		    (content.n == 0 && line.p[line.n] == '\n');

		if (ended && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (mbox && view_starts(line, VIEW_LIT("From ")))
			str_addc(out, '>');
		str_add(out, line);
		str_addc(out, '\n');
	}
	if (mbox)
		str_addc(out, '\n');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { 0 };
	int fd = file_memfd("content", view_bytes(data, size));

	/* a NUL behind it, so that what ended a line can be looked at */
	str_addn(&text, data, size);
	str_adds(&text, "");
	for (enum letter_form f = LETTER_COMMAND; f <= LETTER_MAILDIR; f++) {
		struct str one = { 0 }, all = { 0 }, wanted = { 0 };
		size_t front;

		read_letter(fd, f, 1, &one);
		read_letter(fd, f, 4096, &all);
		must(view_eq(str_view(&one), str_view(&all)));
		expect(str_view(&text), f == LETTER_MBOX, &wanted);
		must(all.n >= wanted.n);
		front = all.n - wanted.n;
		must(view_eq(view_skip(str_view(&all), front),
		    str_view(&wanted)));
		str_free(&one);
		str_free(&all);
		str_free(&wanted);
	}
	letter_is_loop(fd, &order);
	close(fd);
	str_free(&text);
	return 0;
}
