/* SPDX-License-Identifier: ISC */
/*
 * router_decide - where addresses go, as a table of questions and answers
 */
#include "router_site.h"

#include <unistd.h>

#include "lib/base/file.h"
#include "router/members.h"

/* "transport destination address;..." or "5.1.1" */
static void
ask(const char *recipient, bool trusted, struct str *out)
{
	const struct inquiry q = { .recipient = view_of(recipient),
		.trusted = trusted };
	struct decision d = { 0 };
	struct arena arena = { 0 };
	struct view list, part;

	str_reset(out);
	if (!decide(&tables, &q, &arena, &d)) {
		str_addf(out, "%d.%s", d.why.verdict, d.why.status);
	} else {
		list = str_view(&d.targets);
		for (size_t i = 0; list_next(&list, &part); i++)
			str_addf(out, "%.*s%s", VIEW(part),
			    i % 3 == 2 ? ";" : " ");
	}
	decision_free(&d);
	arena_reset(&arena);
}

static const struct {
	const char *recipient;
	bool trusted;
	const char *answer;
} cases[] = {
	/* users */
	{ "bob@one.test", false, "local bob@one.test bob@one.test;" },
	{ "BoB@ONE.Test", false, "local bob@one.test BoB@ONE.Test;" },
	{ "\"bob\"@one.test", false, "local bob@one.test bob@one.test;" },
	{ "nobody@one.test", false, "5.1.1" },
	{ "alice@mail.one.test", false, "5.7.1" },
	/* the detail is kept; a user of exactly that name wins */
	{ "bob+x@one.test", false, "local bob@one.test bob+x@one.test;" },
	{ "bob+list@one.test", false,
	    "local bob+list@one.test bob+list@one.test;" },
	{ "+bob@one.test", false, "5.1.1" },
	/* U-labels and A-labels are the same, whatever the settings say */
	{ "eve@xn--bcher-kva.test", false, "local eve@b\xc3\xbc" "cher.test "
	    "eve@b\xc3\xbc" "cher.test;" },
	{ "eve@B\xc3\xbc" "cher.TEST", false, "local eve@b\xc3\xbc"
	    "cher.test eve@B\xc3\xbc" "cher.TEST;" },
	{ "eve@b\xc3\xbc" "cher.example", false, "local "
	    "eve@xn--bcher-kva.example eve@xn--bcher-kva.example;" },
	{ "eve@b\xc3\xbc" "her.test", false, "5.7.1" },
	{ "eve@b\xc3\xbc" "her.test", true,
	    "smtp xn--bher-0ra.test eve@b\xc3\xbc" "her.test;" },
	/* aliases */
	{ "root@one.test", false, "local bob@one.test bob@one.test;" },
	{ "abuse+x@two.test", false, "local bob@one.test bob@one.test;" },
	{ "alice@one.test", false,
	    "local alice@one.test alice@one.test;"
	    "local bob@one.test bob@one.test;" },
	{ "team@one.test", false,
	    "local alice@two.test alice@two.test;"
	    "local bob@one.test bob@one.test;"
	    "local bob@one.test bob+x@one.test;"
	    "smtp away.example far@Away.example;" },
	{ "diamond@one.test", false, "local bob@one.test bob@one.test;" },
	{ "deep+detail@one.test", false,
	    "local alice@two.test alice@two.test;" },
	{ "deep@one.test", false, "5.1.1" },
	/* a bare name means the domain of the alias first */
	{ "only@two.test", false, "local alice@two.test alice@two.test;" },
	{ "only@one.test", false, "5.1.1" },
	/* mailboxes, whatever aliases say */
	{ "root@two.test", false, "local bob@one.test bob@one.test;" },
	{ "away@one.test", false, "smtp away.example x@away.example;"
	    "local alice@two.test alice@two.test;" },
	/* a list that includes itself */
	{ "list@one.test", false,
	    "local bob@one.test bob@one.test;"
	    "local alice@one.test alice@one.test;"
	    "local alice@two.test alice@two.test;" },
	{ "empty@one.test", false, "5.1.1" },
	{ "\"\n/l\"@one.test", false, "5.1.3" },
	/* lists with owners */
	{ "club@one.test", false, "list club@one.test club@one.test;" },
	{ "Club+x@two.test", false, "list Club+x@two.test Club+x@two.test;" },
	{ "via@one.test", false, "list club@one.test club@one.test;" },
	{ "ring@one.test", false, "list ring@one.test ring@one.test;" },
	{ "owner-club@one.test", false,
	    "local alice@one.test alice@one.test;"
	    "local bob@one.test bob@one.test;" },
	{ "club-request@one.test", false, "local bob@one.test bob@one.test;" },
	/* loops and unknown names */
	{ "loop@one.test", false, "5.1.1" },
	{ "self@one.test", false, "5.1.1" },
	{ "half@one.test", false, "local bob@one.test bob@one.test;" },
	{ "gone@one.test", false, "5.1.1" },
	/* commands and files have the address of the alias that names them */
	{ "pipe+x@one.test", false,
	    "local bob@one.test bob@one.test;"
	    "deliver |/bin/cat, -n pipe+x@one.test;" },
	{ "file@two.test", false,
	    "deliver /var/mail/file file@two.test;"
	    "local bob@one.test bob@one.test;"
	    "deliver |/bin/cat, -n pipe@two.test;" },
	{ "empty-pipe@one.test", false, "4.3.5" },
	/* users of the system, after those of the house */
	{ "Carol+x@One.test", false, "deliver ~carol Carol+x@One.test;" },
	{ "bob@one.test", false, "local bob@one.test bob@one.test;" },
	{ "carol@two.test", false, "local bob@one.test bob@one.test;" },
	{ "people@one.test", false, "deliver ~carol carol@one.test;"
	    "deliver ~carol \\ carol@one.test;" },
	/* postmaster, always */
	{ "postmaster@one.test", false,
	    "local alice@one.test alice@one.test;"
	    "local bob@one.test bob@one.test;" },
	{ "PostMaster", false,
	    "local alice@one.test alice@one.test;"
	    "local bob@one.test bob@one.test;" },
	{ "bob", false, "local bob@one.test bob@one.test;" },
	/* catch_all */
	{ "whoever@two.test", false, "local bob@one.test bob@one.test;" },
	{ "two@two.test", false, "local bob@one.test bob@one.test;" },
	/* elsewhere */
	{ "x@elsewhere.example", false, "5.7.1" },
	{ "x@Elsewhere.example", true,
	    "smtp elsewhere.example x@Elsewhere.example;" },
	{ "x@[192.0.2.1]", true, "smtp [192.0.2.1] x@[192.0.2.1];" },
	{ "x@[192.0.2.1]", false, "5.7.1" },
	{ "x@[ipv6:2001:DB8:0::1]", true,
	    "smtp [IPv6:2001:db8::1] x@[ipv6:2001:DB8:0::1];" },
	{ "x@[x400:what]", true, "5.1.2" },
	{ "x@192.0.2.1", true, "5.1.2" },
	{ "bob%one.test@elsewhere.example", false, "5.7.1" },
	{ "x@elsewhere.example@one.test", false, "5.1.3" },
	{ "\"x@elsewhere.example\"@one.test", false, "5.1.1" },
	{ "", false, "5.1.3" },
	{ "@one.test", false, "5.1.3" },
};

