/* SPDX-License-Identifier: ISC */
/*
 * router_access - rules and who they are about, as a table
 */
#include <stdio.h>

#include "lib/proc/message.h"
#include "router/access.h"
#include "router_site.h"

/* What the file has: keys and patterns, as router/files.c would keep them. */
static struct patterns patterns;
static struct row {
	struct str key, value;
} rows[64];
static size_t rows_n;

static bool
take(void *arg UNUSED, const struct access_rule *r, struct view line)
{
	struct str key = { 0 }, wrong = { 0 };

	if (access_key(r, &key)) {
		assert_true(rows_n < nitems(rows));
		rows[rows_n].key = key;
		access_write(r, &rows[rows_n++].value);
	} else {
		assert_true(patterns_add(&patterns, line, r->line, &wrong));
		str_free(&key);
	}
	return true;
}

static void
complain(void *arg UNUSED, size_t line, size_t column, const char *sentence)
{
	fail_msg("%zu:%zu: %s", line, column, sentence);
}

static enum kv_result
get_rule(void *arg UNUSED, struct view key, struct view *value)
{
	for (size_t i = 0; i < rows_n; i++)
		if (view_eq(key, str_view(&rows[i].key))) {
			*value = str_view(&rows[i].value);
			return KV_FOUND;
		}
	return KV_NONE;
}

static const char file[] =
    "client 192.0.2.9 allow\n"					    /* 1 */
    "client 192.0.2.0/24 refuse \"Not from there\"\n"		    /* 2 */
    "helo .dyn.example defer\n"					    /* 3 */
    "sender boss@one.test bcc archive@one.test\n"		    /* 4 */
    "sender @one.test not login * refuse \"5.7.0 Log in first\"\n" /* 5 */
    "sender /^[0-9]+@/ hold\n"					    /* 6 */
    "recipient old@one.test moved new@two.test\n"		    /* 7 */
    "recipient list@one.test sender <> discard\n"		    /* 8 */
    "recipient list@one.test hold\n"				    /* 9 */
    "sender @.spam.example refuse\n"				    /* 10 */
    "sender good@x.spam.example allow\n"			    /* 11 */
    "recipient abuse@ allow\n"					    /* 12 */
    "sender @evil.example refuse\n"				    /* 13 */
    "login bob@one.test recipient @rival.example refuse\n"	    /* 14 */
    "recipient * bcc journal@one.test\n"			    /* 15 */
    "client local sender root@one.test discard\n"		    /* 16 */
    "sender /(a+)+$/ refuse\n"					    /* 17 */
    "sender /(e+)+$/ helo z allow\n"				    /* 18 */
    "recipient /(q+)+$/ bcc slow@one.test\n"			    /* 19 */
    "sender @last.example refuse\n"				    /* 20 */
    "sender @not.example not sender /(i+)+$/ refuse\n";		    /* 21 */

/* Takes (X+)+$ more steps than it may have. */
#define EIGHT(x)  x x x x x x x x
#define LOCAL(x)  EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) "!"
#define SLOW(x)	  LOCAL(x) "@b.example"
#define WAITS(of) ": " of " address rejected: The rules cannot be decided; try " \
	"again later copies 15"

