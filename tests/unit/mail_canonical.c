/* SPDX-License-Identifier: ISC */
/*
 * mail_canonical - rows of tables of other names: which are right, and what they
 * mean
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/canonical.h"

static const struct {
	const char *key, *value;
	bool fine;
} rows[] = {
	{ "a@b.test", "c@d.test", true },
	{ "a", "c@d.test", true },
	{ "@b.test", "@d.test", true },
	{ "a+x@b.test", "@d\xc3\xbc.test", true },
	{ "\xc3\xbc@b.test", "u@d.test", true },
	{ "a@b\xc3\xbc.test", "c@d.test", false },
	{ "a@", "c@d.test", false },
	{ "@", "c@d.test", false },
	{ "\"a\"@b.test", "c@d.test", false },
	{ "a@[192.0.2.1]", "c@d.test", false },
	{ "a", "c", false },
	{ "a", "@", false },
	{ "a", "", false },
	{ "a", "c@d_e.test", false },
	{ "a", "c@[192.0.2.1]", false },
	{ "a", "c@d.test, e@f.test", false },
	{ "a", "<c@d.test>", false },
	{ "a", "\xc3\xbc@d.test", false },
};

static void
test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		const char *wrong = canonical_judge(view_of(rows[i].key),
		    view_of(rows[i].value));

		if ((wrong == NULL) != rows[i].fine)
			fail_msg("%s %s: %s", rows[i].key, rows[i].value,
			    wrong != NULL ? wrong : "fine");
	}
}

static void
test_values(void **state UNUSED)
{
	struct arena a = { 0 };
	struct address out;

	assert_true(canonical_value(VIEW_LIT("\"c d\"@D\xc3\xbc.Test"), &a,
	    &out));
	assert_true(view_is(out.local, "c d"));
	assert_true(view_is(out.domain, "xn--d-eha.test"));
	assert_true(canonical_value(VIEW_LIT("@d.test"), &a, &out));
	assert_true(out.local.n == 0 && view_is(out.domain, "d.test"));
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