static void
test_cases(void **state UNUSED)
{
	struct str got = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		ask(cases[i].recipient, cases[i].trusted, &got);
		if (strcmp(str_c(&got), cases[i].answer) != 0)
			fail_msg("<%s>: %s, not %s", cases[i].recipient,
			    str_c(&got), cases[i].answer);
	}
	str_free(&got);
}

static void
test_not_ready(void **state UNUSED)
{
	struct str got = { 0 };

	tables.ready = false;
	ask("bob@one.test", false, &got);
	tables.ready = true;
	assert_string_equal(str_c(&got), "4.3.0");
	str_free(&got);
}

static struct str made;		/* the items that an alias below gives */

static void
make_item(const char *format, struct view name, int number)
{
	struct str item = { 0 };

	str_addf(&item, format, VIEW(name), number);
	list_put(&made, str_view(&item));
	str_free(&item);
}

/* Every name is an alias for three longer ones. */
static enum kv_result
endless(void *arg UNUSED, struct view key, struct view *items)
{
	if (view_starts(key, VIEW_LIT("owner-")))
		return KV_NONE;
	str_reset(&made);
	for (int i = 0; i < 3; i++)
		make_item("a%.*s%d", view_cut(&key, '@'), i);
	*items = str_view(&made);
	return KV_FOUND;
}

/* Every name is an alias for very many addresses. */
static enum kv_result
wide(void *arg UNUSED, struct view key, struct view *items)
{
	if (view_starts(key, VIEW_LIT("owner-")))
		return KV_NONE;
	str_reset(&made);
	for (int i = 0; i <= DECISION_TARGETS_MAX; i++)
		make_item("a%.*s%d@elsewhere.example", view_cut(&key, '@'), i);
	*items = str_view(&made);
	return KV_FOUND;
}

