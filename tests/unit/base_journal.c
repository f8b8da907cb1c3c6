/* SPDX-License-Identifier: ISC */
/*
 * base_journal - which fields lines of the log give
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/journal.h"

#define ID "0006610B6F0A1C2D"

static const struct {
	const char *line, *fields;
} lines[] = {
	{ "", "" },
	{ "starting", "" },
	{ ID ": client=mx.a.test[192.0.2.1], sasl_username=anna@b.test, "
	  "message-id=<x@a.test>",
	    "QUEUE_ID=" ID "\nCLIENT=mx.a.test[192.0.2.1]\n"
	    "CLIENT_IP=192.0.2.1\nLOGIN=anna@b.test\n"
	    "HEADER_MESSAGE_ID=x@a.test\n" },
	{ ID ": from=<a@b.test>, size=12, nrcpt=1 (queue active)",
	    "QUEUE_ID=" ID "\nSENDER=a@b.test\nSIZE=12\nNRCPT=1\n" },
	/* what another server says gives none */
	{ ID ": to=<c@d.test>, relay=mx.d.test[2001:db8::1]:25, delay=0.5, "
	  "dsn=5.1.1, status=bounced (host said: to=<x> status=sent)",
	    "QUEUE_ID=" ID "\nRCPT=c@d.test\n"
	    "RELAY=mx.d.test[2001:db8::1]:25\nDELAY=0.5\nDSN=5.1.1\n"
	    "STATUS=bounced\n" },
	{ "NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 550 5.1.1 "
	  "<x@b.test>: no such user; from=<y@z.test> to=<x@b.test> proto=ESMTP "
	  "helo=<[192.0.2.200]>",
	    "QUEUE_ID=NOQUEUE\nSENDER=y@z.test\nRCPT=x@b.test\nPROTO=ESMTP\n"
	    "CLIENT_IP=192.0.2.9\nSTATUS=reject\nREASON_CODE=550 5.1.1\n" },
	{ "connect from unknown[192.0.2.9]", "CLIENT_IP=192.0.2.9\n" },
	{ "imap-login: Login: user=<anna>, method=PLAIN, rip=192.0.2.3, "
	  "lip=192.0.2.4, TLS",
	    "LOGIN=anna\nCLIENT_IP=192.0.2.3\n" },
	/* the first counts */
	{ ID ": from=<a@b.test>, from=<c@d.test>",
	    "QUEUE_ID=" ID "\nSENDER=a@b.test\n" },
	{ "x: to=<", "RCPT=\n" },
	{ "x from [", "" },
	{ "x from [a b]", "" },
};

static void
test_fields(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(lines); i++) {
		struct str out = { 0 }, wanted = { 0 };

		str_addf(&wanted, "MESSAGE=%s\nPRIORITY=6\nSYSLOG_FACILITY=2\n"
		    "SYSLOG_IDENTIFIER=posthouse/smtpd\nSYSLOG_PID=7\n%s",
		    lines[i].line, lines[i].fields);
		journal_entry(&out, "posthouse/smtpd", 7, 6,
		    view_of(lines[i].line));
		assert_string_equal(out.p, wanted.p);
		str_free(&out);
		str_free(&wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
