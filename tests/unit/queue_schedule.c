/* SPDX-License-Identifier: ISC */
/*
 * queue_schedule - waits between tries and the order of the heap
 */
#include "queue_sample.h"

#include "lib/base/clock.h"
#include "lib/proc/fiber.h"
#include "queue/line.h"
#include "queue/schedule.h"
#include "queue/table.h"
#include "tests/clock/shift.c"

static unsigned jumps;

static void
on_jump(void)
{
	jumps++;
}

static void
test_wait(void **state UNUSED)
{
	static const struct {
		uint16_t tries;
		uint32_t first, most, want;
	} cases[] = {
		{ 1, 300, 14400, 300 },
		{ 2, 300, 14400, 600 },
		{ 5, 300, 14400, 4800 },
		{ 7, 300, 14400, 14400 },
		{ 60000, 300, 14400, 14400 },
		{ 1, 1, 14400, 1 },
		{ 4, 1, 14400, 8 },
		{ 0, 0, 0, 1 },
	};

	for (size_t i = 0; i < nitems(cases); i++)
		for (uint32_t random = 0; random < 5000; random += 37) {
			uint32_t w = schedule_wait(cases[i].tries,
			    cases[i].first, cases[i].most, random);

			assert_true(w >= cases[i].want - cases[i].want / 8);
			assert_true(w <= cases[i].want + cases[i].want / 8 + 1);
			assert_true(w >= 1);
		}
}

/* The clock was in the year 2100 when these were put off. */
static void
test_wrong_clock(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r;
	struct mail *m;

	sample_mail(&b, 1, 3);
	sample_replay(&b, &r);
	m = ledger_find(1);
	m->rcpt[0].due = 4102444800u;
	m->rcpt[1].due = schedule_now() + 14400;
	schedule_doubt(m, 14400);
	assert_true(m->rcpt[0].due <= schedule_now());
	assert_true(m->rcpt[1].due > schedule_now());
	assert_int_equal(m->rcpt[2].due, 0);
	replay_free(&r);
	str_free(&b);
	ledger_clear();
}

static uint32_t last;
static size_t seen;

static uint32_t
earliest(const struct mail *m)
{
	uint32_t due = UINT32_MAX;

	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (m->rcpt[i].state == RCPT_WAITING && m->rcpt[i].due < due)
			due = m->rcpt[i].due;
	return due;
}

static void
on_due(struct mail *m)
{
	assert_true(earliest(m) >= last);
	assert_int_equal(m->heap, 0);
	last = earliest(m);
	seen++;
}

static void
stop(void *unused UNUSED)
{
	loop_stop();
}

/* A thousand mails with random times, some moved, some removed. */
static void
test_order(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r;
	uint32_t past = schedule_now() - 100000;
	struct loop_timer *t;

	for (uint64_t id = 1; id <= 1000; id++)
		sample_mail(&b, id, 3);
	sample_replay(&b, &r);
	for (uint64_t id = 1; id <= 1000; id++) {
		struct mail *m = ledger_find(id);

		for (uint32_t i = 0; i < 3; i++)
			m->rcpt[i].due = past + arc4random_uniform(50000);
		schedule_put(m);
		m->rcpt[id % 3].due += 7;
		if (id % 10 == 0)
			schedule_remove(m);
		else
			schedule_put(m);
	}
	schedule_start(on_due, on_jump);
	t = loop_timer_new(50, stop, NULL);
	loop_run();
	loop_timer_free(&t);
	assert_int_equal(seen, 900);
	str_free(&b);
	ledger_clear();
}

/* Nobody waits: no place in the heap. */
static void
test_nobody_waits(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r;
	struct mail *m;

	sample_mail(&b, 5, 1);
	sample_replay(&b, &r);
	m = ledger_find(5);
	m->rcpt[0].due = schedule_now() + 1000;
	schedule_put(m);
	assert_int_not_equal(m->heap, 0);
	ledger_move(m, 0, RCPT_READY);
	assert_int_equal(m->busy, 1);
	schedule_put(m);
	assert_int_equal(m->heap, 0);
	str_free(&b);
	ledger_clear();
}

/* The higher priority first, and still everybody's turn comes. */
static void
test_priorities(void **state UNUSED)
{
	struct lines l = { 0 };
	size_t place[LEVELS] = { 0 }, high = 0;

	for (unsigned level = 1; level < LEVELS; level++)
		lines_put(&l, level, (struct waiting){ level, 0 });
	for (unsigned i = LEVELS - 1; i > LEVELS - 1 - 7; i--)
		assert_int_equal(lines_take(&l).mail, i);
	while (l.n > 0)
		lines_take(&l);
	/* new ones of the highest level never end */
	for (unsigned level = 1; level < LEVELS; level++)
		lines_put(&l, level, (struct waiting){ level, 1 });
	for (size_t turn = 1; turn <= LEVELS * TURNS_FAIR; turn++) {
		struct waiting w = lines_take(&l);

		lines_put(&l, LEVELS - 1, (struct waiting){ LEVELS - 1, 0 });
		if (w.rcpt == 1)
			place[w.mail] = turn;
		high += w.mail == LEVELS - 1;
	}
	for (unsigned level = 1; level < LEVELS; level++)
		assert_int_not_equal(place[level], 0);
	assert_true(high >= LEVELS * (TURNS_FAIR - 1));
	while (l.n > 0)
		lines_take(&l);
	for (unsigned level = 0; level < LEVELS; level++)
		free(l.at[level].item);
}

