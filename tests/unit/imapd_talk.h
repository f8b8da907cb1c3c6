/* SPDX-License-Identifier: ISC */
/*
 * imapd_talk - cases that are talks
 *
 * Whole and octet by octet, what a client says must get the same answers. The
 * mailbox has talk_message, all of them unseen.
 */
#ifndef TESTS_UNIT_IMAPD_TALK_H
#define TESTS_UNIT_IMAPD_TALK_H

#include "imapd_fake.h"

static struct view talk_message[FAKE_MESSAGES];
static uint32_t talk_messages;

/* What follows the greeting up to the end of the talk. */
static UNUSED struct view
talk_view(struct view in, bool selected, size_t piece)
{
	struct view said;

	memcpy(fake.message, talk_message, sizeof(fake.message));
	fake.messages = talk_messages;
	fake.modseq = 1;
	fake_talk(in, selected ? "alice@example.test" : NULL,
	    selected ? fake_box() : NULL, piece);
	said = str_view(&fake.output);
	return view_skip(said, view_find(said, '\n') + 1);
}

static UNUSED const char *
talk(const char *in, size_t n, bool selected, size_t piece)
{
	return talk_view((struct view){ in, n }, selected, piece).p;
}

/* Texts that may have NUL in them, and those that do not. */
struct exchange {
	struct view in, out;
};
struct dialog {
	const char *in, *out;
};

/* Says what differs. */
static UNUSED bool
talk_fits(const struct exchange *x, bool selected)
{
	static const size_t pieces[] = { 65536, 1 };

	for (size_t i = 0; i < nitems(pieces); i++) {
		struct view said = talk_view(x->in, selected, pieces[i]);

		if (view_eq(said, x->out))
			continue;
		print_message("in pieces of %zu: %s\nexpected: %s\n"
		    "     got: %s\n", pieces[i], x->in.p, x->out.p, said.p);
		return false;
	}
	return true;
}

static UNUSED void
talk_check(const struct exchange *x, bool selected)
{
	assert_true(talk_fits(x, selected));
}

static UNUSED void
talk_check_all(const struct dialog *d, size_t n, bool selected)
{
	size_t unfit = 0;

	for (size_t i = 0; i < n; i++) {
		struct exchange x = { view_of(d[i].in), view_of(d[i].out) };

		unfit += !talk_fits(&x, selected);
	}
	assert_int_equal(unfit, 0);
}

#endif
