/* SPDX-License-Identifier: ISC */
/*
 * proc_pop_settings - forms of identifiers, and days
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/proc/pop_settings.h"

/* Of UIDVALIDITY 1234567890 and UID 42; NULL: refused. */
static const struct {
	const char *setting, *uidl;
} forms[] = {
	{ "posthouse", "499602d2-42" },
	{ "dovecot", "0000002a499602d2" },
	{ "courier", "UID42-1234567890" },
	{ "cyrus", "1234567890.42" },
	{ "cyrus-old", "42" },
	{ "uw", "499602d20000002a" },
	{ "%u", "42" },
	{ "%05u", "00042" },
	{ "%0u", "42" },
	{ "%5u", NULL },		/* Dovecot would cut it off */
	{ "%50u", NULL },
	{ "%xu.%Xv!", "2a.499602d2!" },
	{ "<%v:%032u>",
	    "<1234567890:00000000000000000000000000000042>" },
	{ "%u%u%u%u%u%u", "424242424242" },
	{ "%u%u%u%u%u%u12345678v", "42424242424212345678v" },
	{ "%u%u%u%u%u%u1234567890", NULL },	/* 70 octets at most */
	{ "%u%u%u%u%u%u%u", NULL },
	{ "", NULL },
	{ "%v", NULL },
	{ "Dovecot", NULL },
	{ "%", NULL },
	{ "%u%", NULL },
	{ "%%u", NULL },
	{ "%033u", NULL },
	{ "%0999999999999u", NULL },
	{ "%u %v", NULL },
	{ "%u\x7f", NULL },
	{ "%m", NULL },
};

static void
test_forms(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(forms); i++) {
		struct str out = { 0 };
		struct uidl_form f;

		print_message("%s\n", forms[i].setting);
		assert_int_equal(uidl_form(&f, forms[i].setting),
		    forms[i].uidl != NULL);
		if (forms[i].uidl == NULL)
			continue;
		uidl_write(&f, 1234567890, 42, &out);
		assert_string_equal(str_c(&out), forms[i].uidl);
		str_free(&out);
	}
}

/* Whose is it? 0: nobody's. UIDVALIDITY is 9 where the form does not have it. */
static const struct {
	const char *setting, *uidl;
	uint32_t uidvalidity, uid;
} readings[] = {
	{ "posthouse", "499602d2-42", 1234567890, 42 },
	{ "posthouse", "499602d2-", 0, 0 },
	{ "posthouse", "499602d2-042", 0, 0 },
	{ "posthouse", "499602D2-42", 0, 0 },
	{ "posthouse", "499602d2-4294967295", 1234567890, UINT32_MAX },
	{ "posthouse", "499602d2-4294967296", 0, 0 },
	{ "posthouse", "499602d2-99999999999999999999999", 0, 0 },
	{ "posthouse", "99602d2-42", 0, 0 },
	{ "posthouse", "", 0, 0 },
	{ "dovecot", "0000002a499602d2", 1234567890, 42 },
	{ "dovecot", "0000002a499602d2x", 0, 0 },
	{ "courier", "UID42-1234567890", 1234567890, 42 },
	{ "courier", "uid42-1234567890", 0, 0 },
	{ "cyrus", "1234567890.42", 1234567890, 42 },
	{ "cyrus-old", "42", 9, 42 },
	{ "cyrus-old", "42x", 0, 0 },
	{ "uw", "499602d20000002a", 1234567890, 42 },
	{ "%u%v", "421234567890", 0, 0 },
	{ "%u.%u", "42.42", 9, 42 },
	{ "%u.%u", "42.43", 0, 0 },
};

static void
test_readings(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(readings); i++) {
		uint32_t uidvalidity = 9, uid = 0;
		struct uidl_form f;

		print_message("%s\n", readings[i].uidl);
		assert_true(uidl_form(&f, readings[i].setting));
		assert_int_equal(uidl_read(&f, view_of(readings[i].uidl),
		    &uidvalidity, &uid), readings[i].uid != 0);
		if (readings[i].uid == 0)
			continue;
		assert_int_equal(uidvalidity, readings[i].uidvalidity);
		assert_int_equal(uid, readings[i].uid);
	}
	assert_false(uidl_valid(VIEW_NONE));
	assert_false(uidl_valid(VIEW_LIT("a b")));
	assert_true(uidl_valid(VIEW_LIT("!~")));
}

static void
test_days(void **state UNUSED)
{
	int64_t days;

	assert_true(pop3_expire_days("never", &days) && days == -1);
	assert_true(pop3_expire_days("0", &days) && days == 0);
	assert_true(pop3_expire_days("36500", &days) && days == 36500);
	assert_false(pop3_expire_days("36501", &days));
	assert_false(pop3_expire_days("-1", &days));
	assert_false(pop3_expire_days("1d", &days));
	assert_false(pop3_expire_days("", &days));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
