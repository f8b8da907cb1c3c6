/* SPDX-License-Identifier: ISC */
/*
 * mail_journal - segments: torn ends, damage, rotation (lib/mail/journal.h)
 */
#include "queue_sample.h"

#include "lib/base/file.h"

/* What a scan told. */
struct told {
	unsigned records, damages;
	size_t bytes;		/* damaged */
	struct str payloads;
	struct place before;	/* what the segment says of the one before */
};
static struct place before;	/* of the last count() */

static void
on_record(void *arg, enum record_type type, struct view payload)
{
	struct told *t = arg;

	t->records++;
	str_addf(&t->payloads, "%d:%.*s;", type, VIEW(payload));
}

static void
on_begun(void *arg, struct place of)
{
	struct told *t = arg;

	t->before = of;
}

static void
on_damage(void *arg, size_t at, size_t n)
{
	struct told *t = arg;

	(void)at;
	t->damages++;
	t->bytes += n;
}

static size_t
scan(struct view v, uint32_t number, struct told *t)
{
	const struct journal_reader reader = { t, on_record, on_damage,
		on_begun };

	str_free(&t->payloads);
	*t = (struct told){ 0 };
	return journal_scan(v, number, &reader);
}

static void
put(struct str *batch, enum record_type type, const char *payload)
{
	size_t begin = record_begin(batch, type);

	str_adds(batch, payload);
	record_end(batch, begin);
}

/* Five records of different lengths, and where each ends. */
static void
five(struct str *batch, size_t end[6])
{
	static const char *const payloads[] = { "", "1", "12345678",
		"a longer one that fills some words", "last" };

	end[0] = 0;
	for (size_t i = 0; i < 5; i++) {
		put(batch, RECORD_VERDICT, payloads[i]);
		end[i + 1] = batch->n;
	}
	journal_seal(7, batch->p, batch->n);
}

static void
test_torn_anywhere(void **state UNUSED)
{
	struct str b = { 0 };
	struct told t = { 0 };
	size_t end[6];

	five(&b, end);
	for (size_t cut = 0; cut <= b.n; cut++) {
		unsigned whole = 0;

		while (whole < 5 && end[whole + 1] <= cut)
			whole++;
		assert_int_equal(scan(view_bytes(b.p, cut), 7, &t),
		    end[whole]);
		assert_int_equal(t.records, whole);
		assert_int_equal(t.damages, 0);
	}
	str_free(&t.payloads);
	str_free(&b);
}

static void
test_every_byte_damaged(void **state UNUSED)
{
	struct str b = { 0 };
	struct told t = { 0 };
	size_t end[6];

	five(&b, end);
	for (size_t i = 0; i < b.n; i++) {
		unsigned hit = 0;

		while (end[hit + 1] <= i)
			hit++;
		b.p[i] ^= 0x40;
		scan(str_view(&b), 7, &t);
		/* padding behind the payload is not summed */
		if (t.records != 5) {
			assert_int_equal(t.records, 4);
			assert_int_equal(t.damages, hit < 4 ? 1 : 0);
		}
		b.p[i] ^= 0x40;
	}
	str_free(&t.payloads);
	str_free(&b);
}

static void
test_other_segment_is_not_believed(void **state UNUSED)
{
	struct str b = { 0 };
	struct told t = { 0 };
	size_t end[6];

	five(&b, end);
	assert_int_equal(scan(str_view(&b), 8, &t), 0);
	assert_int_equal(t.records, 0);
	str_free(&b);
}

static void
test_zeros_are_the_end(void **state UNUSED)
{
	static const char zeros[4096];
	struct str b = { 0 };
	struct told t = { 0 };
	size_t end[6];

	five(&b, end);
	str_addn(&b, zeros, sizeof(zeros));
	assert_int_equal(scan(str_view(&b), 7, &t), end[5]);
	assert_int_equal(t.damages, 0);
	/* a hole in the middle is damage, not an end */
	memset(b.p + end[1], 0, end[3] - end[1]);
	scan(str_view(&b), 7, &t);
	assert_int_equal(t.records, 3);
	assert_int_equal(t.damages, 1);
	assert_int_equal(t.bytes, end[3] - end[1]);
	str_free(&t.payloads);
	str_free(&b);
}

