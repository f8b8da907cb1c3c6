/* SPDX-License-Identifier: ISC */
/*
 * queue_destination - windows, rates, back-off and turns, without sending
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queue/destination.h"
#include "queue/line.h"
#include "queue/reason.h"

static int64_t now = 1000000000000;
static uint64_t ids;

static void
limits(uint32_t connections, uint32_t total, uint32_t rate)
{
	const struct destination_limits l = { total, rate, connections,
		{ connections, 300, 14400 } };

	destination_limit(&l);
}

/* A mail of n recipients. */
static void
add(struct destination *d, uint32_t n, bool retry)
{
	const struct job like = { .mail = ++ids,
		.level = (uint8_t)level_of(0, !retry), .retry = retry };

	for (uint32_t i = 0; i < n; i++)
		destination_add(d, &like, i);
	assert_true(destination_close());
}

/* Begin what may go now; the number of the mail, 0: nothing may. */
static uint64_t
go(struct destination **to)
{
	int64_t wait;
	struct destination *d;
	struct job *j = destination_next(now, &d, &wait);
	uint64_t mail;

	if (j == NULL)
		return 0;
	mail = j->mail;
	destination_begin(d, now);
	destination_count(d, now);
	free(j);
	if (to != NULL)
		*to = d;
	destination_drop(&d);
	return mail;
}

static void
over(struct destination *d, uint8_t contact, int64_t began)
{
	const struct news news = { .contact = contact,
		.began = began, .now = now, .random = 0,
		.sentence = VIEW_LIT("connect: no") };

	destination_learn(d, &news);
	destination_end(d);
}

static uint32_t
window_of(const struct destination *d)
{
	struct destination_state s;

	destination_describe(d, &s);
	return s.window;
}

static void
one_for_each_text(void **state UNUSED)
{
	struct destination *a = destination_take(VIEW_LIT("example.org"));
	struct destination *b = destination_take(VIEW_LIT("example.org"));
	struct destination *c = destination_take(VIEW_LIT("lmtp:[::1]"));
	struct destination *was = a;

	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_false(destination_delivers(a));
	assert_true(destination_delivers(c));
	destination_drop(&a);
	destination_drop(&b);
	assert_null(b);
	/* it is remembered */
	b = destination_take(VIEW_LIT("example.org"));
	assert_ptr_equal(b, was);
	destination_drop(&b);
	destination_drop(&c);
}

static void
window_grows_and_shrinks(void **state UNUSED)
{
	struct destination *d = destination_take(VIEW_LIT("window.test"));
	uint32_t flying = 0;
	int64_t began = now;

	limits(8, 1000, 0);
	for (int i = 0; i < 40; i++)
		add(d, 1, false);
	while (go(NULL) != 0)
		flying++;
	assert_int_equal(flying, 5);
	for (int i = 0; i < 12; i++) {
		over(d, CONTACT_TALKED, began);
		flying--;
		began = ++now;
		while (go(NULL) != 0)
			flying++;
	}
	assert_int_equal(flying, 8);
	/* others succeed: it is alive, and wants less */
	over(d, CONTACT_TALKED, began);
	over(d, CONTACT_FAILED, began - 1);
	assert_int_equal(window_of(d), 4);
	assert_int_equal(destination_until(d, now), 0);
	assert_int_equal(go(NULL), 0);
	/* from now on slowly */
	for (int i = 0; i < 3; i++)
		over(d, CONTACT_TALKED, now);
	assert_int_equal(window_of(d), 4);
	over(d, CONTACT_TALKED, now);
	assert_int_equal(window_of(d), 5);
	flying = 2;
	while (go(NULL) != 0)
		flying++;
	while (flying-- > 0) {
		over(d, CONTACT_TALKED, now);
		flying += go(NULL) != 0;
	}
	destination_drop(&d);
}

