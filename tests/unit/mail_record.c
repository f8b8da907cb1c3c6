/* SPDX-License-Identifier: ISC */
/*
 * mail_record - index records and flag names (lib/mail/record.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/record.h"

static void
test_pack(void **state UNUSED)
{
	struct record r = { 0x01020304, FLAG_SEEN, 1ull << 63, 7, 1ull << 40,
		-1, 1000, 0x1122334455667788 }, again;
	uint8_t b[RECORD_SIZE];

	record_put(b, &r);
	assert_memory_equal(b, "\1\2\3\4\0\0\0\1\x80", 9);
	assert_memory_equal(b + 48, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	record_get(b, &again);
	assert_memory_equal(&r, &again, sizeof(r));
	assert_int_equal(record_uid(b), r.uid);
	assert_int_equal(record_flags(b), r.flags);
}

static void
test_find(void **state UNUSED)
{
	static const uint32_t uids[] = { 3, 5, 9, 4294967295u };
	uint8_t b[4 * RECORD_SIZE];
	struct view v = view_bytes(b, sizeof(b));
	struct record r = { 0 };

	for (size_t i = 0; i < 4; i++) {
		r.uid = uids[i];
		record_put(b + i * RECORD_SIZE, &r);
	}
	assert_int_equal(record_count(v), 4);
	assert_int_equal(record_find(v, 0), 0);
	assert_int_equal(record_find(v, 3), 0);
	assert_int_equal(record_find(v, 4), 1);
	assert_int_equal(record_find(v, 10), 3);
	assert_int_equal(record_find((struct view){ v.p, 2 * RECORD_SIZE }, 6),
	    2);
	record_at(v, 2, &r);
	assert_int_equal(r.uid, 9);
}

static void
test_flags(void **state UNUSED)
{
	for (uint32_t bit = 1; bit <= FLAG_RECENT; bit <<= 1) {
		assert_int_equal(flag_parse(view_of(flag_name(bit))), bit);
		if (bit != FLAG_RECENT)
			assert_int_equal(flag_of_letter(flag_letter(bit)),
			    bit);
	}
	assert_int_equal(flag_parse(view_of("\\sEEN")), FLAG_SEEN);
	assert_int_equal(flag_parse(view_of("Seen")), 0);
	assert_null(flag_name(1 << 6));
	assert_int_equal(flag_letter(FLAG_RECENT), 0);
	assert_int_equal(flag_of_letter(0), 0);
	assert_int_equal(flag_of_letter('T'), FLAG_DELETED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
