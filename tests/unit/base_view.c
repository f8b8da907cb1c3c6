/* SPDX-License-Identifier: ISC */
/*
 * base_view - counting, numbers in two bases, the hash that is kept on disk
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/view.h"

static void
test_count(void **state UNUSED)
{
	assert_int_equal(view_count(VIEW_NONE, 'x'), 0);
	assert_int_equal(view_count(VIEW_LIT("a,b,,"), ','), 3);
	assert_int_equal(view_count(view_bytes("\0a\0", 3), '\0'), 2);
}

static void
test_hex(void **state UNUSED)
{
	uint64_t n = 1;

	assert_true(view_hex(VIEW_LIT("0F"), 2, &n));
	assert_int_equal(n, 15);
	assert_true(view_hex16(VIEW_LIT("FEDCBA9876543210"), &n));
	assert_true(n == UINT64_C(0xFEDCBA9876543210));
	assert_false(view_hex(VIEW_LIT("0f"), 2, &n));
	assert_false(view_hex(VIEW_LIT("0F0"), 2, &n));
	assert_false(view_hex(VIEW_LIT("F"), 2, &n));
	assert_false(view_hex(VIEW_LIT("G0"), 2, &n));
	assert_false(view_hex16(VIEW_LIT("FEDCBA987654321"), &n));
}

/* The published values of FNV-1a. */
static void
test_hash(void **state UNUSED)
{
	assert_int_equal(view_hash(VIEW_HASH, VIEW_NONE), 0x811c9dc5);
	assert_int_equal(view_hash(VIEW_HASH, VIEW_LIT("a")), 0xe40c292c);
	assert_int_equal(view_hash(VIEW_HASH, VIEW_LIT("foobar")), 0xbf9cf968);
	assert_int_equal(
	    view_hash(view_hash(VIEW_HASH, VIEW_LIT("foo")), VIEW_LIT("bar")),
	    0xbf9cf968);
}

static void
test_decimal(void **state UNUSED)
{
	uint64_t n;

	assert_true(view_u64(VIEW_LIT("18446744073709551615"), UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_false(
	    view_u64(VIEW_LIT("18446744073709551616"), UINT64_MAX, &n));
	assert_false(view_u64(VIEW_LIT("11"), 10, &n));
	assert_false(view_u64(VIEW_NONE, 10, &n));
	assert_false(view_u64(VIEW_LIT("+1"), 10, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_decimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
