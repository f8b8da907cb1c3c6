/* SPDX-License-Identifier: ISC */
/*
 * router_ways - who may send where, and the line of the routes that decides
 */
#include "router_site.h"

#include "lib/mail/routes.h"

static const char routes_text[] =
    /* 1 */ "* [smarthost.example]:587 tls=verify login=isp\n"
    /* 2 */ "direct.example mx\n"
    /* 3 */ "careful.example mx:26 tls=dane-only source=192.0.2.9\n"
    /* 4 */ ".inner.example [gateway.example]\n"
    /* 5 */ ".very.inner.example [192.0.2.2]\n"
    /* 6 */ "one@direct.example [one.example]\n"
    /* 7 */ "two+x@direct.example [two-x.example]\n"
    /* 8 */ "two@direct.example [two.example]\n"
    /* 9 */ "sender @corp.example [corp.example] login=corp\n"
    /* 10 */ "sender boss@corp.example [boss.example]\n"
    /* 11 */ "gone.example refuse \"They closed\"\n"
    /* 12 */ "moving.example defer\n"
    /* 13 */ "bob@one.test lmtp:[127.0.0.1]:24\n"
    /* 14 */ "one.test [never.example]\n"
    /* 15 */ "alice@two.test refuse \"She left\"\n"
    /* 16 */ "b\xc3\xbc" "cher.away [xn.example]\n"
    /* 17 */ "backup.example mx\n"
    /* 18 */ "moved@two.test [moved.example]\n";

static const char recipients_text[] = "anna@backup.example\n"
				      "@gateway.example\n";

static struct {
	struct str key, value;
} lines[64];
static size_t line_count, route_count;
static bool trouble;

static bool
keep_line(void *arg UNUSED, struct view key, const struct route *r)
{
	assert_true(line_count < nitems(lines));
	str_add(&lines[line_count].key, key);
	route_write(r, &lines[line_count].value);
	line_count++;
	return true;
}

static void
no_complaint(void *arg UNUSED, size_t line, size_t column,
    const char *sentence)
{
	fail_msg("%zu:%zu: %s", line, column, sentence);
}

static enum kv_result
find_line(size_t from, size_t to, struct view key, struct view *value)
{
	for (size_t i = from; i < to; i++)
		if (view_eq(key, str_view(&lines[i].key))) {
			*value = str_view(&lines[i].value);
			return KV_FOUND;
		}
	return trouble ? KV_TROUBLE : KV_NONE;
}

static enum kv_result
get_route(void *arg UNUSED, struct view key, struct view *value)
{
	return find_line(0, route_count, key, value);
}

static enum kv_result
get_recipient(void *arg UNUSED, struct view key, struct view *value)
{
	return find_line(route_count, line_count, key, value);
}

/* "hop (line);" of each target, or "5.1.1 (lines)" */
static void
ask(const struct inquiry *q, struct str *out)
{
	struct decision d = { 0 };
	struct arena arena = { 0 };
	struct view list, lists, part, line;

	str_reset(out);
	if (!decide(&tables, q, &arena, &d)) {
		str_addf(out, "%d.%s", d.why.verdict, d.why.status);
		list = str_view(&d.refusals);
		while (list_next(&list, &line))
			str_addf(out, " (%.*s)", VIEW(line));
	} else {
		list = str_view(&d.targets);
		lists = str_view(&d.lines);
		for (size_t i = 0; list_next(&list, &part); i++) {
			if (i % 3 != 1)
				continue;
			assert_true(list_next(&lists, &line));
			str_addf(out, "%.*s (%.*s);", VIEW(part), VIEW(line));
		}
		assert_false(list_next(&lists, &line));
	}
	decision_free(&d);
	arena_reset(&arena);
}

#define SMARTHOST "[smarthost.example]:587 tls=verify login=isp (1 *);"