/* Some thousands of members, each twice, and some that are spelled in two ways. */
static enum kv_result
large(void *arg UNUSED, struct view key, struct view *items)
{
	if (!view_is(key, "x@one.test"))
		return KV_NONE;
	str_reset(&made);
	for (int i = 0; i < 6000; i++)
		make_item("a%.*s%d@Elsewhere.example", VIEW_LIT("m"), i % 3000);
	for (int i = 0; i < 3000; i++)
		make_item("a%.*s%d@elsewhere.EXAMPLE", VIEW_LIT("m"), i);
	*items = str_view(&made);
	return KV_FOUND;
}

static enum kv_result
broken(void *arg UNUSED, struct view key UNUSED, struct view *items UNUSED)
{
	return KV_TROUBLE;
}

static void
test_limits(void **state UNUSED)
{
	static enum kv_result (*const tried[])(void *, struct view,
	    struct view *) = { endless, wide, broken };
	struct str got = { 0 };

	for (size_t i = 0; i < nitems(tried); i++) {
		tables.alias = tried[i];
		ask("x@one.test", false, &got);
		assert_string_equal(str_c(&got), tried[i] != wide ? "4.3.5" :
		    "list x@one.test x@one.test;");
	}
	tables.alias = get_alias;
	str_free(&got);
	str_free(&made);
}

/* Owner and members; of many, how many. */
static void
ask_members(const char *recipient, struct str *out)
{
	const struct inquiry q = { .recipient = view_of(recipient),
		.trusted = true, .taken = true, .members = true };
	struct members members = { 0 };
	struct decision d = { .members = &members };
	struct arena arena = { 0 };
	struct view all, list, key, part[3];
	uint32_t n;
	int fd;

	str_reset(out);
	assert_true(decide(&tables, &q, &arena, &d));
	fd = members_memfd(&members, &n);
	assert_true(fd >= 0 && file_is_sealed(fd));
	all = list = file_map(fd);
	str_addf(out, "%s:", str_c(&d.owner));
	if (n > 10)
		str_addf(out, " %u", n);
	while (n <= 10 && list_next(&list, &key)) {
		for (size_t i = 0; i < 3; i++)
			assert_true(list_next(&list, &part[i]));
		str_addf(out, " %.*s(%.*s)", VIEW(part[2]), VIEW(part[0]));
	}
	file_unmap(all);
	close(fd);
	members_free(&members);
	decision_free(&d);
	arena_reset(&arena);
}

static void
test_members(void **state UNUSED)
{
	struct str got = { 0 };

	ask_members("club@one.test", &got);
	assert_string_equal(str_c(&got), "owner-club@one.test: "
	    "far@Away.example(smtp) BOB@one.test(local) "
	    "bob+x@one.test(local) ring@one.test(list) "
	    "alice@two.test(local)");
	/* the list that leads back is one of its members */
	ask_members("ring@one.test", &got);
	assert_string_equal(str_c(&got), "owner-ring@one.test: "
	    "alice@one.test(local) bob@one.test(local) club@one.test(list)");
	tables.alias = large;
	ask("x@one.test", false, &got);
	assert_string_equal(str_c(&got), "list x@one.test x@one.test;");
	ask_members("x@one.test", &got);
	assert_string_equal(str_c(&got), ": 3000");
	tables.alias = get_alias;
	str_free(&got);
	str_free(&made);
}

static void
place_of_test(void *arg UNUSED, struct str *out)
{
	str_adds(out, "a:7");
}

/* "depth kind name (place);..." */
static void
ask_steps(const struct inquiry *inquiry, struct str *out)
{
	struct steps steps = { 0 };
	struct inquiry q = *inquiry;
	struct decision d = { 0 };
	struct arena arena = { 0 };
	struct view list, part[STEPS_TEXTS];

	q.steps = &steps;
	str_reset(out);
	decide(&tables, &q, &arena, &d);
	list = str_view(&steps.list);
	while (list.n > 0) {
		for (size_t i = 0; i < STEPS_TEXTS; i++)
			assert_true(list_next(&list, &part[i]));
		str_addf(out, "%.*s %.*s %.*s", VIEW(part[0]), VIEW(part[1]),
		    VIEW(part[2]));
		if (part[3].n > 0)
			str_addf(out, " (%.*s)", VIEW(part[3]));
		str_addc(out, ';');
	}
	assert_true(steps.depth == 0);
	steps_free(&steps);
	decision_free(&d);
	arena_reset(&arena);
}

