/* SPDX-License-Identifier: ISC */
/*
 * pop3d_uidls - any text as posthouse-uidls
 *
 * A line that is read is written again as one that reads the same. Where UIDs
 * ascend, as store writes them, halving finds the line that a look at each
 * finds; an identifier that is in it is found, and no other.
 */
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/mail/uidl_line.h"
#include "pop3d/uidls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(const struct uidl_line *l)
{
	struct str out = { 0 };
	struct uidl_line again;

	uidl_line_write(l, &out);
	must(out.n > 0 && view_find(str_view(&out), '\n') == out.n - 1);
	must(uidl_line_read(str_view(&out), &again));
	must(again.uid == l->uid && again.content == l->content &&
	    view_eq(again.uidl, l->uidl));
	str_free(&out);
}

/* The UIDs of all lines, those that make no sense left out, ascend. */
static bool
is_in_order(struct view text)
{
	struct uidl_line l;
	uint32_t last = 0;

	while (text.n > 0) {
		if (!uidl_line_read(view_cut(&text, '\n'), &l) || l.uid <= last)
			return false;
		last = l.uid;
	}
	return true;
}

static void
check_line(struct uidls *u, const struct uidl_line *l, bool in_order)
{
	struct view found = uidls_find(u, l->uid, l->content);

	must(!in_order || view_eq(found, l->uidl));
	must(uidls_has(u, l->uidl));
	must(uidls_find(u, l->uid, ~l->content).n == 0 || !in_order);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size), rest = text;
	int fd = size > 0 ? file_memfd("uidls", text) : -1;
	bool in_order = is_in_order(text);
	struct uidls u = { 0 };
	struct uidl_line l;

	uidls_open(&u, fd);
	while (rest.n > 0) {
		if (!uidl_line_read(view_cut(&rest, '\n'), &l))
			continue;
		check_again(&l);
		check_line(&u, &l, in_order);
	}
	must(!uidls_has(&u, VIEW_LIT("not one")));
	must(uidls_find(&u, 0, 0).n == 0);
	uidls_close(&u);
	if (fd >= 0)
		close(fd);
	return 0;
}
