/* SPDX-License-Identifier: ISC */
/*
 * mail_grams - no text that has the needle is passed over, and most others are
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/mail/grams.h"

static uint32_t
any(uint32_t n)
{
	static uint64_t seed = 7;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* Words of a language of its own: three to seven letters of a small set. */
static void
add_words(struct str *out, size_t octets)
{
	while (out->n < octets) {
		for (uint32_t i = 3 + any(5); i > 0; i--)
			str_addc(out, (char)('a' + any(2) * 13 + any(13)));
		str_addc(out, ' ');
	}
}

/* Fed in pieces that overlap as text_reader makes them. */
static void
record_of(struct view text, struct str *out)
{
	struct grams g = { 0 };
	size_t at = 0;

	while (at < text.n) {
		size_t n = 1 + any(300), from = at > 2 ? at - 2 : 0;

		if (n > text.n - at)
			n = text.n - at;
		grams_add(&g, (struct view){ text.p + from, at + n - from });
		at += n;
	}
	grams_put(out, &g);
}

static void
test_nothing_is_passed_over(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t size = 3; size < 60000; size = size * 3 / 2 + 1) {
		struct str text = { 0 }, record = { 0 };

		add_words(&text, size);
		record_of(str_view(&text), &record);
		assert_in_range(record.n, 65, GRAMS_MAX);
		for (int i = 0; i < 200; i++) {
			struct view needle = { text.p + any((uint32_t)text.n -
			    2), 0 };

			needle.n = 1 + any((uint32_t)(text.p + text.n -
			    needle.p));
			assert_true(grams_may_have(str_view(&record),
			    grams_needle(needle, &a)));
		}
		str_free(&text);
		str_free(&record);
		arena_reset(&a);
	}
}

/* Of 2,000 short mails, how many must be opened for a word that none has? */
static void
test_others_are(void **state)
{
	const struct grams_needle *n;
	struct arena a;
	unsigned opened = 0;

	(void)state;
	arena_init(&a);
	n = grams_needle(VIEW_LIT("Needle 0815"), &a);
	for (int i = 0; i < 2000; i++) {
		struct str text = { 0 }, record = { 0 };

		add_words(&text, 3000);
		record_of(str_view(&text), &record);
		opened += grams_may_have(str_view(&record), n);
		str_free(&text);
		str_free(&record);
	}
	assert_in_range(opened, 0, 20);
	arena_reset(&a);
}

static void
test_what_tells_nothing(void **state)
{
	struct grams g = { 0 };
	struct str record = { 0 };
	const struct grams_needle *n;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_null(grams_needle(VIEW_LIT("ab"), &a));
	n = grams_needle(VIEW_LIT("abc"), &a);
	grams_put(&record, &g);
	assert_false(grams_may_have(str_view(&record), n));
	assert_true(grams_may_have(str_view(&record), NULL));
	assert_true(grams_may_have(VIEW_NONE, n));
	record.n--;
	assert_true(grams_may_have(str_view(&record), n));
	record.p[0] = 20;
	assert_true(grams_may_have(str_view(&record), n));
	str_free(&record);
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_passed_over),
		cmocka_unit_test(test_others_are),
		cmocka_unit_test(test_what_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
