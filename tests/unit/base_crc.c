/* SPDX-License-Identifier: ISC */
/*
 * base_crc - CRC-32C by the instruction and by the table
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/crc.h"

/* RFC 3720 B.4, and the check value of the usual catalogues. */
static void
known(void **state UNUSED)
{
	char octets[32];

	for (int i = 0; i < 32; i++)
		octets[i] = (char)i;
	assert_int_equal(crc32c(0, view_of("123456789")), 0xe3069283);
	assert_int_equal(crc32c(0, view_bytes(octets, 32)), 0x46dd794e);
	assert_int_equal(crc32c(0, view_of("")), 0);
}

/* All lengths and beginnings, in one piece and in two. */
static void
alike(void **state UNUSED)
{
	char octets[80];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 37 + 11);
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; at + n <= sizeof(octets); n++) {
			struct view v = view_bytes(octets + at, n);
			struct view head = { v.p, n / 3 };
			struct view tail = { v.p + n / 3, n - n / 3 };
			uint32_t sum = crc32c_by_table(0, v);

			assert_int_equal(crc32c(0, v), sum);
			assert_int_equal(crc32c(crc32c(0, head), tail), sum);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(known),
		cmocka_unit_test(alike) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
