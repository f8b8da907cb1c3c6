/* SPDX-License-Identifier: ISC */
/*
 * queue_state - the list of states and moves is sound (queue/state.def)
 */
#include "queue_sample.h"

#define MOVE(thing, from, to, words)                                           \
	{ thing##_##from, thing##_##to, words },
static const struct {
	uint8_t from, to;
	const char *words;
} moves[] = {
#include "queue/state.def"
};

static bool
leads_out(uint8_t state)
{
	for (size_t i = 0; i < nitems(moves); i++)
		if (moves[i].from == state)
			return true;
	return false;
}

static void
test_listed_moves_only(void **state UNUSED)
{
	unsigned allowed = 0;

	for (unsigned from = 0; from < STATE_COUNT; from++)
		for (unsigned to = 0; to < STATE_COUNT; to++)
			allowed += state_may(from, to);
	assert_int_equal(allowed, nitems(moves));
	for (size_t i = 0; i < nitems(moves); i++) {
		uint8_t s = moves[i].from;

		state_move(&s, moves[i].to);
		assert_int_equal(s, moves[i].to);
		assert_true(strlen(moves[i].words) > 3);
	}
	assert_false(state_may(RCPT_SETTLED, RCPT_WAITING));
	assert_false(state_may(MAIL_GONE, MAIL_OPEN));
	assert_false(state_may(MAIL_OPEN, MAIL_QUEUED));
}

/* Only the ends have no way out, and they are never left. */
static void
test_no_dead_ends(void **state UNUSED)
{
	for (uint8_t s = 0; s < STATE_COUNT; s++)
		assert_int_equal(leads_out(s),
		    s != MAIL_GONE && s != RCPT_SETTLED);
}

/* What stands in the journal for a state is one that may be begun with. */
static void
test_letters(void **state UNUSED)
{
	for (uint8_t s = RCPT_WAITING; s <= RCPT_SETTLED; s++) {
		const struct rcpt r = { .state = s };
		uint8_t again;

		assert_true(mail_state_of(mail_letter(&r), &again));
		assert_true(again == s || again == RCPT_WAITING ||
		    again == RCPT_FAILED);
	}
	assert_false(mail_state_of('?', &(uint8_t){ 0 }));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed_moves_only),
		cmocka_unit_test(test_no_dead_ends),
		cmocka_unit_test(test_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
