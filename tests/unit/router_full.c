/* SPDX-License-Identifier: ISC */
/*
 * router_full - what several stores say of full mailboxes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/proc/message.h"
#include "router/full.h"

static void
say(uint32_t store, bool whole, bool full, const char *one, const char *two)
{
	struct str list = { 0 };

	if (one != NULL)
		list_put(&list, view_of(one));
	if (two != NULL)
		list_put(&list, view_of(two));
	full_take(store, whole, full, str_view(&list));
	str_free(&list);
}

static void
users_come_and_go(UNUSED void **state)
{
	assert_false(full_has(VIEW_LIT("a@x")));
	say(0, true, true, "a@x", "b@x");
	say(1, false, true, "c@x", NULL);
	assert_true(full_has(VIEW_LIT("a@x")));
	assert_false(full_has(VIEW_LIT("a@")));
	say(0, false, false, "a@x", "nobody@x");
	assert_false(full_has(VIEW_LIT("a@x")));
	/* a store begins anew; what others said stays */
	say(0, true, true, "d@x", NULL);
	assert_false(full_has(VIEW_LIT("b@x")));
	assert_true(full_has(VIEW_LIT("c@x")));
	assert_true(full_has(VIEW_LIT("d@x")));
	say(0, true, true, NULL, NULL);
	say(1, true, true, NULL, NULL);
	assert_false(full_has(VIEW_LIT("c@x")));
}

static void
put(struct str *list, const char *transport, const char *user)
{
	list_put(list, view_of(transport));
	list_put(list, view_of(user));
	list_put(list, view_of(user));
}

/* Mail is refused when nobody would get it. */
static void
all_of_them(UNUSED void **state)
{
	struct str list = { 0 };

	assert_false(full_all(VIEW_NONE));
	say(0, true, true, "a@x", "b@x");
	assert_false(full_all(VIEW_NONE));
	put(&list, "local", "a@x");
	assert_true(full_all(str_view(&list)));
	put(&list, "local", "b@x");
	assert_true(full_all(str_view(&list)));
	put(&list, "smtp", "a@x");
	assert_false(full_all(str_view(&list)));
	str_reset(&list);
	put(&list, "local", "a@x");
	put(&list, "local", "c@x");
	assert_false(full_all(str_view(&list)));
	say(0, true, true, NULL, NULL);
	str_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_come_and_go),
		cmocka_unit_test(all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
