/* SPDX-License-Identifier: ISC */
/*
 * mail_quota - words about limits, ours and those of Dovecot's files
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/quota.h"

#define NONE QUOTA_UNSAID

static void
fields(UNUSED void **state)
{
	static const struct {
		const char *text;
		bool fine;
		uint64_t octets, messages;
	} cases[] = {
		{ "", true, NONE, NONE },
		{ "quota=2G", true, UINT64_C(2) << 30, NONE },
		{ "quota=0 quota_messages=5", true, 0, 5 },
		{ "home=/x quota_messages=1 shell=y", true, NONE, 1 },
		{ "userdb_quota_rule=*:storage=100:messages=7", true,
		    100 << 10, 7 },
		{ "userdb_quota_rule=*:storage=1M", true, 1 << 20, NONE },
		{ "userdb_quota_rule=*:bytes=4096", true, 4096, NONE },
		/* of one mailbox, in percent, in words that nobody knows */
		{ "userdb_quota_rule=Trash:storage=1M", true, NONE, NONE },
		{ "userdb_quota_rule=*:storage=+10%", true, NONE, NONE },
		{ "userdb_quota_rule=*:ignore=1", true, NONE, NONE },
		/* the others count */
		{ "quota=x quota_messages=3", false, NONE, 3 },
		{ "quota=-1", false, NONE, NONE },
		{ "quota=99999999999T", false, NONE, NONE },
		{ "quota_messages=1K", false, NONE, NONE },
		{ "userdb_quota_rule=*:storage=x:messages=2", false, NONE,
		    NONE },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct quota_limits q;

		assert_int_equal(quota_fields(view_of(cases[i].text), &q),
		    cases[i].fine);
		assert_true(q.octets == cases[i].octets);
		assert_true(q.messages == cases[i].messages);
		assert_int_equal(quota_is_said(&q),
		    q.octets != NONE || q.messages != NONE);
	}
}

static void
there_and_back(UNUSED void **state)
{
	static const struct quota_limits cases[] = { { 1, 2 }, { NONE, 3 },
		{ 0, NONE }, { QUOTA_MOST, QUOTA_MOST } };
	static const char *const wrong[] = { "", "1", "1 ", " 2", "1 x",
		"1 2 3", "- -1" };
	struct quota_limits q;

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str text = { 0 };

		quota_write(&text, &cases[i]);
		assert_true(quota_read(str_view(&text), &q));
		assert_true(q.octets == cases[i].octets);
		assert_true(q.messages == cases[i].messages);
		str_free(&text);
	}
	for (size_t i = 0; i < nitems(wrong); i++)
		assert_false(quota_read(view_of(wrong[i]), &q));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
