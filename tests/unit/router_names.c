/* SPDX-License-Identifier: ISC */
/*
 * router_names - whose a reverse-path is, and who stands behind a name
 */
#include "router_site.h"

#include "router/expand.h"
#include "router/sender.h"

static const struct {
	const char *login, *sender, *status;
} owners[] = {
	{ "bob@one.test", "bob@one.test", "2.1.0" },
	{ "bob@one.test", "BOB@One.Test", "2.1.0" },
	{ "bob@one.test", "bob+anything@one.test", "2.1.0" },
	{ "bob@one.test", "", "2.1.0" },
	/* aliases that deliver to him, with others or alone */
	{ "bob@one.test", "root@one.test", "2.1.0" },
	{ "bob@one.test", "root@two.test", "2.1.0" },
	{ "bob@one.test", "team+x@one.test", "2.1.0" },
	{ "bob@one.test", "alice@one.test", "2.1.0" },
	{ "bob@one.test", "whoever@two.test", "2.1.0" },
	{ "alice@one.test", "postmaster@one.test", "2.1.0" },
	{ "alice@two.test", "only@two.test", "2.1.0" },
	/* somebody else's */
	{ "alice@one.test", "bob@one.test", "5.7.1" },
	{ "alice@one.test", "root@one.test", "5.7.1" },
	{ "alice@two.test", "alice@one.test", "5.7.1" },
	{ "bob@one.test", "bob+list@one.test", "5.7.1" },
	{ "deep@one.test", "deep+detail@one.test", "5.7.1" },
	{ "deep@one.test", "deep+other@one.test", "2.1.0" },
	{ "bob+list@one.test", "bob@one.test", "5.7.1" },
	{ "bob@one.test", "bob@two.test", "2.1.0" },	/* catch_all */
	{ "bob@one.test", "nobody@one.test", "5.7.1" },
	{ "bob@one.test", "bob@elsewhere.example", "5.7.1" },
	{ "bob@one.test", "bob", "2.1.0" },
	{ "bob@one.test", "bob@one.test@x", "5.7.1" },
	{ "bob@one.test", "empty-pipe@one.test", "4.3.5" },
	{ "eve@b\xc3\xbc" "cher.test", "eve+x@xn--bcher-kva.test", "2.1.0" },
	{ "eve@xn--bcher-kva.example", "eve@b\xc3\xbc" "cher.example",
	    "2.1.0" },
	/* a user of the system, whom the users file does not have */
	{ "carol@one.test", "carol@one.test", "2.1.0" },
	{ "carol@one.test", "carol+x@one.test", "2.1.0" },
	{ "carol@one.test", "carol@two.test", "5.7.1" },
	{ "carol@one.test", "carol", "5.7.1" },
};

static void
test_owners(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(owners); i++) {
		struct decision d = { 0 };
		struct arena arena = { 0 };
		char got[32];

		sender_may(&tables, view_of(owners[i].login),
		    view_of(owners[i].sender), &arena, &d);
		snprintf(got, sizeof(got), "%d.%s", d.why.verdict,
		    d.why.status);
		if (strcmp(got, owners[i].status) != 0)
			fail_msg("%s as <%s>: %s, not %s", owners[i].login,
			    owners[i].sender, got, owners[i].status);
		decision_free(&d);
		arena_reset(&arena);
	}
}

static void
test_anybody(void **state UNUSED)
{
	struct settings *s = (struct settings *)(uintptr_t)tables.settings;
	struct decision d = { 0 };
	struct arena arena = { 0 };

	s->sender_login = false;
	assert_true(sender_may(&tables, VIEW_LIT("bob@one.test"),
	    VIEW_LIT("x@elsewhere.example"), &arena, &d));
	s->sender_login = true;
	arena_reset(&arena);
}

static const struct {
	const char *name;
	bool list;
	const char *answer;
} names[] = {
	{ "bob@one.test", false, "bob@one.test;" },
	{ "bob", false, "bob@one.test;" },
	{ "root@two.test", false, "root@two.test;" },
	{ "bob+x@one.test", false, "bob+x@one.test;" },
	{ "alice", false, "5.1.4" },
	{ "nobody", false, "5.1.1" },
	{ "nobody@one.test", false, "5.1.1" },
	{ "whoever@two.test", false, "whoever@two.test;" },
	{ "only", false, "only@two.test;" },
	{ "postmaster", false, "postmaster@one.test;" },
	{ "x@elsewhere.example", false, "2.1.5" },
	{ "two words", false, "5.1.1" },
	{ "", false, "5.1.1" },
	{ "<bob@one.test>", false, "5.1.1" },
	{ "empty-pipe", false, "4.3.5" },
	{ "root", true, "bob@one.test;" },
	{ "team@one.test", true, "alice@two.test;bob@one.test;"
	    "bob+x@one.test;far@Away.example;" },
	{ "alice@one.test", true, "alice@one.test;bob@one.test;" },
	{ "bob", true, "5.2.4" },
	{ "alice@two.test", true, "5.2.4" },
	{ "nobody", true, "5.1.1" },
	{ "loop", true, "5.1.1" },
	{ "x@elsewhere.example", true, "2.1.5" },
};

static void
test_expand(void **state UNUSED)
{
	struct str out = { 0 }, got = { 0 };

	for (size_t i = 0; i < nitems(names); i++) {
		struct decision d = { 0 };
		struct arena arena = { 0 };
		struct view list, one;

		str_reset(&got);
		if (!expand(&tables, view_of(names[i].name), names[i].list,
			&arena, &d, &out))
			str_addf(&got, "%d.%s", d.why.verdict, d.why.status);
		else
			for (list = str_view(&out); list_next(&list, &one);)
				str_addf(&got, "%.*s;", VIEW(one));
		if (strcmp(str_c(&got), names[i].answer) != 0)
			fail_msg("%s: %s, not %s", names[i].name, str_c(&got),
			    names[i].answer);
		decision_free(&d);
		arena_reset(&arena);
	}
	str_free(&out);
	str_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_anybody),
		cmocka_unit_test(test_expand),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
