/* SPDX-License-Identifier: ISC */
/*
 * mail_casemap - what is the same without case
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/casemap.h"
#include "lib/mail/utf8.h"

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "ABC xyz", "abc XYZ", true },
	{ "GRÜẞE", "grüße", true },
	{ "grüße", "gru\xcc\x88\xc3\x9f" "e", true },	/* u, diaeresis */
	{ "ΟΔΟΣ", "οδος", true },
	{ "ЖИЗНЬ", "жизнь", true },
	{ "ՀԱՅ", "հայ", true },
	{ "ＡＢＣ", "abc", true },
	{ "ﬁn", "FIN", true },
	{ "ÅNGSTRÖM", "\xe2\x84\xab" "ngström", true },	/* Angstrom sign */
	{ "가", "\xe1\x84\x80\xe1\x85\xa1", true },	/* Hangul, by letters */
	{ "ｶﾞ", "ガ", true },
	{ "日本", "日木", false },
	{ "a", "b", false },
	{ "ü", "u", false },
	{ "\xff" "A", "\xff" "a", true },
};

static void
test_pairs(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(pairs); i++) {
		struct str a = { 0 }, b = { 0 };

		casemap_fold(&a, view_of(pairs[i].a));
		casemap_fold(&b, view_of(pairs[i].b));
		if (view_eq(str_view(&a), str_view(&b)) != pairs[i].same)
			fail_msg("%s and %s: %s and %s", pairs[i].a, pairs[i].b,
			    str_c(&a), str_c(&b));
		str_free(&a);
		str_free(&b);
	}
}

/* What is folded stays as it is, for every character, and is not long. */
static void
test_all(void **state UNUSED)
{
	struct str one = { 0 }, folded = { 0 }, again = { 0 };

	for (uint32_t c = 1; c < 0x110000; c++) {
		str_reset(&one);
		str_reset(&folded);
		str_reset(&again);
		utf8_put(&one, c);
		casemap_fold(&folded, str_view(&one));
		casemap_fold(&again, str_view(&folded));
		assert_true(folded.n <= CASEMAP_MAX);
		if (!view_eq(str_view(&folded), str_view(&again)))
			fail_msg("U+%04X", c);
	}
	str_free(&one);
	str_free(&folded);
	str_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