static const struct {
	const char *recipient, *sender, *way;
} cases[] = {
	/* by recipient, most telling first */
	{ "x@elsewhere.example", "", SMARTHOST },
	{ "x@[192.0.2.1]", "", SMARTHOST },
	{ "x@direct.example", "", "direct.example (2 direct.example);" },
	{ "x@Direct.Example", "", "direct.example (2 direct.example);" },
	{ "x@below.direct.example", "", SMARTHOST },
	{ "x@careful.example", "", "careful.example:26 tls=dane-only "
	    "source=192.0.2.9 (3 careful.example);" },
	{ "x@inner.example", "", SMARTHOST },
	{ "x@a.inner.example", "",
	    "[gateway.example] (4 .inner.example);" },
	{ "x@a.b.inner.example", "",
	    "[gateway.example] (4 .inner.example);" },
	{ "x@very.inner.example", "",
	    "[gateway.example] (4 .inner.example);" },
	{ "x@a.very.inner.example", "",
	    "[192.0.2.2] (5 .very.inner.example);" },
	{ "One@direct.example", "",
	    "[one.example] (6 one@direct.example);" },
	{ "one+detail@direct.example", "",
	    "[one.example] (6 one@direct.example);" },
	{ "two+x@direct.example", "",
	    "[two-x.example] (7 two+x@direct.example);" },
	{ "two+y@direct.example", "",
	    "[two.example] (8 two@direct.example);" },
	{ "x@xn--bcher-kva.away", "",
	    "[xn.example] (16 xn--bcher-kva.away);" },
	{ "x@b\xc3\xbc" "cher.away", "",
	    "[xn.example] (16 xn--bcher-kva.away);" },
	/* by sender, behind all that the recipient says */
	{ "x@elsewhere.example", "me@corp.example",
	    "[corp.example] login=corp (9 sender @corp.example);" },
	{ "x@elsewhere.example", "me@below.corp.example", SMARTHOST },
	{ "x@elsewhere.example", "Boss@corp.example",
	    "[boss.example] (10 sender boss@corp.example);" },
	{ "x@elsewhere.example", "boss+x@corp.example",
	    "[boss.example] (10 sender boss@corp.example);" },
	{ "x@direct.example", "boss@corp.example",
	    "direct.example (2 direct.example);" },
	{ "x@elsewhere.example", "\"sender \"@corp.example",
	    "[corp.example] login=corp (9 sender @corp.example);" },
	/* not at all */
	{ "x@gone.example", "", "5.7.1 (11 gone.example)" },
	{ "x@moving.example", "", "4.3.2 (12 moving.example)" },
	/* our own domains: one address, never all */
	{ "alice@one.test", "me@corp.example", "alice@one.test ();"
	    "lmtp:[127.0.0.1]:24 (13 bob@one.test);" },
	{ "bob+x@one.test", "", "lmtp:[127.0.0.1]:24 (13 bob@one.test);" },
	{ "bob+list@one.test", "",
	    "lmtp:[127.0.0.1]:24 (13 bob@one.test);" },
	{ "nobody@one.test", "", "5.1.1" },
	{ "moved@two.test", "", "[moved.example] (18 moved@two.test);" },
	/* in an alias the refused are passed over, as the unknown are */
	{ "alice@two.test", "", "5.7.1 (15 alice@two.test)" },
	{ "deep+detail@one.test", "", "5.7.1 (15 alice@two.test)" },
	{ "team@one.test", "", "lmtp:[127.0.0.1]:24 (13 bob@one.test);"
	    "lmtp:[127.0.0.1]:24 (13 bob@one.test);" SMARTHOST },
};

static void
test_ways(void **state UNUSED)
{
	struct str got = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		const struct inquiry q = {
			.recipient = view_of(cases[i].recipient),
			.sender = view_of(cases[i].sender), .trusted = true };

		ask(&q, &got);
		if (strcmp(str_c(&got), cases[i].way) != 0)
			fail_msg("<%s>: %s, not %s", cases[i].recipient,
			    str_c(&got), cases[i].way);
	}
	str_free(&got);
}

