/* SPDX-License-Identifier: ISC */
/*
 * mail_surrogate - internationalized headers in ASCII (RFC 6858)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/surrogate.h"

#define UE "\xc3\xbc"

static const struct {
	const char *header, *ascii;	/* NULL: not needed */
} headers[] = {
	{ "From: a@b\r\nSubject: x\r\n\r\n", NULL },
	{ "Subject: gr\xfc\xdf\r\n\r\n", NULL },	/* latin-1, only wrong */
	{ "", NULL },
	{ "Subject: gr" UE "n\r\nTo: x@y\r\n\r\n",
	    "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\nTo: x@y\r\n\r\n" },
	{ "From: J" UE "rg <j@x.test>\r\n\r\n",
	    "From: =?UTF-8?Q?J=C3=BCrg?= <j@x.test>\r\n\r\n" },
	{ "From: J" UE "rg <j" UE "@x.test>\r\n",
	    "From: =?UTF-8?Q?J=C3=BCrg_j=C3=BC=40x=2Etest?=\r\n"
	    " <invalid@internationalized-address.invalid>\r\n" },
	{ "To: a@b.test, " UE "@x.test,\r\n \"c d\"@e.test\r\n\r\n",
	    "To: <a@b.test>, =?UTF-8?Q?=C3=BC=40x=2Etest?=\r\n"
	    " <invalid@internationalized-address.invalid>,"
	    " <\"c d\"@e.test>\r\n\r\n" },
	{ "Cc: Gr" UE "ppe: a@b.test, c@d.test;, e@f.test\r\n\r\n",
	    "Cc: =?UTF-8?Q?Gr=C3=BCppe?=: <a@b.test>, <c@d.test>;, "
	    "<e@f.test>\r\n\r\n" },
	{ "Content-Type: text/plain; charset=utf-8; name=\"" UE ";x\"; a=b"
	    "\r\n\r\n",
	    "Content-Type: text/plain; charset=utf-8; a=b\r\n\r\n" },
	{ "X-Note: " UE "\r\nReceived: ok\r\n\r\n", "Received: ok\r\n\r\n" },
	{ UE ": x\r\nA: b\r\n\r\n", "A: b\r\n\r\n" },
};

static void
test_headers(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(headers); i++) {
		struct view header = view_of(headers[i].header);
		struct str out = { 0 };

		print_message("%s\n", headers[i].header);
		assert_int_equal(surrogate_needed(header),
		    headers[i].ascii != NULL);
		if (headers[i].ascii == NULL)
			continue;
		surrogate_header(&out, header);
		if (strcasecmp(str_c(&out), headers[i].ascii) != 0)
			fail_msg("%s", str_c(&out));
		str_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
