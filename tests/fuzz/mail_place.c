/* SPDX-License-Identifier: ISC */
/*
 * mail_place - any text as the name of a message, a user, a folder
 *
 * What is read and written again is the same; nobody gets out of the directory
 * of the mailboxes.
 */
#include "lib/mail/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_message(struct view name)
{
	struct place_message m, again;
	struct str out = { 0 };

	if (!place_parse(name, "mail.example.org", &m))
		return;
	must(m.base.n <= name.n && name.p[0] != '.');
	if (m.kind != PLACE_FOREIGN) {
		place_write(&out, &m, "mail.example.org");
		must(place_parse(str_view(&out), "mail.example.org", &again));
		must(again.kind == m.kind && again.content == m.content &&
		    again.number == m.number && again.uid == m.uid &&
		    again.letters == m.letters);
	}
	str_reset(&out);
	if (place_decode(&out, m.uidl))
		must(out.n <= m.uidl.n);
	str_free(&out);
}

static bool
is_inside(struct view path)
{
	return path.n == 0 || (path.p[0] != '/' &&
	    memchr(path.p, '\0', path.n) == NULL &&
	    view_search(path, VIEW_LIT("/../")) == path.n &&
	    !view_starts(path, VIEW_LIT("../")) &&
	    !view_ends(path, VIEW_LIT("/..")));
}

static void
check_names(struct view name)
{
	struct str path = { 0 }, back = { 0 };

	if (place_user(name, &path))
		must(is_inside(str_view(&path)));
	str_reset(&path);
	if (place_folder(name, &path)) {
		must(is_inside(str_view(&path)));
		must(path.n == 0 || path.p[0] == '.');
		must(path.n == 0 || place_mailbox(str_view(&path), &back));
	}
	str_free(&path);
	str_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);

	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		check_message(line);
		check_names(line);
	}
	return 0;
}
