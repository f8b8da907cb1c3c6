/* SPDX-License-Identifier: ISC */
/*
 * mail_rights - rights, identifiers and names of other users' mailboxes: what
 * is taken is written back as what was taken
 */
#include "lib/mail/rights.h"
#include "lib/mail/shared.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_letters(struct view text)
{
	struct str out = { 0 };
	uint32_t before = RIGHT_READ, rights = before, again;

	if (rights_change(text, &rights)) {
		must((rights & ~RIGHTS_ALL) == 0);
		rights_write(&out, rights, false);
		must(rights_parse(str_view(&out), &again) && again == rights);
	} else {
		must(rights == before);
	}
	str_free(&out);
}

static void
check_identifier(struct view text)
{
	struct view owner = VIEW_LIT("anna@example.test");
	struct str out = { 0 }, twice = { 0 };

	if (rights_identifier(text, owner, &out)) {
		must(rights_identifier(str_view(&out), owner, &twice));
		must(view_eq(str_view(&out), str_view(&twice)));
	}
	str_free(&out);
	str_free(&twice);
}

static void
check_sum(struct view text)
{
	struct rights_sum s;

	rights_begin(&s, VIEW_LIT("bob@example.test"), VIEW_LIT("anna@x"));
	while (text.n > 0) {
		struct view identifier = view_cut(&text, ' ');

		rights_add(&s, identifier, view_cut(&text, '\n'));
	}
	must((rights_end(&s) & ~RIGHTS_ALL) == 0);
	must((rights_end(&s) & s.taken) == 0);
}

static void
check_name(struct view text)
{
	struct str owner = { 0 }, back = { 0 };
	struct view mailbox;

	if (shared_parse(text, &owner, &mailbox)) {
		must(shared_is(text) && owner.n > 0);
		shared_write(&back, str_view(&owner), mailbox);
		must(view_eq(str_view(&back), text) || mailbox.n == 0);
	}
	str_free(&owner);
	str_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);

	check_letters(text);
	check_identifier(text);
	check_sum(text);
	check_name(text);
	return 0;
}
