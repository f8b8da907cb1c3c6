/* SPDX-License-Identifier: ISC */
/*
 * mail_access - lines of the access file
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/access.h"

/* "what form text, ... -> action line status text [key];" of each rule,
 * "line:column sentence;" of each complaint. */
static struct str said;

static bool
rule(void *arg UNUSED, const struct access_rule *r, struct view line UNUSED)
{
	struct str key = { 0 };

	for (size_t i = 0; i < r->n; i++)
		str_addf(&said, "%s%s%c%c%.*s", i > 0 ? " " : "",
		    r->condition[i].not ? "!" : "",
		    (char)r->condition[i].what, (char)r->condition[i].form,
		    VIEW(r->condition[i].text));
	str_addf(&said, " -> %c%u", (char)r->action, r->line);
	if (r->status.n > 0)
		str_addf(&said, " (%.*s)", VIEW(r->status));
	if (r->text.n > 0)
		str_addf(&said, " %.*s", VIEW(r->text));
	if (!access_key(r, &key))
		str_adds(&said, " pattern");
	str_addc(&said, ';');
	str_free(&key);
	return true;
}

static void
complain(void *arg UNUSED, size_t line, size_t column, const char *sentence)
{
	str_addf(&said, "%zu:%zu %s;", line, column, sentence);
}

static const struct access_sink sink = { rule, complain, NULL };

/* A complaint is given by its beginning. */
static const struct {
	const char *text, *says;
} cases[] = {
	{ "", "" },
	{ "# nothing\n \n\t# here", "" },
	{ "client 192.0.2.1 refuse", "cn192.0.2.1 -> r1;" },
	{ "client 2001:DB8:0::1 refuse", "cn2001:db8::1 -> r1;" },
	{ "client 192.0.2.0/24 refuse", "ci192.0.2.0/24 -> r1 pattern;" },
	{ "client local allow", "cn -> a1;" },
	{ "client * defer \"Not now\" # ever", "c* -> d1 Not now;" },
	{ "helo Friend. refuse", "hnfriend -> r1;" },
	{ "helo .Dyn.Example refuse", "hbdyn.example -> r1;" },
	{ "helo [192.0.2.1] refuse", "hn[192.0.2.1] -> r1;" },
	{ "sender Me@Spam.Example refuse \"5.7.0 Go \\\"away\\\"\"",
	    "snme@spam.example -> r1 (7.0) Go \"away\";" },
	{ "sender @B\xc3\xbc" "cher.example hold",
	    "sdxn--bcher-kva.example -> h1;" },
	{ "sender @.spam.example discard", "sbspam.example -> x1;" },
	{ "sender <> refuse", "sn -> r1;" },
	{ "sender news@ allow", "sunews -> a1;" },
	{ "recipient old@example.org moved New@example.com",
	    "rnold@example.org -> m1 New@example.com;" },
	{ "recipient * bcc a@b.example, c@d.example",
	    "r* -> b1 a@b.example c@d.example;" },
	{ "login anna@example.org refuse", "lnanna@example.org -> r1;" },
	{ "sender @example.org not login * refuse \"Log in first\"",
	    "sdexample.org !l* -> r1 Log in first pattern;" },
	{ "sender /^a b\\/c$/ recipient x@y.example refuse",
	    "se^a b\\/c$ rnx@y.example -> r1 pattern;" },
	/* a status of another class is part of the sentence */
	{ "sender <> refuse \"4.7.1 x\"", "sn -> r1 4.7.1 x;" },
	{ "sender <> defer \"4.2.1 x\"", "sn -> d1 (2.1) x;" },
	{ "sender <> refuse \"5.7.1\"", "sn -> r1 5.7.1;" },
	{ "sender <> refuse \"5.7.1234 x\"", "sn -> r1 5.7.1234 x;" },

	{ "refuse", "1:1 A condition begins with client, helo" },
	{ "sender refuse", "1:8 \"refuse\" is neither an address" },
	{ "sender", "1:7 sender wants a pattern" },
	{ "sender @x.example", "1:18 Behind the conditions comes allow" },
	{ "sender @x.example reject", "1:19 Behind the conditions comes" },
	{ "not refuse", "1:5 A condition begins with" },
	{ "client x.example refuse", "1:8 client wants an IP address" },
	{ "client 192.0.2.1/24 refuse", "1:8 client wants an IP address" },
	{ "helo a,b refuse", "1:6 \"a,b\" is no name" },
	{ "sender @a..b refuse", "1:9 \"a..b\" is no name" },
	{ "sender a@@b refuse", "1:8 \"a@@b\" is no address" },
	{ "sender /abc refuse", "1:8 The expression must stand" },
	{ "sender // refuse", "1:8 The expression must stand" },
	{ "sender <> refuse x", "1:18 The sentence must stand in double" },
	{ "sender <> refuse \"x\" y", "1:21 Nothing can follow" },
	{ "sender <> allow x", "1:17 Nothing can follow here" },
	{ "sender <> moved a@b.example", "1:17 Only a recipient" },
	{ "recipient a@b.example moved", "1:28 An address must follow" },
	{ "recipient a@b.example moved x y", "1:31 At most 1" },
	{ "recipient a@b.example bcc a@@b", "1:27 \"a@@b\" is no address" },
	{ "recipient <> refuse", "1:11 \"<>\" is neither" },
};

static void
test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		const char *says = cases[i].says;
		bool same;

		str_reset(&said);
		assert_true(access_read(view_of(cases[i].text), &sink));
		same = says[0] != '\0' && says[0] < 'A' ?
		    view_starts(str_view(&said), view_of(says)) :
		    strcmp(str_c(&said), says) == 0;
		if (!same)
			fail_msg("\"%s\" is\n%s, not\n%s", cases[i].text,
			    str_c(&said), says);
	}
	str_free(&said);
}

static void
test_limits(void **state UNUSED)
{
	struct str text = { 0 };

	for (int i = 0; i <= ACCESS_CONDITIONS_MAX; i++)
		str_adds(&text, "sender <> ");
	str_adds(&text, "refuse\n");
	str_adds(&text, "sender <> refuse \"");
	for (int i = 0; i <= ACCESS_SENTENCE_MAX; i++)
		str_addc(&text, 'x');
	str_adds(&text, "\"\n# ");
	for (int i = 0; i <= ACCESS_LINE_MAX; i++)
		str_addc(&text, 'x');
	str_adds(&text, "\nsender <> refuse # ");
	for (int i = 0; i <= ACCESS_LINE_MAX; i++)
		str_addc(&text, 'x');
	str_reset(&said);
	access_read(str_view(&text), &sink);
	assert_non_null(strstr(str_c(&said), "1:81 A line has at most 8"));
	assert_non_null(strstr(str_c(&said), "2:18 The sentence must have"));
	assert_non_null(strstr(str_c(&said), "4:1 The line has more than"));
	assert_null(strstr(str_c(&said), "->"));
	str_free(&text);
	str_free(&said);
}

static void
test_octets(void **state UNUSED)
{
	static const char *const wrong[] = { "", "q1  x", "r", "rx  y" };
	struct access_rule r;

	for (size_t i = 0; i < nitems(wrong); i++)
		assert_false(access_parse(view_of(wrong[i]), &r));
	assert_true(access_parse(view_of("r12 7.1 Go away"), &r));
	assert_int_equal(r.line, 12);
	assert_true(view_is(r.status, "7.1"));
	assert_true(view_is(r.text, "Go away"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