/* Of clients that may not relay. */
static const struct {
	const char *recipient, *way;
} relays[] = {
	{ "x@elsewhere.example", "5.7.1" },
	{ "x@direct.example", "5.7.1" },	/* a route is no permission */
	{ "one@direct.example", "5.7.1" },
	{ "anna@backup.example", "backup.example (17 backup.example);" },
	{ "ANNA+x@Backup.Example", "backup.example (17 backup.example);" },
	{ "otto@backup.example", "5.1.1" },
	{ "Postmaster@backup.example", "backup.example (17 backup.example);" },
	{ "x@below.backup.example", "5.7.1" },
	{ "otto@gateway.example", SMARTHOST },
	{ "otto@a.nets.example", "5.1.1" },
	{ "postmaster@a.b.nets.example", SMARTHOST },
	{ "postmaster@nets.example", "5.7.1" },
	{ "x@b\xc3\xbc" "cher.relay.example", "5.1.1" },
	{ "bob@one.test", "lmtp:[127.0.0.1]:24 (13 bob@one.test);" },
	{ "moved@two.test", "[moved.example] (18 moved@two.test);" },
};

static void
test_relays(void **state UNUSED)
{
	struct str got = { 0 };

	for (size_t i = 0; i < nitems(relays); i++) {
		const struct inquiry q = {
			.recipient = view_of(relays[i].recipient) };

		ask(&q, &got);
		if (strcmp(str_c(&got), relays[i].way) != 0)
			fail_msg("<%s>: %s, not %s", relays[i].recipient,
			    str_c(&got), relays[i].way);
	}
	str_free(&got);
}

/* The list holds for those who may relay, too, but not for what was taken. */
static void
test_taken(void **state UNUSED)
{
	struct inquiry q = { .recipient = VIEW_LIT("otto@backup.example"),
		.trusted = true };
	struct str got = { 0 };

	ask(&q, &got);
	assert_string_equal(str_c(&got), "5.1.1");
	q.taken = true;
	ask(&q, &got);
	assert_string_equal(str_c(&got), "backup.example "
	    "(17 backup.example);");
	str_free(&got);
}

/* No way and no permission comes from a table that cannot be read. */
static void
test_trouble(void **state UNUSED)
{
	struct inquiry q = { .recipient = VIEW_LIT("x@elsewhere.example"),
		.trusted = true };
	struct str got = { 0 };

	trouble = true;
	ask(&q, &got);
	assert_string_equal(str_c(&got), "4.3.5");
	q = (struct inquiry){ .recipient = VIEW_LIT("x@backup.example") };
	ask(&q, &got);
	assert_string_equal(str_c(&got), "4.3.5");
	q.recipient = VIEW_LIT("alice@one.test");
	ask(&q, &got);
	assert_string_equal(str_c(&got), "4.3.5");
	trouble = false;
	str_free(&got);
}

static int
set_up_ways(void **state)
{
	static const char extra[] = "relay_domains = Backup.example "
	    "gateway.example .nets.example xn--bcher-kva.relay.example\n"
	    "relay_recipients = /somewhere\n";
	const struct routes_sink sink = { keep_line, no_complaint, NULL };
	struct str text = { 0 }, errors = { 0 };
	int code = set_up(state);
	struct settings *old = (struct settings *)(uintptr_t)tables.settings;
	struct settings *s;

	str_addf(&text, "%s%s", extra, settings_text);
	s = settings_parse(str_view(&text), &errors);
	if (s == NULL)
		fail_msg("%s", str_c(&errors));
	tables_settings(&tables, s, VIEW_LIT("mail.one.test"));
	settings_free(&old);
	str_free(&text);
	assert_true(routes_read(view_of(routes_text), &sink));
	route_count = line_count;
	assert_true(routes_read_recipients(view_of(recipients_text), &sink));
	tables.route = get_route;
	tables.recipient = get_recipient;
	return code;
}

static int
tear_down_ways(void **state)
{
	for (size_t i = 0; i < line_count; i++) {
		str_free(&lines[i].key);
		str_free(&lines[i].value);
	}
	return tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_relays),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_trouble),
	};

	return cmocka_run_group_tests(tests, set_up_ways, tear_down_ways);
}
