/* SPDX-License-Identifier: ISC */
/*
 * mail_idn - U-labels as A-labels (lib/mail/idn.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/idn.h"

/* NULL: not allowed. */
static const struct {
	const char *domain, *ascii;
} cases[] = {
	{ "example.test", "example.test" },
	{ "EXAMPLE.Test", "example.test" },
	{ "", "" },
	{ "[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]" },
	{ "under_score.test", "under_score.test" },
	{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "B\xc3\xbc" "cher.Example", "xn--bcher-kva.example" },
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "fa\xc3\x9f.test", "xn--fa-hia.test" },
	{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
	    "xn--r8jz45g.xn--zckzah" },
	/* not in NFC, but the same */
	{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c" "cher.example", NULL },		/* a capital */
	{ "\xe2\x98\xba.test", NULL },			/* a smile */
	{ "a\xe2\x80\x8b" "b.test", NULL },		/* no width */
	{ "a\xe2\x80\x8d" "b.test", NULL },		/* joiner, no context */
	{ "\xcc\x81" "a.test", NULL },			/* combining first */
	{ "a\xc2\xa0" "b.test", NULL },			/* a blank */
	{ "\xc3\xbc\xe3\x80\x82test", NULL },		/* another full stop */
	{ "\xd7\x90" "a.test", NULL },			/* both directions */
	{ "\xc3.test", NULL },				/* no UTF-8 */
};

static void
test_cases(void **state UNUSED)
{
	struct str out = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		bool allowed = idn_ascii(&out, view_of(cases[i].domain));

		if (allowed != (cases[i].ascii != NULL) ||
		    (allowed && !view_is(str_view(&out), cases[i].ascii)))
			fail_msg("%s: %s", cases[i].domain,
			    allowed ? str_c(&out) : "not allowed");
	}
	str_free(&out);
}

static void
test_long_ones(void **state UNUSED)
{
	struct str name = { 0 }, out = { 0 };

	while (name.n < 300)
		str_adds(&name, "\xc3\xbc");
	assert_false(idn_ascii(&out, str_view(&name)));
	while (name.n < 2 * IDN_MOST)
		str_adds(&name, "\xc3\xbc.");
	assert_false(idn_ascii(&out, str_view(&name)));
	str_free(&name);
	str_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
