/* SPDX-License-Identifier: ISC */
/*
 * mail_header - fields of a header, read and written (lib/mail/header.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/header.h"

static const struct {
	const char *in;
	size_t size;
	const char *fields;	/* name=value; of each */
} cases[] = {
	{ "", 0, "" },
	{ "\r\nbody", 2, "" },
	{ "\nbody", 1, "" },
	{ "A: b\r\nC:d\r\n\r\nbody", 13, "A=b;C=d;" },
	{ "A: b\nC:d\n\nbody", 10, "A=b;C=d;" },
	{ "A: b\r\n c\r\n\td\r\nE: f\r\n", 20, "A=b\r\n c\r\n\td;E=f;" },
	{ "A : b", 5, "A=b;" },
	{ "A:\r\n", 4, "A=;" },
	{ "no field\r\nA: b\r\n\r\n", 18, "=no field;A=b;" },
	{ "A b: c\r\n", 8, "=A b: c;" },
	{ ": c\r\n", 5, "=: c;" },
	{ " c\r\nA: b\r\n", 10, "=c;A=b;" },
	{ "A: b\r\n \r\n\r\nX: y", 11, "A=b;" },
};

static void
test_fields(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct view rest = view_of(cases[i].in);
		struct str out = { 0 };
		struct header h;

		assert_int_equal(header_size(rest), cases[i].size);
		while (header_next(&rest, &h))
			str_addf(&out, "%.*s=%.*s;", VIEW(h.name),
			    VIEW(h.value));
		assert_string_equal(str_c(&out), cases[i].fields);
		assert_string_equal(rest.p, cases[i].in + cases[i].size);
		str_free(&out);
	}
}

static void
test_find(void **state UNUSED)
{
	struct view v, m = view_of("A: 1\r\nB: 2\r\n 3\r\nb: 4\r\n\r\nC: 5\n");
	struct arena a;

	arena_init(&a);
	assert_true(header_find(m, "b", &v));
	assert_true(view_is(header_unfold(v, &a), "2 3"));
	assert_false(header_find(m, "C", &v));
	assert_true(view_is(header_unfold(view_of("a\n b\rc\r\n d"), &a),
	    "a b\rc d"));
	assert_true(header_is_name(view_of("X-Y!")));
	assert_false(header_is_name(view_of("X Y")));
	assert_false(header_is_name(view_of("")));
	arena_reset(&a);
}

/* Written lines keep 78 where blanks allow it, and unfold to the value. */
static void
test_write(void **state UNUSED)
{
	static const char *const values[] = { "", "short", "two words",
		"a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e "
		"f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"x                                                             "
		"                                                             "
		"                                                   y" };

	for (size_t i = 0; i < nitems(values); i++) {
		struct str out = { 0 };
		struct view rest;
		struct header h;
		struct arena a;

		arena_init(&a);
		header_write(&out, "Name", view_of(values[i]));
		rest = str_view(&out);
		assert_true(header_next(&rest, &h));
		assert_int_equal(rest.n, 0);
		assert_true(view_is(header_unfold(h.value, &a), values[i]));
		rest = str_view(&out);
		while (rest.n > 0 && i < 4)
			assert_true(view_cut(&rest, '\n').n <= 79);
		rest = str_view(&out);
		while (rest.n > 0)
			assert_true(view_trim(view_cut(&rest, '\n')).n > 0);
		str_free(&out);
		arena_reset(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
