/* SPDX-License-Identifier: ISC */
/*
 * queue_share - turns of commands and files (queue/share.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/share.h"

static struct lines lines;

static struct share *
take(const char *destination, uint64_t mail)
{
	return share_take(view_of(destination), 2,
	    (struct waiting){ mail, 0 }, level_of(0, true));
}

static void
test_limits(void **state UNUSED)
{
	struct share *a = take("|a", 1), *a2 = take("|a", 2);
	struct share *b = take("|b", 3);

	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_equal(a, a2);
	assert_ptr_not_equal(a, b);
	assert_null(take("|a", 4));
	assert_null(take("|a", 5));
	assert_int_equal(lines.n, 0);
	share_give(&b, &lines);		/* nobody waits there */
	assert_int_equal(lines.n, 0);
	share_give(&a, &lines);
	assert_null(a);
	assert_int_equal(lines.n, 1);
	assert_int_equal(lines_take(&lines).mail, 4);
	a = take("|a", 4);
	assert_non_null(a);
	share_give(&a, &lines);
	assert_int_equal(lines_take(&lines).mail, 5);
	share_give(&a2, &lines);
	assert_int_equal(lines.n, 0);
	assert_false(share_wake(&lines));
}

/* The one that came back was deleted: the next comes all the same. */
static void
test_vanished(void **state UNUSED)
{
	struct share *a = take("|a", 1), *a2 = take("|a", 2);

	for (uint64_t mail = 3; mail < 6; mail++)
		assert_null(take("|a", mail));
	assert_false(share_wake(&lines));	/* two are under way */
	share_give(&a, &lines);
	share_give(&a2, &lines);
	assert_int_equal(lines_take(&lines).mail, 3);
	assert_int_equal(lines_take(&lines).mail, 4);
	assert_true(share_wake(&lines));
	assert_int_equal(lines_take(&lines).mail, 5);
	assert_false(share_wake(&lines));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_vanished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
