/* SPDX-License-Identifier: ISC */
/*
 * mail_table_socket - names, questions and answers of tables over sockets
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/table_client.h"
#include "lib/proc/table_name.h"

static void
count(void *arg, size_t line, const char *sentence)
{
	assert_true(line > 0 && sentence[0] != '\0');
	++*(size_t *)arg;
}

/* The address NULL: the name is wrong; connect: can it be connected to? */
static const struct {
	const char *name, *address, *asked;
	bool connect;
} names[] = {
	{ "socketmap:inet:127.0.0.1:25:map", "127.0.0.1:25", "5:map k,", true },
	{ "socketmap:inet:LocalHost:25:map", "127.0.0.1:25", "5:map k,", true },
	{ "socketmap:inet:[::1]:25:m", "[::1]:25", "3:m k,", true },
	{ "socketmap:unix:/a:b/c:m", "unix:/a:b/c", "3:m k,", true },
	{ "tcp:[2001:db8::1]:1", "[2001:db8::1]:1", "get k\n", true },
	{ "tcp:localhost:65535", "127.0.0.1:65535", "get k\n", true },
	{ "tcp:host.example:25", "host.example:25", "get k\n", false },
	{ "tcp:*:25", "*:25", "get k\n", false },
	{ "tcp:127.0.0.1:65536", "127.0.0.1:65536", "get k\n", false },
	{ "tcp:25", NULL, NULL, false },
	{ "tcp::25", NULL, NULL, false },
	{ "socketmap:map", NULL, NULL, false },
	{ "socketmap:inet:127.0.0.1:25", NULL, NULL, false },
	{ "socketmap:inet:127.0.0.1:25:", NULL, NULL, false },
	{ "socketmap:unix:a:m", NULL, NULL, false },
	{ "socketmap:unix:/:m", NULL, NULL, false },
	{ "socketmap:unix:/a", NULL, NULL, false },
};

static void
test_names(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(names); i++) {
		struct view source;
		const struct table_kind *k =
		    table_kind(view_of(names[i].name), &source);
		size_t wrong = 0;
		const struct table_sink sink = { count, &wrong, NULL };
		struct table_socket *t = k->open(source, &sink);
		struct str asked = { 0 };

		assert_true(k->is_remote && k->is_inline);
		assert_string_equal(table_name_path(names[i].name), "");
		assert_int_equal(wrong, names[i].address == NULL);
		assert_int_equal(t == NULL, names[i].address == NULL);
		if (t == NULL)
			continue;
		assert_string_equal(t->address, names[i].address);
		assert_int_equal(table_client_check(t) == NULL,
		    names[i].connect);
		table_socket_ask(t, VIEW_LIT("k"), &asked);
		assert_string_equal(str_c(&asked), names[i].asked);
		str_free(&asked);
		k->close(t);
	}
}

/* A key is not what ends a question, whatever is in it. */
static void
test_keys(void **state UNUSED)
{
	char address[] = "", map[] = "m";
	struct table_socket t = { TABLE_SOCKETMAP, address, map };
	const struct view key = VIEW_LIT("a\0 %\n\xff,b");
	struct str asked = { 0 };

	table_socket_ask(&t, key, &asked);
	assert_true(view_eq(str_view(&asked),
	    VIEW_LIT("10:m a\0 %\n\xff,b,")));
	str_reset(&asked);
	t.protocol = TABLE_TCP;
	table_socket_ask(&t, key, &asked);
	assert_string_equal(str_c(&asked), "get a%00%20%25%0A%FF,b\n");
	str_free(&asked);
}

#define MAP TABLE_SOCKETMAP
#define TCP TABLE_TCP
static const struct {
	enum table_protocol protocol;
	const char *octets;
	enum table_said said;
	const char *text;
	size_t used;
} answers[] = {
	{ MAP, "6:OK a b,", TABLE_SAID_VALUE, "a b", 9 },
	{ MAP, "6:OK a b,7:", TABLE_SAID_VALUE, "a b", 9 },
	{ MAP, "5:OK , ,", TABLE_SAID_VALUE, ", ", 8 },
	{ MAP, "9:NOTFOUND ,", TABLE_SAID_NONE, "", 12 },
	{ MAP, "8:NOTFOUND,", TABLE_SAID_NONE, "", 11 },
	{ MAP, "10:TEMP later,", TABLE_SAID_LATER, "later", 14 },
	{ MAP, "9:TIMEOUT x,", TABLE_SAID_LATER, "x", 12 },
	{ MAP, "5:PERM ,", TABLE_SAID_LATER, "", 8 },
	{ MAP, "3:OK ,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "2:OK,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "4:ok a,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "4:OKAY,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "0:,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "4:OK a.", TABLE_SAID_WRONG, "", 0 },
	{ MAP, ":OK a,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "-1:OK a,", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "100001:", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "0000004", TABLE_SAID_WRONG, "", 0 },
	{ MAP, "100000:OK a", TABLE_SAID_PART, "", 0 },
	{ MAP, "", TABLE_SAID_PART, "", 0 },
	{ MAP, "4:OK a", TABLE_SAID_PART, "", 0 },
	{ MAP, "200 a\n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "200 a%20%41%0a\n", TABLE_SAID_VALUE, "a A\n", 15 },
	{ TCP, "200 a b\nx", TABLE_SAID_VALUE, "a b", 8 },
	{ TCP, "500 no\n", TABLE_SAID_NONE, "", 7 },
	{ TCP, "500\n", TABLE_SAID_NONE, "", 4 },
	{ TCP, "400 try%20later\n", TABLE_SAID_LATER, "try later", 16 },
	{ TCP, "200 \n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "200 a%\n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "200 a%2\n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "200 a%2g\n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "2000 a\n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "\n", TABLE_SAID_WRONG, "", 0 },
	{ TCP, "200 a", TABLE_SAID_PART, "", 0 },
};

static void
test_answers(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(answers); i++) {
		struct str text = { 0 };
		size_t used = 0;
		enum table_said said = table_socket_read(answers[i].protocol,
		    view_of(answers[i].octets), &used, &text);

		if (said != answers[i].said)
			fail_msg("%s: %d", answers[i].octets, said);
		assert_true(view_is(str_view(&text), answers[i].text));
		if (answers[i].used > 0)
			assert_int_equal(used, answers[i].used);
		str_free(&text);
	}
}

/* The longest that there may be, and one octet more. */
static void
test_long(void **state UNUSED)
{
	for (size_t more = 0; more < 2; more++) {
		struct str octets = { 0 }, text = { 0 };
		size_t used = 0;

		str_adds(&octets, "200 ");
		while (octets.n < 4095 + more)
			str_addc(&octets, 'a');
		assert_int_equal(table_socket_read(TCP, str_view(&octets),
		    &used, &text), more ? TABLE_SAID_WRONG : TABLE_SAID_PART);
		str_addc(&octets, '\n');
		assert_int_equal(table_socket_read(TCP, str_view(&octets),
		    &used, &text), more ? TABLE_SAID_WRONG : TABLE_SAID_VALUE);
		str_reset(&octets);
		str_reset(&text);
		str_addf(&octets, "%zu:OK ", TABLE_SOCKET_MOST + more);
		for (size_t i = 3; i < TABLE_SOCKET_MOST + more; i++)
			str_addc(&octets, 'a');
		str_addc(&octets, ',');
		assert_int_equal(table_socket_read(MAP, str_view(&octets),
		    &used, &text), more ? TABLE_SAID_WRONG : TABLE_SAID_VALUE);
		str_free(&octets);
		str_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
