/* SPDX-License-Identifier: ISC */
/*
 * smtp_reply - replies put together, what they come to, what EHLO offers
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/features.h"
#include "smtp/outcome.h"

/* Read a text with LF for line ends; the end of its last line. */
static enum response_end
read_text(struct response *r, const char *text)
{
	struct view in = view_of(text);
	enum response_end e = RESPONSE_LOST;

	response_reset(r);
	while (in.n > 0 && e == RESPONSE_LOST)
		e = response_add(r, view_cut(&in, '\n'));
	return e;
}

static void
test_replies(void **state)
{
	static const struct {
		const char *text;
		enum response_end end;
		unsigned code;
		const char *status;
	} cases[] = {
		{ "250 2.1.0 Ok\n", RESPONSE_COMPLETE, 250, "1.0" },
		{ "250\n", RESPONSE_COMPLETE, 250, "" },
		{ "250-a\n250 b\n", RESPONSE_COMPLETE, 250, "" },
		{ "550-5.1.1 a\n550 5.1.2 b\n", RESPONSE_COMPLETE, 550, "1.1" },
		{ "550-a\n550 5.1.2 b\n", RESPONSE_COMPLETE, 550, "1.2" },
		/* a status of another class is none (RFC 2034 4) */
		{ "550 4.1.1 a\n", RESPONSE_COMPLETE, 550, "" },
		{ "250-a\n251 b\n", RESPONSE_JUNK, 0, NULL },
		{ "250-a\n", RESPONSE_LOST, 0, NULL },
		{ "hello\n", RESPONSE_JUNK, 0, NULL },
		{ "\n", RESPONSE_JUNK, 0, NULL },
		{ "199 a\n", RESPONSE_JUNK, 0, NULL },
		{ "600 a\n", RESPONSE_JUNK, 0, NULL },
		{ "2500\n", RESPONSE_JUNK, 0, NULL },
	};
	struct response r = { 0 };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(read_text(&r, cases[i].text), cases[i].end);
		if (cases[i].status == NULL)
			continue;
		assert_int_equal(r.code, cases[i].code);
		assert_string_equal(r.status, cases[i].status);
	}
	response_free(&r);
}

static void
test_reply_is_bounded(void **state)
{
	struct response r = { 0 };
	char line[1004] = "250-";
	size_t n = 0;

	(void)state;
	memset(line + 4, 'x', 1000);
	while (response_add(&r, view_bytes(line, sizeof(line))) ==
	    RESPONSE_LOST)
		n++;
	assert_true(n > 90 && r.text.n <= RESPONSE_MOST);
	response_free(&r);
}

static void
test_outcomes(void **state)
{
	static const struct {
		const char *reply;
		enum phase phase;
		enum verdict verdict;
		const char *status, *sentence;
	} cases[] = {
		{ "550 5.1.1 No such user\n", PHASE_RCPT, VERDICT_NEVER, "1.1",
		    "host mx.example.org[192.0.2.1] said: 550 5.1.1 No such "
		    "user (in reply to RCPT TO command)" },
		{ "450 Busy\n", PHASE_MAIL, VERDICT_LATER, "1.0",
		    "host mx.example.org[192.0.2.1] said: 450 Busy (in reply "
		    "to MAIL FROM command)" },
		{ "552-5.3.4 Too\n552 5.3.4 big\n", PHASE_END, VERDICT_NEVER,
		    "3.4", "host mx.example.org[192.0.2.1] said: 552-5.3.4 "
		    "Too 552 5.3.4 big (in reply to end of DATA command)" },
		{ "554 Away\n", PHASE_GREETING, VERDICT_NEVER, "3.2",
		    "host mx.example.org[192.0.2.1] refused to talk to me: "
		    "554 Away" },
		/* neither yes nor no */
		{ "354 Go\n", PHASE_RCPT, VERDICT_LATER, "1.0",
		    "host mx.example.org[192.0.2.1] said: 354 Go (in reply to "
		    "RCPT TO command)" },
	};
	struct arena a = { 0 };
	struct outcome o = { .arena = &a, .relay = VIEW_NONE };
	struct response r = { 0 };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		read_text(&r, cases[i].reply);
		assert_false(outcome_said(&o, "mx.example.org[192.0.2.1]",
		    cases[i].phase, &r));
		assert_int_equal(o.verdict, cases[i].verdict);
		assert_string_equal(o.status, cases[i].status);
		assert_string_equal(o.sentence.p, cases[i].sentence);
	}
	response_free(&r);
	arena_reset(&a);
}

static void
test_what_tells_more(void **state)
{
	struct arena a = { 0 };
	struct outcome none = { .arena = &a }, lost = none, said = none;
	struct response r = { 0 };

	(void)state;
	outcome_later(&none, "4.1", "connect to mx: Connection refused");
	outcome_lost(&lost, "mx", PHASE_MAIL);
	read_text(&r, "450 4.7.1 Later\n");
	outcome_said(&said, "mx", PHASE_MAIL, &r);
	assert_true(outcome_tells_more(&lost, &none));
	assert_true(outcome_tells_more(&said, &lost));
	assert_false(outcome_tells_more(&none, &lost));
	assert_false(outcome_tells_more(&said, &said));
	response_free(&r);
	arena_reset(&a);
}

static void
offers(struct features *f, struct arena *a, const char *text)
{
	struct response r = { 0 };

	assert_int_equal(read_text(&r, text), RESPONSE_COMPLETE);
	features_read(&r, a, f);
	response_free(&r);
}

static void
test_features(void **state)
{
	struct arena a = { 0 };
	struct features f;

	(void)state;
	offers(&f, &a, "250-pipelining 8BITMIME\n250-SIZE 1000\n"
	    "250-pipelining\n250-AUTH=LOGIN\n250-AUTH PLAIN LOGIN\n"
	    "250-LIMITS RCPTMAX=5 NEW=1 MAILMAX=x\n250-CHUNKING\n"
	    "250-BINARYMIME\n250 DELIVERBY 60\n");
	assert_int_equal(f.bits, FEATURE_SIZE | FEATURE_PIPELINING |
	    FEATURE_AUTH | FEATURE_LIMITS | FEATURE_CHUNKING |
	    FEATURE_BINARYMIME | FEATURE_DELIVERBY);
	assert_int_equal(f.size, 1000);
	assert_int_equal(f.recipients_most, 5);
	assert_int_equal(f.mails_most, 0);
	assert_int_equal(f.by_least, 60);
	assert_string_equal(f.auth.p, "LOGIN");
	/* BINARYMIME is nothing without CHUNKING; a size that is none */
	offers(&f, &a, "250-x\n250-SIZE 1k\n250 BINARYMIME\n");
	assert_int_equal(f.bits, FEATURE_SIZE);
	assert_int_equal(f.size, 0);
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_reply_is_bounded),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_what_tells_more),
		cmocka_unit_test(test_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
