/* SPDX-License-Identifier: ISC */
/*
 * mail_subject - base subjects (RFC 5256 2.1)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/subject.h"

static const struct {
	const char *raw, *base;
	bool reply;
} subjects[] = {
	{ "", "", false },
	{ "hello", "hello", false },
	{ "  hello \t\r\n world  ", "hello world", false },
	{ "Re: hello", "hello", true },
	{ "RE : hello", "hello", true },
	{ "re:hello", "hello", true },
	{ "Fw: hello", "hello", true },
	{ "fwd: Re: FW: hello", "hello", true },
	{ "Re[2]: hello", "hello", true },
	{ "Re [list]: hello", "hello", true },
	{ "[list] Re: hello", "hello", true },
	{ "[a] [b] Re: [c] hello", "hello", true },
	{ "[list] hello", "hello", false },
	{ "[list]", "[list]", false },
	{ "Re: [list]", "[list]", true },
	{ "hello (fwd)", "hello", true },
	{ "hello (FWD) (fwd) ", "hello", true },
	{ "[fwd: hello]", "hello", true },
	{ "[Fwd: [fwd: Re: hello] (fwd)]", "hello", true },
	{ "[fwd: hello", "[fwd: hello", false },
	{ "Re", "Re", false },
	{ "Re:", "", true },
	{ "reply: x", "reply: x", false },
	{ "Regarding", "Regarding", false },
	{ "fwdx: y", "fwdx: y", false },
	{ "[a[b] Re: hello", "[a[b] Re: hello", false },
	{ "=?utf-8?q?Re=3A_gr=C3=BC=C3=9Fe?=", "gr\xc3\xbc\xc3\x9f" "e", true },
	{ "Re: =?iso-8859-1?q?=5Blist=5D?= hello", "hello", true },
};

static void
test_base(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(subjects); i++) {
		struct str out = { 0 };

		print_message("%s\n", subjects[i].raw);
		assert_int_equal(
		    subject_base(&out, view_of(subjects[i].raw)),
		    subjects[i].reply);
		assert_string_equal(str_c(&out), subjects[i].base);
		str_free(&out);
	}
}

/* Long runs of what comes off cost no more than their length allows. */
static void
test_long(void **state UNUSED)
{
	static const char *const parts[] = { "re:", "[x]", "[fwd:", "[x] re:",
		"(fwd)", "[" };

	for (size_t i = 0; i < nitems(parts); i++) {
		struct str raw = { 0 }, out = { 0 };

		while (raw.n < 200000)
			str_adds(&raw, parts[i]);
		subject_base(&out, str_view(&raw));
		assert_true(out.n <= raw.n);
		str_free(&raw);
		str_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
