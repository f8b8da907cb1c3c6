/* SPDX-License-Identifier: ISC */
/*
 * imapd_progress - what a client hears while a command takes long
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "imapd/progress.h"

/* What is said of so much when the time has come. */
static void
expect(struct imap *im, size_t total, size_t done, const char *said)
{
	struct progress p;

	progress_begin(&p, im, total);
	assert_true(progress_at(&p, done));
	assert_int_equal(im->out.n, 0);		/* not yet */
	p.next = 0;
	assert_true(progress_at(&p, done));
	assert_string_equal(str_c(&im->out), said);
	assert_true(progress_at(&p, done));	/* nor again at once */
	assert_string_equal(str_c(&im->out), said);
	str_free(&im->out);
}

static void
told_in_numbers(void **state UNUSED)
{
	struct imap im = { .tag = VIEW_LIT("a7") };

	expect(&im, 1000, 175,
	    "* OK [INPROGRESS (\"a7\" 175 1000)] Still at it\r\n");
	expect(&im, 0, 3, "* OK [INPROGRESS (\"a7\" 3 NIL)] Still at it\r\n");
}

/* Numbers of one of several mailboxes would run backwards. */
static void
of_many_mailboxes(void **state UNUSED)
{
	struct box *box = (struct box *)&box;
	struct imap im = { .tag = VIEW_LIT("a8"), .look = box };

	expect(&im, 10, 5,
	    "* OK [INPROGRESS (\"a8\" NIL NIL)] Still at it\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(told_in_numbers),
		cmocka_unit_test(of_many_mailboxes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