/* A host that a route names bears more from the beginning. */
static void
named_begins_wide(void **state UNUSED)
{
	struct destination *mx = destination_take(VIEW_LIT("wide.test"));
	struct destination *named =
	    destination_take(VIEW_LIT("[wide.test]:25"));

	limits(30, 1000, 0);
	assert_int_equal(window_of(mx), 5);
	assert_int_equal(window_of(named), 20);
	destination_drop(&mx);
	destination_drop(&named);
}

/* A dead host costs one probe for each back-off. */
static void
dead_is_left_alone(void **state UNUSED)
{
	struct destination *d = destination_take(VIEW_LIT("dead.test"));
	int64_t began = now, until;
	size_t shed = 0;

	limits(20, 1000, 0);
	for (int i = 0; i < 100; i++)
		add(d, 1, true);
	for (int i = 0; i < 5; i++)
		assert_int_not_equal(go(NULL), 0);
	assert_int_equal(go(NULL), 0);
	now += 30000;
	over(d, CONTACT_FAILED, began);
	until = destination_until(d, now);
	assert_true(until >= now + 262000 && until <= now + 338000);
	assert_true(view_is(reason_sentence(destination_trouble(d)),
	    "connect: no"));
	/* the others that were under way say nothing new */
	for (int i = 0; i < 4; i++)
		over(d, CONTACT_FAILED, began);
	assert_int_equal(destination_until(d, now), until);
	/* everything comes out, to be put off */
	for (struct job *j; shed < 95; shed++) {
		struct destination *of;
		int64_t wait;

		j = destination_next(now, &of, &wait);
		assert_non_null(j);
		free(j);
		destination_drop(&of);
	}
	assert_int_equal(go(NULL), 0);
	/* one probe */
	now = until;
	for (int i = 0; i < 100; i++)
		add(d, 1, true);
	assert_int_not_equal(go(NULL), 0);
	assert_int_equal(go(NULL), 0);
	/* one that asked nobody tells nothing, and another takes its place */
	over(d, CONTACT_UNTRIED, now);
	assert_non_null(destination_trouble(d));
	assert_int_not_equal(go(NULL), 0);
	assert_int_equal(go(NULL), 0);
	began = now++;
	over(d, CONTACT_FAILED, began);
	assert_true(destination_until(d, now) > now + 520000);
	/* the administrator says: now; and it lives */
	destination_wake(d);
	began = now++;
	assert_int_not_equal(go(NULL), 0);
	assert_int_equal(go(NULL), 0);
	over(d, CONTACT_TALKED, began);
	assert_null(destination_trouble(d));
	for (int flying = 0; flying >= 0; flying--) {
		while (go(NULL) != 0)
			flying++;
		if (flying > 0)
			over(d, CONTACT_TALKED, now);
	}
	destination_drop(&d);
}

static void
rate_is_kept(void **state UNUSED)
{
	struct destination *d = destination_take(VIEW_LIT("rate.test")), *of;
	int64_t begin = now, wait;
	uint32_t gone = 0;

	limits(20, 1000, 60);
	for (int i = 0; i < 30; i++)
		add(d, 1, false);
	while (gone < 30) {
		struct job *j = destination_next(now, &of, &wait);

		if (j == NULL) {
			assert_true(wait > 0 && wait <= 1000);
			now += wait;
			continue;
		}
		destination_begin(d, now);
		destination_count(d, now);
		over(d, CONTACT_TALKED, now);
		free(j);
		destination_drop(&of);
		gone++;
	}
	assert_int_equal(now - begin, 29000);
	destination_drop(&d);
}

/* Neither many of one destination, nor many recipients, nor old mail delays the
 * single new one. */
