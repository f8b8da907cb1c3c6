/* SPDX-License-Identifier: ISC */
/*
 * router_answers - what is known of tables over sockets, and what is asked
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "router/answers.h"

static struct answer *asked[2 * ANSWERS_MOST];
static size_t asked_n, done_n;
static uint64_t last_done;

static void
ask(struct answer *a)
{
	assert_true(asked_n < nitems(asked));
	asked[asked_n++] = a;
}

static void
done(uint64_t number)
{
	last_done = number;
	done_n++;
}

static int
begin(void **state UNUSED)
{
	asked_n = done_n = 0;
	answers_begin(ask, done);
	answers_pass();
	return 0;
}

static int
end(void **state UNUSED)
{
	for (size_t i = done_n; i < asked_n; i++)	/* the first are done */
		answers_put(asked[i], KV_NONE, VIEW_NONE);
	answers_end();
	return 0;
}

static void
expect(const char *table, const char *key, enum kv_result wanted,
    const char *value)
{
	struct str s = { 0 };

	assert_int_equal(answers_find(view_of(table), view_of(key), &s),
	    wanted);
	assert_true(view_is(str_view(&s), value));
	str_free(&s);
}

static uint64_t
missed(void)
{
	struct view table;

	return answers_missed(&table);
}

static void
test_one(void **state UNUSED)
{
	struct view table = VIEW_NONE;
	struct str value = { 0 };

	assert_int_equal(missed(), 0);
	expect("t", "k", KV_NONE, "");
	assert_int_equal(answers_missed(&table), asked[0]->number);
	assert_true(view_is(table, "t") && view_is(asked[0]->key, "k"));
	/* the same question of another pass waits for the same answer */
	answers_pass();
	assert_int_equal(missed(), 0);
	expect("t", "k", KV_NONE, "");
	assert_int_equal(missed(), asked[0]->number);
	/* the name of the table belongs to it */
	expect("tk", "", KV_NONE, "");
	assert_int_equal(missed(), asked[1]->number);
	assert_int_equal(asked_n, 2);
	answers_put(asked[0], KV_FOUND, VIEW_LIT("a\0b"));
	assert_true(done_n == 1 && last_done == asked[0]->number);
	answers_put(asked[1], KV_TROUBLE, VIEW_LIT("why"));
	answers_pass();
	expect("tk", "", KV_TROUBLE, "");
	assert_int_equal(answers_find(VIEW_LIT("t"), VIEW_LIT("k"), &value),
	    KV_FOUND);
	assert_true(view_eq(str_view(&value), VIEW_LIT("a\0b")));
	str_free(&value);
	assert_int_equal(missed(), 0);
	assert_int_equal(asked_n, 2);
}

/* One pass cannot have everything asked at once. */
static void
test_pass(void **state UNUSED)
{
	char key[20];

	for (size_t n = 1; n <= 2; n++) {
		answers_pass();
		for (size_t i = 0; i < 3 * ANSWERS_PASS; i++) {
			snprintf(key, sizeof(key), "k%zu", i);
			expect("t", key, KV_NONE, "");
		}
		assert_int_equal(asked_n, n * ANSWERS_PASS);
		assert_int_equal(missed(), asked[asked_n - 1]->number);
	}
}

static void
ask_many(size_t from, size_t to)
{
	char key[20];

	for (size_t i = from; i < to; i++) {
		answers_pass();
		snprintf(key, sizeof(key), "k%zu", i);
		expect("t", key, KV_NONE, "");
	}
}

/* The oldest go; those under way stay, and too many of them are trouble. */
static void
test_bounds(void **state UNUSED)
{
	ask_many(0, ANSWERS_MOST);
	answers_pass();
	expect("t", "more", KV_TROUBLE, "");
	assert_int_equal(missed(), 0);
	answers_put(asked[0], KV_FOUND, VIEW_LIT("v"));
	answers_put(asked[1], KV_FOUND, VIEW_LIT("v"));
	answers_pass();
	expect("t", "k0", KV_FOUND, "v");
	expect("t", "more", KV_NONE, "");
	assert_int_equal(asked_n, ANSWERS_MOST + 1);
	answers_pass();
	expect("t", "k1", KV_FOUND, "v");
	expect("t", "k0", KV_NONE, "");	/* asked again */
	assert_int_equal(asked_n, ANSWERS_MOST + 2);
}

static void
test_octets(void **state UNUSED)
{
	struct str long_value = { 0 };
	const size_t n = 400;

	for (size_t i = 0; i < 100000; i++)
		str_addc(&long_value, 'a');
	for (size_t i = 0; i < n; i++) {
		ask_many(i, i + 1);
		answers_put(asked[i], KV_FOUND, str_view(&long_value));
	}
	answers_pass();
	expect("t", "k399", KV_FOUND, str_c(&long_value));
	expect("t", "k0", KV_NONE, "");
	assert_int_equal(asked_n, n + 1);
	str_free(&long_value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one, begin, end),
		cmocka_unit_test_setup_teardown(test_pass, begin, end),
		cmocka_unit_test_setup_teardown(test_bounds, begin, end),
		cmocka_unit_test_setup_teardown(test_octets, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