static const struct {
	const char *recipient;
	bool trusted;
	const char *steps;
} walks[] = {
	{ "bob@one.test", false, "0 domain one.test;0 user bob@one.test;" },
	{ "bob+x@one.test", false, "0 domain one.test;0 detail x;"
	    "0 user bob@one.test;" },
	{ "carol@one.test", false, "0 domain one.test;0 system_user carol;" },
	{ "alice@one.test", false, "0 domain one.test;"
	    "0 alias alice@one.test (a:7);1 loop alice@one.test;"
	    "1 user alice@one.test;1 user bob@one.test;" },
	{ "half@one.test", false, "0 domain one.test;0 alias half (a:7);"
	    "1 user bob@one.test;1 passed_over nobody-there;" },
	{ "loop@one.test", false, "0 domain one.test;0 alias loop (a:7);"
	    "1 alias pool (a:7);2 loop loop;2 passed_over loop;"
	    "1 passed_over pool;" },
	{ "diamond@one.test", false, "0 domain one.test;"
	    "0 alias diamond (a:7);1 alias left (a:7);2 user bob@one.test;"
	    "1 alias right (a:7);2 again left;" },
	{ "pipe@one.test", false, "0 domain one.test;0 alias pipe (a:7);"
	    "1 user bob@one.test;1 command |/bin/cat, -n;" },
	{ "empty-pipe@one.test", false, "0 domain one.test;"
	    "0 alias empty-pipe (a:7);1 user bob@one.test;1 mistake The alias "
	    "leads to an empty command, which is not supported here;" },
	{ "list@one.test", false, "0 domain one.test;0 alias list (a:7);"
	    "1 include /l (a:7);2 user bob@one.test;2 loop /l;"
	    "2 user alice@one.test;2 alias root@two.test (a:7);"
	    "3 user bob@one.test;3 passed_over root;1 user alice@two.test;" },
	{ "club@one.test", false, "0 domain one.test;0 alias club (a:7);"
	    "0 list owner-club;" },
	{ "nobody@two.test", false, "0 domain two.test;"
	    "0 catch_all bob@one.test;0 user bob@one.test;" },
	{ "postmaster@one.test", false, "0 domain one.test;"
	    "0 first_user alice@one.test;0 alias alice@one.test (a:7);"
	    "1 loop alice@one.test;1 user alice@one.test;"
	    "1 user bob@one.test;" },
	{ "x@away.example", false, "0 relay away.example;" },
	{ "x@away.example", true, "0 relay away.example;"
	    "0 dns x@away.example;" },
};

static void
test_steps(void **state UNUSED)
{
	struct str got = { 0 };

	tables.place = place_of_test;
	for (size_t i = 0; i < nitems(walks); i++) {
		const struct inquiry q = {
			.recipient = view_of(walks[i].recipient),
			.trusted = walks[i].trusted };

		ask_steps(&q, &got);
		assert_string_equal(str_c(&got), walks[i].steps);
	}
	/* there is an end to it */
	tables.alias = large;
	ask_steps(&(struct inquiry){ .recipient = VIEW_LIT("x@one.test") },
	    &got);
	assert_true(view_ends(str_view(&got), VIEW_LIT("1 more ;")));
	assert_true(got.n < 2 * STEPS_OCTETS);
	tables.alias = get_alias;
	tables.place = NULL;
	str_free(&got);
	str_free(&made);
}

static enum kv_result
table_to_bob(void *arg UNUSED, struct view key UNUSED, struct view *items)
{
	str_reset(&made);
	list_put(&made, VIEW_LIT("abob@one.test"));
	*items = str_view(&made);
	return KV_FOUND;
}

static enum kv_result
table_echo(void *arg UNUSED, struct view key, struct view *items)
{
	struct str item = { 0 };

	str_reset(&made);
	str_addf(&item, "a%.*s", VIEW(key));
	list_put(&made, str_view(&item));
	str_free(&item);
	*items = str_view(&made);
	return KV_FOUND;
}

/* Tables come behind aliases and before users. */
static void
test_tables(void **state UNUSED)
{
	static const struct {
		enum kv_result (*table)(void *, struct view, struct view *);
		const char *address, *goes;
	} answers[] = {
		{ table_to_bob, "nobody@one.test",
		    "local bob@one.test bob@one.test;" },
		{ table_to_bob, "alice@two.test",
		    "local bob@one.test bob@one.test;" },
		/* no owner of a list by a table */
		{ table_to_bob, "diamond@one.test",
		    "local bob@one.test bob@one.test;" },
		{ table_echo, "alice@two.test",
		    "local alice@two.test alice@two.test;" },
		{ table_echo, "nobody@one.test", "5.1.1" },
		{ broken, "alice@two.test", "4.3.5" },
	};
	struct str got = { 0 };

	for (size_t i = 0; i < nitems(answers); i++) {
		tables.alias_table = answers[i].table;
		ask(answers[i].address, false, &got);
		assert_string_equal(str_c(&got), answers[i].goes);
	}
	tables.alias_table = NULL;
	str_free(&got);
	str_free(&made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_not_ready),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