static unsigned
count(int dir, uint32_t number)
{
	struct str bytes = { 0 };
	struct told t = { 0 };
	char name[16];

	assert_true(file_read(dir, journal_name(number, name),
	    2 * SEGMENT_SIZE, &bytes));
	scan(str_view(&bytes), number, &t);
	assert_int_equal(t.damages, 0);
	before = t.before;
	str_free(&bytes);
	str_free(&t.payloads);
	return t.records;
}

/* records of the largest size: more than fit into a segment */
#define MANY	(SEGMENT_SIZE / RECORD_MOST + 6)

static void
test_write_and_rotate(void **state UNUSED)
{
	char path[64];
	int dir = sample_dir(path);
	char *big = xcalloc(1, RECORD_MOST + 1);
	struct str b = { 0 };
	struct journal j;
	uint32_t *numbers;
	size_t n;

	memset(big, 'x', RECORD_MOST);
	journal_open(&j, dir, 3);
	put(&b, RECORD_VERDICT, "small");
	assert_true(journal_write(&j, &b));
	str_reset(&b);
	/* one batch larger than a segment: it goes on in the next */
	for (unsigned i = 0; i < MANY; i++)
		put(&b, RECORD_VERDICT, big);
	assert_true(journal_write(&j, &b));
	assert_true(journal_list(dir, &numbers, &n));
	assert_int_equal(n, 2);
	assert_int_equal(numbers[0], 3);
	assert_int_equal(count(dir, 3) + count(dir, 4), MANY + 1);
	/* as a spare it holds old records, none of which is believed */
	j.spare = journal_recycle(dir, 3);
	assert_true(j.spare >= 0);
	assert_true(journal_remove(dir, 3, -1));
	free(numbers);
	assert_true(journal_list(dir, &numbers, &n));
	assert_int_equal(n, 1);
	j.at = SEGMENT_SIZE;
	str_reset(&b);
	put(&b, RECORD_VERDICT, "in a recycled segment");
	assert_true(journal_write(&j, &b));
	assert_int_equal(j.number, 5);
	assert_int_equal(count(dir, 5), 1);
	journal_close(&j);
	/* a new start goes on behind the newest */
	journal_open(&j, dir, 6);
	str_reset(&b);
	put(&b, RECORD_VERDICT, "again");
	assert_true(journal_write(&j, &b));
	assert_int_equal(count(dir, 6), 1);
	journal_close(&j);
	free(numbers);
	free(big);
	str_free(&b);
	close(dir);
	sample_dir_remove(path);
}

/* Each segment says where the one before it ended. */
static void
test_begun(void **state UNUSED)
{
	char path[64];
	int dir = sample_dir(path);
	struct str b = { 0 };
	struct journal j;

	journal_open(&j, dir, 7);
	j.at = 12345; /* as a start has found it */
	put(&b, RECORD_VERDICT, "one");
	assert_true(journal_write(&j, &b));
	assert_int_equal(count(dir, 7), 1);
	assert_int_equal(before.segment, 6);
	assert_int_equal(before.at, 12345);
	j.at = SEGMENT_SIZE;
	assert_true(journal_write(&j, &b));
	assert_int_equal(count(dir, 8), 1);
	assert_int_equal(before.segment, 7);
	assert_int_equal(before.at, SEGMENT_SIZE);
	assert_true(journal_sync(dir, 8));
	assert_false(journal_sync(dir, 9));
	journal_close(&j);
	str_free(&b);
	close(dir);
	sample_dir_remove(path);
}

/* A write that fails leaves the segment; the next goes to another one. */
static void
test_failed_write(void **state UNUSED)
{
	char path[64];
	int dir = sample_dir(path);
	struct str b = { 0 };
	struct journal j;

	journal_open(&j, dir, 1);
	put(&b, RECORD_VERDICT, "one");
	assert_true(journal_write(&j, &b));
	close(j.fd);
	j.fd = open("/dev/full", O_WRONLY);
	assert_false(journal_write(&j, &b));
	assert_true(journal_write(&j, &b));
	assert_int_equal(j.number, 2);
	assert_int_equal(count(dir, 1), 1);
	assert_int_equal(count(dir, 2), 1);
	journal_close(&j);
	str_free(&b);
	close(dir);
	sample_dir_remove(path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_torn_anywhere),
		cmocka_unit_test(test_every_byte_damaged),
		cmocka_unit_test(test_other_segment_is_not_believed),
		cmocka_unit_test(test_zeros_are_the_end),
		cmocka_unit_test(test_write_and_rotate),
		cmocka_unit_test(test_begun),
		cmocka_unit_test(test_failed_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
