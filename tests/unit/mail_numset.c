/* SPDX-License-Identifier: ISC */
/*
 * mail_numset - sets of numbers (lib/mail/numset.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/numset.h"

static const struct {
	const char *in;
	uint32_t star;
	const char *out;	/* NULL: refused */
} cases[] = {
	{ "1", 9, "1" },
	{ "1:5,7,*", 9, "1:5,7,9" },
	{ "*", 9, "9" },
	{ "*:3", 9, "3:9" },
	{ "12:*", 9, "9:12" },
	{ "5:1", 9, "1:5" },
	{ "3,1,2", 9, "1:3" },
	{ "1:4,3:8,10", 9, "1:8,10" },
	{ "4294967295", 9, "4294967295" },
	{ "1:4294967295,7", 9, "1:4294967295" },
	{ "*", 0, "" },
	{ "*:*", 0, "" },
	{ "3:*", 0, "1:3" },
	{ "", 9, NULL },
	{ "0", 9, NULL },
	{ "01", 9, NULL },
	{ "1:0", 9, NULL },
	{ "1,", 9, NULL },
	{ ",1", 9, NULL },
	{ "1:", 9, NULL },
	{ ":1", 9, NULL },
	{ "1:2:3", 9, NULL },
	{ "1 ", 9, NULL },
	{ "-1", 9, NULL },
	{ "4294967296", 9, NULL },
	{ "99999999999999999999999", 9, NULL },
	{ "a", 9, NULL },
	{ "**", 9, NULL },
};

static void
write_ranges(const struct numset *s, struct str *out)
{
	for (size_t i = 0; i < s->n; i++) {
		str_addf(out, i ? ",%u" : "%u", s->ranges[i].first);
		if (s->ranges[i].last != s->ranges[i].first)
			str_addf(out, ":%u", s->ranges[i].last);
	}
}

static void
test_parse(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct arena a;
		struct numset s;
		struct str out = { 0 };

		arena_init(&a);
		assert_int_equal(numset_parse(view_of(cases[i].in),
		    cases[i].star, &a, &s), cases[i].out != NULL);
		if (cases[i].out != NULL) {
			write_ranges(&s, &out);
			assert_string_equal(str_c(&out), cases[i].out);
			assert_int_equal(s.star,
			    strchr(cases[i].in, '*') != NULL);
		}
		str_free(&out);
		arena_reset(&a);
	}
}

static void
test_ask(void **state UNUSED)
{
	struct arena a;
	struct numset s;
	struct numset_text t;
	struct str out = { 0 };
	uint32_t n;

	arena_init(&a);
	assert_true(numset_parse(view_of("10:12,3,100:*"), 101, &a, &s));
	assert_int_equal(numset_count(&s), 6);
	assert_int_equal(numset_first(&s), 3);
	assert_int_equal(numset_last(&s), 101);
	assert_true(numset_has(&s, 3) && numset_has(&s, 11) &&
	    numset_has(&s, 101));
	assert_false(numset_has(&s, 0) || numset_has(&s, 4) ||
	    numset_has(&s, 13) || numset_has(&s, 102));
	numset_begin(&t, &out);
	for (n = numset_next(&s, 1); n != 0; n = numset_next(&s, n + 1))
		numset_put(&t, n);
	numset_end(&t);
	assert_string_equal(str_c(&out), "3,10:12,100:101");
	str_reset(&out);
	numset_begin(&t, &out);
	numset_put(&t, UINT32_MAX - 1);
	numset_put(&t, UINT32_MAX);
	numset_put(&t, 5);
	numset_end(&t);
	assert_string_equal(str_c(&out), "4294967294:4294967295,5");
	str_free(&out);
	arena_reset(&a);
}

static void
test_bounds(void **state UNUSED)
{
	struct arena a;
	struct numset s;
	struct str text = { 0 };

	arena_init(&a);
	for (uint32_t i = 0; i < NUMSET_RANGES_MAX; i++)
		str_addf(&text, "%s%u", i ? "," : "", 4000000 - 2 * i);
	assert_true(numset_parse(str_view(&text), 1, &a, &s));
	assert_int_equal(s.n, NUMSET_RANGES_MAX);
	assert_int_equal(numset_last(&s), 4000000);
	str_adds(&text, ",1");
	assert_false(numset_parse(str_view(&text), 1, &a, &s));
	str_free(&text);
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