static const struct {
	const char *client, *helo, *login, *sender, *recipient, *says;
} cases[] = {
	{ "198.51.100.1", "x.example", "", "a@b.example", "c@one.test",
	    "0 copies 15" },
	/* the first line that fits decides */
	{ "192.0.2.9", "x.example", "", "a@evil.example", "c@one.test",
	    "a1 copies 15" },
	{ "192.0.2.8", "x.example", "", "a@b.example", "c@one.test",
	    "r2 5.7.1 <c@one.test>: Client host rejected: Not from there "
	    "copies 15" },
	{ "::ffff:192.0.2.8", "x.example", "", "a@b.example", "c@one.test",
	    "r2 5.7.1 <c@one.test>: Client host rejected: Not from there "
	    "copies 15" },
	/* who is logged in is no stranger */
	{ "192.0.2.8", "h.dyn.example", "bob@one.test", "bob@one.test",
	    "c@two.test", "0 copies 15" },
	{ "198.51.100.1", "H.Dyn.Example.", "", "a@b.example", "c@one.test",
	    "d3 4.7.1 <c@one.test>: Helo command rejected: Try again later "
	    "copies 15" },
	{ "198.51.100.1", "dyn.example", "", "a@b.example", "c@one.test",
	    "0 copies 15" },
	{ "198.51.100.1", "x", "", "Boss@ONE.test", "c@one.test",
	    "r5 5.7.0 <c@one.test>: Sender address rejected: Log in first "
	    "copies 4 15" },
	{ "198.51.100.1", "x", "boss@one.test", "boss+x@one.test",
	    "c@one.test", "0 copies 4 15" },
	{ "198.51.100.1", "x", "", "123@b.example", "c@one.test",
	    "h6 copies 15" },
	{ "198.51.100.1", "x", "", "a@b.example", "Old+x@one.test",
	    "m7 5.1.6 <Old+x@one.test>: Recipient address rejected: User has "
	    "moved to new@two.test copies 15" },
	{ "198.51.100.1", "x", "", "", "list@one.test", "x8 copies 15" },
	{ "198.51.100.1", "x", "", "a@b.example", "list@one.test",
	    "h9 copies 15" },
	{ "198.51.100.1", "x", "", "good@x.spam.example", "c@one.test",
	    "r10 5.7.1 <c@one.test>: Sender address rejected: Access denied "
	    "copies 15" },
	{ "198.51.100.1", "x", "", "a@spam.example", "c@one.test",
	    "0 copies 15" },
	{ "198.51.100.1", "x", "", "a@evil.example", "abuse@two.test",
	    "a12 copies 15" },
	{ "198.51.100.1", "x", "bob@one.test", "bob@one.test",
	    "x@rival.example", "r14 5.7.1 <x@rival.example>: Sender address "
	    "rejected: Access denied copies 15" },
	{ "", "", "", "root@one.test", "c@one.test",
	    "r5 5.7.0 <c@one.test>: Sender address rejected: Log in first "
	    "copies 15" },
	/* an expression that would take for ever is no match and not none */
	{ "198.51.100.1", "x", "", SLOW("a"), "c@one.test",
	    "d17 4.7.1 <c@one.test>" WAITS("Sender") },
	/* unless another condition says no, or a line before it decides */
	{ "198.51.100.1", "x", "", SLOW("e"), "c@one.test", "0 copies 15" },
	{ "198.51.100.1", "z", "", SLOW("e"), "c@one.test",
	    "d18 4.7.1 <c@one.test>" WAITS("Sender") },
	{ "192.0.2.9", "z", "", SLOW("e"), "c@one.test", "a1 copies 15" },
	{ "198.51.100.1", "x", "", LOCAL("i") "@not.example", "c@one.test",
	    "d21 4.7.1 <c@one.test>" WAITS("Sender") },
	/* no mail goes without a copy that it may need, and one that is
	 * refused needs none */
	{ "198.51.100.1", "x", "", "a@b.example", SLOW("q"),
	    "d19 4.7.1 <" SLOW("q") ">" WAITS("Recipient") },
	{ "198.51.100.1", "x", "", "a@last.example", SLOW("q"), "r20 5.7.1 <"
	    SLOW("q") ">: Sender address rejected: Access denied copies 15" },
};

static void
describe(const struct access_answer *a, struct str *out)
{
	struct view lines = str_view(&a->lines), line;

	str_reset(out);
	if (a->decided)
		str_addf(out, "%c%u", (char)a->action, a->line);
	else
		str_addc(out, '0');
	if (a->decided && a->why.verdict != VERDICT_DONE)
		str_addf(out, " %d.%s %s", a->why.verdict, a->why.status,
		    a->why.text);
	if (lines.n > 0)
		str_adds(out, " copies");
	while (list_next(&lines, &line))
		str_addf(out, " %.*s", VIEW(line));
}

static void
test_cases(void **state UNUSED)
{
	const struct access_sink sink = { take, complain, NULL };
	struct access_answer a = { 0 };
	struct arena arena = { 0 };
	struct str got = { 0 };

	tables.rule = get_rule;
	tables.patterns = &patterns;
	assert_true(access_read(view_of(file), &sink));
	for (size_t i = 0; i < nitems(cases); i++) {
		const struct access_question q = {
			view_of(cases[i].client), view_of(cases[i].helo),
			view_of(cases[i].login), view_of(cases[i].sender),
			view_of(cases[i].recipient) };

		access_ask(&tables, &q, &arena, &a);
		describe(&a, &got);
		if (strcmp(str_c(&got), cases[i].says) != 0)
			fail_msg("%zu: %s, not %s", i, str_c(&got),
			    cases[i].says);
		arena_reset(&arena);
	}
	for (size_t i = 0; i < rows_n; i++) {
		str_free(&rows[i].key);
		str_free(&rows[i].value);
	}
	patterns_clear(&patterns);
	access_answer_free(&a);
	str_free(&got);
}

static enum kv_result
get_trouble(void *arg UNUSED, struct view key UNUSED,
    struct view *value UNUSED)
{
	return KV_TROUBLE;
}

/* No rules that can be read is not the same as no rules. */
static void
test_trouble(void **state UNUSED)
{
	const struct access_question q = { VIEW_NONE, VIEW_NONE, VIEW_NONE,
		VIEW_NONE, VIEW_LIT("c@one.test") };
	struct access_answer a = { 0 };
	struct arena arena = { 0 };

	tables.rule = get_trouble;
	tables.patterns = NULL;
	access_ask(&tables, &q, &arena, &a);
	assert_true(a.decided);
	assert_int_equal(a.why.verdict, VERDICT_LATER);
	access_answer_free(&a);
	arena_reset(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_trouble),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