static void
turns_are_fair(void **state UNUSED)
{
	struct destination *big = destination_take(VIEW_LIT("big.test"));
	struct destination *small = destination_take(VIEW_LIT("small.test"));
	struct destination *old = destination_take(VIEW_LIT("old.test"));
	struct destination *to;
	uint64_t single;
	size_t turn = 0;

	limits(1000, 100000, 0);
	for (int i = 0; i < 1000; i++) {
		add(big, 1, false);
		add(old, 1, true);
	}
	add(small, 1, false);
	do {
		assert_int_not_equal(go(&to), 0);
		over(to, CONTACT_TALKED, now);
	} while (turn++ < 4 && to != small);
	assert_ptr_equal(to, small);
	/* new before old in one destination */
	add(old, 1, false);
	single = ids;
	turn = 0;
	for (uint64_t mail = 0; mail != single && turn < 10; turn++) {
		mail = go(&to);
		over(to, CONTACT_TALKED, now);
	}
	assert_true(turn < 10);
	/* old ones have turns, too */
	turn = 0;
	for (size_t i = 0; i < 1000; i++) {
		go(&to);
		over(to, CONTACT_TALKED, now);
		turn += to == old;
	}
	assert_true(turn >= 240 && turn <= 260);
	while (go(&to) != 0)
		over(to, CONTACT_TALKED, now);
	destination_drop(&big);
	destination_drop(&small);
	destination_drop(&old);
}

/* A list goes in parts, and each part gets behind what waits. */
static void
parts_take_turns(void **state UNUSED)
{
	struct destination *d = destination_take(VIEW_LIT("list.test")), *of;
	struct job *j;
	int64_t wait;

	limits(20, 1000, 0);
	add(d, 100000, false);
	add(d, 1, false);
	j = destination_next(now, &of, &wait);
	assert_int_equal(j->n, 100000);
	j->at += 100;
	destination_again(of, j, false);
	j = destination_next(now, &of, &wait);
	assert_int_equal(j->n, 1);
	free(j);
	destination_drop(&of);
	j = destination_next(now, &of, &wait);
	assert_int_equal(j->rcpt[j->at], 100);
	free(j);
	destination_drop(&of);
	destination_drop(&d);
}

/* Its share was all it could have, and the others are gone. */
static void
shares_grow_again(void **state UNUSED)
{
	struct destination *a = destination_take(VIEW_LIT("a.test"));
	struct destination *b = destination_take(VIEW_LIT("b.test")), *to;

	limits(20, 4, 0);
	for (int i = 0; i < 2; i++) {
		add(a, 1, false);
		add(b, 1, false);
	}
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(go(NULL), 0);
	assert_int_equal(go(NULL), 0);
	over(a, CONTACT_TALKED, now);
	over(a, CONTACT_TALKED, now);
	assert_int_not_equal(go(&to), 0);
	assert_ptr_equal(to, b);
	over(b, CONTACT_TALKED, now);
	over(b, CONTACT_TALKED, now);
	destination_drop(&a);
	destination_drop(&b);
}

/* A hundred that hang leave connections for nine hundred that do not. */
static void
slow_ones_leave_room(void **state UNUSED)
{
	struct destination *to, *d[1000];
	char name[32];
	size_t good = 0, hang = 0;

	limits(20, 200, 0);
	for (size_t i = 0; i < nitems(d); i++) {
		snprintf(name, sizeof(name), "d%zu.test", i);
		d[i] = destination_take(view_of(name));
		for (int k = 0; k < 5; k++)
			add(d[i], 1, false);
	}
	for (size_t i = 0; i < 20000 && go(&to) != 0; i++) {
		size_t n = 0;

		while (d[n] != to)
			n++;
		if (n < 100) {
			hang++;
			continue;
		}
		good++;
		over(to, CONTACT_TALKED, now);
	}
	assert_int_equal(good, 4500);
	assert_true(hang >= 100 && hang <= 200);
	for (size_t i = 0; i < nitems(d); i++)
		destination_drop(&d[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_for_each_text),
		cmocka_unit_test(window_grows_and_shrinks),
		cmocka_unit_test(named_begins_wide),
		cmocka_unit_test(dead_is_left_alone),
		cmocka_unit_test(rate_is_kept),
		cmocka_unit_test(turns_are_fair),
		cmocka_unit_test(parts_take_turns),
		cmocka_unit_test(shares_grow_again),
		cmocka_unit_test(slow_ones_leave_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
