/* SPDX-License-Identifier: ISC */
/*
 * local_outside - what the program deliver may say (local/outside.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/str.h"
#include "lib/proc/message.h"
#include "local/outside.h"

#define NOTHING	"4 3.0 the program deliver ended without an answer"

static void
test_answers(void **state UNUSED)
{
	static const struct {
		const char *said, *why;
	} cases[] = {
		{ "2 0.0 delivered\n", "2 0.0 delivered" },
		{ "4 3.5 try again later", "4 3.5 try again later" },
		{ "5 1.1 no such user\n", "5 1.1 no such user" },
		{ "5 1.100 a  b\n", "5 1.100 a  b" },
		{ "", NOTHING },
		{ "\n", NOTHING },
		{ "2\n", NOTHING },
		{ "2 0.0\n", NOTHING },
		{ "2 0.0 \n", NOTHING },
		{ "3 0.0 x\n", NOTHING },
		{ "25 0.0 x\n", NOTHING },
		{ "2 00.0 x\n", NOTHING },
		{ "2 0 x\n", NOTHING },
		{ "2 0. x\n", NOTHING },
		{ "2 x\n", NOTHING },
		{ "2  x\n", NOTHING },
		{ "2 0.0 x\n2 0.0 y\n", NOTHING },
	};
	struct str said = { 0 };
	struct why w;

	for (size_t i = 0; i < nitems(cases); i++) {
		outside_read(view_of(cases[i].said), &w);
		str_reset(&said);
		str_addf(&said, "%u %s %s", (unsigned)w.verdict, w.status,
		    w.text);
		assert_string_equal(str_c(&said), cases[i].why);
	}
	str_free(&said);
}

static void
test_forwarded(void **state UNUSED)
{
	static const struct {
		const char *said;
		size_t n;
		const char *targets;
	} cases[] = {
		{ "3 0.0 x\n\\\0|cat\0", 15, "deliver,~bob \\,b@x,"
		    "deliver,~bob |cat,b@x," },
		{ "3 0.0 x\n\\\0|cat", 14, "" },
		{ "3 0.0 x\n", 8, "" },
		{ "2 0.0 x\n\\\0", 10, "" },
		{ "", 0, "" },
	};
	struct str targets = { 0 }, text = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		struct view list, part;

		str_reset(&targets);
		str_reset(&text);
		assert_int_equal(outside_forwarded(view_bytes(cases[i].said,
		    cases[i].n), VIEW_LIT("bob"), VIEW_LIT("b@x"), &targets),
		    cases[i].targets[0] != '\0');
		list = str_view(&targets);
		while (list_next(&list, &part))
			str_addf(&text, "%.*s,", VIEW(part));
		assert_string_equal(str_c(&text), cases[i].targets);
	}
	str_free(&targets);
	str_free(&text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