static uint32_t woken;

static void
on_by(struct mail *m)
{
	woken++;
	m->late = true;
	schedule_put(m);
}

/* The time that the sender set wakes the mail once; what is held waits. */
static void
test_by_and_hold(void **state UNUSED)
{
	static const struct settles nothing;
	struct mail_head h = sample_head;
	struct str b = { 0 }, rcpts = { 0 };
	struct replay r;
	struct mail *m;
	struct loop_timer *t;
	uint32_t now = schedule_now();

	h.hold = now + 1000000;
	sample_rcpts(&rcpts, 2);
	mail_write_new(&b, 7, &h, str_view(&rcpts), &nothing);
	h.hold = 0;
	h.by = now - 1;
	h.by_mode = BY_NOTIFY;
	mail_write_new(&b, 8, &h, str_view(&rcpts), &nothing);
	sample_replay(&b, &r);
	m = ledger_find(7);
	schedule_doubt(m, 100);
	assert_int_equal(m->rcpt[0].due, now + 1000000);
	m = ledger_find(8);
	m->rcpt[0].due = m->rcpt[1].due = now + 1000;
	schedule_start(on_by, on_jump);
	schedule_put(m);
	schedule_put(ledger_find(7));
	t = loop_timer_new(50, stop, NULL);
	loop_run();
	loop_timer_free(&t);
	assert_int_equal(woken, 1);
	schedule_remove(m);
	schedule_remove(ledger_find(7));
	str_free(&b);
	str_free(&rcpts);
	ledger_clear();
}

/* The clock jumps by so much. A try is as far away as before, and in the same
 * order; what a sender has set are times of the clock. */
static void
jump(int64_t seconds)
{
	static const struct settles nothing;
	struct mail_head h = sample_head;
	struct str b = { 0 }, rcpts = { 0 };
	struct replay r;
	struct mail *tried, *held;
	uint32_t now = schedule_now(), hold = now + 200000;

	sample_rcpts(&rcpts, 3);
	mail_write_new(&b, 11, &h, str_view(&rcpts), &nothing);
	h.hold = hold;
	mail_write_new(&b, 12, &h, str_view(&rcpts), &nothing);
	sample_replay(&b, &r);
	tried = ledger_find(11);
	held = ledger_find(12);
	for (uint32_t i = 0; i < 3; i++)
		tried->rcpt[i].tries = 1;
	tried->rcpt[0].due = now + 300000;
	tried->rcpt[1].due = FROZEN;
	tried->rcpt[2].due = now + 150000;
	schedule_put(tried);
	schedule_put(held);
	at_rest += seconds;
	jumps = 0;
	schedule_follow();
	assert_int_equal(jumps, 1);
	assert_in_range((uint32_t)(schedule_now() - now - seconds), 0, 60);
	assert_int_equal(tried->rcpt[0].due, now + seconds + 300000);
	assert_int_equal(tried->rcpt[1].due, FROZEN);
	assert_int_equal(tried->rcpt[2].due, now + seconds + 150000);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(held->rcpt[i].due, hold);
	/* the first to come is on top */
	assert_int_equal(tried->heap, seconds < 0 ? 1 : 2);
	assert_int_equal(held->heap, seconds < 0 ? 2 : 1);
	schedule_remove(tried);
	schedule_remove(held);
	str_free(&b);
	str_free(&rcpts);
	ledger_clear();
}

static void
test_jump(void **state UNUSED)
{
	jump(86400);
	jump(-86400);
}

static void
test_table(void **state UNUSED)
{
	enum { N = 5000 };
	static uint64_t thing[N];
	static bool in[N];
	struct table t = { 0 };
	size_t count = 0, walked = 0;

	for (size_t i = 0; i < N; i++)
		thing[i] = i * 1048576 + 1;
	for (size_t step = 0; step < 50000; step++) {
		size_t i = arc4random_uniform(N);

		assert_ptr_equal(table_find(&t, thing[i]),
		    in[i] ? &thing[i] : NULL);
		if (in[i])
			table_remove(&t, thing[i]);
		else
			table_add(&t, &thing[i]);
		in[i] = !in[i];
		count += in[i] ? 1 : (size_t)-1;
	}
	assert_int_equal(t.count, count);
	for (size_t at = 0; table_next(&t, &at) != NULL;)
		walked++;
	assert_int_equal(walked, count);
	table_free(&t);
}

static void
test_reasons(void **state UNUSED)
{
	struct reason *a = reason_take(VIEW_LIT("4.1"), VIEW_LIT("x"),
	    VIEW_LIT("y"), VIEW_NONE);
	struct reason *b = reason_take(VIEW_LIT("4.1"), VIEW_LIT("x"),
	    VIEW_LIT("y"), VIEW_NONE);
	struct reason *c = reason_take(VIEW_LIT("4.1"), VIEW_LIT("xy"),
	    VIEW_NONE, VIEW_NONE);

	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	reason_drop(&a);
	assert_null(a);
	assert_true(view_is(reason_relay(b), "y"));
	reason_drop(&b);
	assert_true(view_is(reason_sentence(c), "xy"));
	reason_drop(&c);
	assert_int_equal(reason_status(NULL).n, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wrong_clock),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_nobody_waits),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_by_and_hold),
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
