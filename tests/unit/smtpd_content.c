/* SPDX-License-Identifier: ISC */
/*
 * smtpd_content - where a mail ends, and what it may hold
 *
 * Every known way to smuggle an end of data, cut at every place; the same
 * octets by BDAT, where nothing but the count ends a mail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "smtpd/content.h"

/* What some server has taken for the end of a mail, and is not. */
static const struct view ends[] = {
	VIEW_LIT("\n.\n"), VIEW_LIT("\n.\r\n"), VIEW_LIT("\n.\r"),
	VIEW_LIT("\r.\r"), VIEW_LIT("\r.\r\n"), VIEW_LIT("\r.\n"),
	VIEW_LIT("\r\n.\n"), VIEW_LIT("\r\n.\r"), VIEW_LIT("\r\r\n.\r\r\n"),
	VIEW_LIT("\r\n\0.\r\n"), VIEW_LIT("\r\n.\0\r\n"),
	VIEW_LIT("\r\n.\r\0\n"), VIEW_LIT("\r\0\n.\r\n"),
	VIEW_LIT("\0\r\n.\n"), VIEW_LIT("\n\n.\n\n"), VIEW_LIT("\n\r.\n\r"),
};

/* All octets in pieces cut at this place; false if refused. out has what was
 * written. */
static bool
take(enum content_form form, struct view in, size_t cut, struct str *out)
{
	struct view part[2] = { { in.p, cut }, view_skip(in, cut) };
	struct content c;
	struct why w;
	bool ok;

	content_begin(&c, 1 << 20, form);
	c.fd = memfd_create("content", 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(content_take(&c, part[i]), part[i].n);
	if (form != CONTENT_DOTS)
		content_last(&c);
	assert_true(c.unstuff.done ||
	    (form != CONTENT_DOTS && c.why != NULL));
	ok = content_end(&c, &w);
	if (!ok)
		assert_string_equal(w.status, "6.0");
	str_reset(out);
	lseek(c.fd, 0, SEEK_SET);
	assert_true(file_read_fd(c.fd, 1 << 20, out));
	if (!ok)
		assert_int_equal(out->n, 0);
	close(c.fd);
	content_free(&c);
	return ok;
}

/* None of them ends the mail, and all make it be refused at its real end. */
static void
test_smuggling(void **unused)
{
	struct str in = { 0 }, out = { 0 };

	(void)unused;
	for (size_t i = 0; i < nitems(ends); i++) {
		str_reset(&in);
		str_adds(&in, "Subject: x\r\n\r\none");
		str_add(&in, ends[i]);
		str_adds(&in, "MAIL FROM:<smuggled@b.test>\r\n.\r\n");
		for (size_t cut = 0; cut <= in.n; cut++)
			assert_false(take(CONTENT_DOTS, str_view(&in), cut,
			    &out));
		in.n -= 3;
		for (size_t cut = 0; cut <= in.n; cut++)
			assert_false(take(CONTENT_LINES, str_view(&in), cut,
			    &out));
	}
	str_free(&in);
	str_free(&out);
}

/* Octet by octet, too: the end is seen with its last one and not before. */
static void
test_end(void **unused)
{
	static const char in[] = "a\r\n..\r\n.b\r\n\r\n.\r\n";
	struct content c;

	(void)unused;
	content_begin(&c, 1 << 20, CONTENT_DOTS);
	for (size_t i = 0; i < sizeof(in) - 1; i++) {
		assert_false(c.unstuff.done);
		assert_int_equal(content_take(&c,
		    (struct view){ in + i, 1 }), 1);
	}
	assert_true(c.unstuff.done);
	assert_true(view_is(str_view(&c.body), "a\r\n.\r\nb\r\n\r\n"));
	content_free(&c);
}

static void
test_lines(void **unused)
{
	static const struct {
		const char *in, *out;	/* NULL: refused */
	} cases[] = {
		{ "", "" },
		{ "S: x\r\n\r\n.\r\n..\r\n", "S: x\r\n\r\n.\r\n..\r\n" },
		{ "S: x\r\n\r\nopen", "S: x\r\n\r\nopen\r\n" },
		{ "S: x\r\n\r\nopen\r", NULL },
		{ "S: x\r\n\r\nopen\n", NULL },
		{ "S: x", "S: x\r\n" },
		{ "\r", NULL },
	};
	struct str out = { 0 };

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t cut = 0; cut <= strlen(cases[i].in); cut++) {
			bool ok = take(CONTENT_LINES, view_of(cases[i].in),
			    cut, &out);

			assert_int_equal(ok, cases[i].out != NULL);
			if (ok)
				assert_string_equal(str_c(&out),
				    cases[i].out);
		}
	str_free(&out);
}

/* The header is lines, what follows is kept to the octet. */
static void
test_binary(void **unused)
{
	static const char good[] =
	    "A: b\r\n\r\n\0\1\r\r\n.\r\n\n\xff no end\r";
	static const char bad[] = "A: b\nC: d\r\n\r\nbody";
	struct str out = { 0 };

	(void)unused;
	for (size_t cut = 0; cut < sizeof(good); cut++) {
		assert_true(take(CONTENT_BINARY,
		    view_bytes(good, sizeof(good) - 1), cut, &out));
		assert_int_equal(out.n, sizeof(good) - 1);
		assert_memory_equal(out.p, good, out.n);
	}
	for (size_t cut = 0; cut < sizeof(bad); cut++)
		assert_false(take(CONTENT_BINARY,
		    view_bytes(bad, sizeof(bad) - 1), cut, &out));
	str_free(&out);
}

/* What the header tells of the mail, in any pieces. */
static void
test_header(void **unused)
{
	static const struct {
		const char *in;
		bool tls_no, header_eight;
	} cases[] = {
		{ "TLS-Required: No\r\n\r\n\xc3\xa4\r\n", true, false },
		{ "tls-required:no \r\n\r\n", true, false },
		{ "TLS-Required: Now\r\n\r\n", false, false },
		{ "TLS-Required: Yes\r\n\r\n", false, false },
		{ "X-TLS-Required: No\r\n\r\n", false, false },
		{ "A: b\r\n\r\nTLS-Required: No\r\n", false, false },
		{ "S: \xc3\xa4\r\n\r\nx\r\n", false, true },
		{ "S: x\r\n\r\n\xc3\xa4\r\n", false, false },
	};

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t cut = 0; cut <= strlen(cases[i].in); cut++) {
			struct view in = view_of(cases[i].in);
			struct content c;

			content_begin(&c, 1 << 20, CONTENT_LINES);
			content_take(&c, (struct view){ in.p, cut });
			content_take(&c, view_skip(in, cut));
			content_last(&c);
			assert_int_equal(c.tls_no, cases[i].tls_no);
			assert_int_equal(c.header_eight,
			    cases[i].header_eight);
			content_free(&c);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
