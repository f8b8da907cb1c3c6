/* SPDX-License-Identifier: ISC */
/*
 * pop3d_commands - both protocols over a mailbox in memory
 *
 * Three messages, of which the second has lost its file. No other program is
 * there: what needs one must say so. "> x" is a command, the next line is the
 * beginning of what it must say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/proc/service.h"
#include "pop3d/pop2.h"
#include "pop3d/pop3.h"
#include "tests/unit/gate_fake.h"

#define MESSAGES 3

static uint8_t records[MESSAGES * RECORD_SIZE];

static void
mailbox_fill(struct mailbox *m)
{
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct record r = { .uid = 10 * (i + 1), .size = 100 + i };

		record_put(records + i * RECORD_SIZE, &r);
		m->octets += r.size;
	}
	m->count = MESSAGES;
	m->uidvalidity = 0xabc;
	m->records = view_bytes(records, sizeof(records));
	m->ahead.first = 1;
	m->ahead.n = MESSAGES;
	for (int i = 0; i < MESSAGES; i++)
		m->ahead.fd[i] =
		    i == 1 ? -1 : file_memfd("m", VIEW_LIT("a: b\r\n\r\n"));
}

static void
mailbox_drop(struct mailbox *m)
{
	for (int i = 0; i < MESSAGES; i++)
		if (m->ahead.fd[i] >= 0)
			close(m->ahead.fd[i]);
	mailbox_unmark_all(m);
	free(m->fetched);
}

static const char *const pop3_talk[] = {
	"STAT", "+OK 3 303",
	"stat", "+OK 3 303",
	"STAT 1", "-ERR Wrong number of arguments",
	"LIST", "+OK 3 messages (303 octets)",
	"LIST 2", "+OK 2 101",
	"LIST  2 ", "+OK 2 101",
	"LIST 4", "-ERR There are only 3 messages",
	"LIST 0", "-ERR There are only 3 messages",
	"LIST x", "-ERR That is no message number",
	"LIST -1", "-ERR That is no message number",
	"LIST 4294967297", "-ERR That is no message number",
	"LIST 99999999999999999999999", "-ERR That is no message number",
	"LIST 1 2", "-ERR Wrong number of arguments",
	"UIDL 3", "+OK 3 00000abc-30",
	"UIDL", "+OK Unique identifiers follow",
	"DELE 1", "+OK Message 1 deleted",
	"DELE 1", "-ERR Message 1 is deleted",
	"RETR 1", "-ERR Message 1 is deleted",
	"TOP 1 0", "-ERR Message 1 is deleted",
	"UIDL 1", "-ERR Message 1 is deleted",
	"STAT", "+OK 2 203",
	"RSET", "+OK 3 messages (303 octets)",
	"STAT", "+OK 3 303",
	"DELE", "-ERR Wrong number of arguments",
	"RETR 2", "-ERR [SYS/TEMP] The mailbox is not available",
	"TOP 3", "-ERR Wrong number of arguments",
	"TOP 3 -1", "-ERR That is no number of lines",
	"NOOP", "+OK Still here",
	"LAST", "+OK 0",
	"LAST 1", "-ERR Wrong number of arguments",
	"CAPA", "+OK Capabilities follow",
	"USER x", "-ERR Logged in already",
	"PASS x", "-ERR Logged in already",
	"APOP x y", "-ERR Logged in already",
	"", "-ERR Unknown command",
	"STATX", "-ERR Unknown command",
	" STAT", "-ERR Unknown command",
	"DELE 3", "+OK Message 3 deleted",
	"QUIT", "-ERR [SYS/TEMP] The deleted messages were not removed",
	NULL,
};

static void
test_pop3(void **state UNUSED)
{
	struct session s = { 0 };
	struct pop3 p;
	struct str said = { 0 };
	unsigned errors = 0;

	pop3_begin(&p, &s, 180);
	p.state = POP3_TRANSACTION;
	mailbox_fill(&p.mailbox);
	for (size_t i = 0; pop3_talk[i] != NULL; i += 2) {
		pop3_command(&p, view_of(pop3_talk[i]));
		str_reset(&said);
		str_addf(&said, "%s %s", p.reply.ok ? "+OK" : "-ERR",
		    str_c(&p.reply.text));
		if (!view_starts(str_view(&said), view_of(pop3_talk[i + 1])))
			fail_msg("%s: %s", pop3_talk[i], str_c(&said));
		errors += !p.reply.ok;
		assert_int_equal(p.errors, errors);
	}
	assert_int_equal(p.state, POP3_END);
	mailbox_drop(&p.mailbox);
	str_free(&said);
	p.mailbox = (struct mailbox){ 0 };
	pop3_free(&p);
}

/* What stands behind "+ ", "+OK " or "-ERR ", and these. */
static const char *
said(const struct pop3 *p)
{
	static char line[128];

	snprintf(line, sizeof(line), "%s %s", p->reply.more ? "+" :
		p->reply.ok ? "+OK" : "-ERR", str_c(&p->reply.text));
	return line;
}

#define DAMAGED "-ERR Not base64, or too long"

static const char *const login_talk[] = {
	"AUTH", "+OK Ways to log in follow",
	"AUTH PLAIN", "+ ",
	"AGFubgBzZWNyZXQ=", "-ERR [AUTH] Wrong password",
	"auth plain AGFubgBzZWNyZXQ=", "-ERR [AUTH] Wrong password",
	"AUTH PLAIN =", "-ERR [AUTH] Wrong password",
	"AUTH PLAIN x y", "-ERR Wrong number of arguments",
	"AUTH PLAIN YQ", DAMAGED,
	"AUTH CRAM-MD5", "-ERR No such way to log in",
	"AUTH STEPS", "+ ",
	"*", "-ERR Cancelled",
	"*", "-ERR Unknown command",
	"AUTH STEPS =", "+ Z290IDA=",
	"", "+ Z290IDA=",
	"YQ==", "+ Z290IDE=",
	/* whatever a line looks like, it is a response */
	"QUIT", "+ Z290IDM=",
	"CAPA ", DAMAGED,
	"AUTH STEPS YQ==", "+ Z290IDE=",
	"YXdheQ==", "-ERR [SYS/TEMP] Away",
	"AUTH STEPS b2Rk", "-ERR The response is malformed",
	"APOP ann 00", "-ERR There is no APOP here",
	"STLS", "-ERR There is no TLS here",
	"STLS now", "-ERR Wrong number of arguments",
	"USER ann", "+OK Password, please",
	"QUIT", "+OK Good bye",
	NULL,
};

static void
test_pop3_login(void **state UNUSED)
{
	struct session s = { 0 };
	struct pop3 p;

	pop3_begin(&p, &s, 180);
	p.gate.house = &fake_gate_house;
	for (size_t i = 0; login_talk[i] != NULL; i += 2) {
		pop3_command(&p, view_of(login_talk[i]));
		if (strcmp(said(&p), login_talk[i + 1]) != 0)
			fail_msg("%s: %s", login_talk[i], said(&p));
	}
	assert_int_equal(p.gate.attempts, 3);
	assert_string_equal(p.gate.tried, "");
	pop3_free(&p);
}

/* The stamp is in the greeting, and another one each time. */
static void
test_pop3_apop(void **state UNUSED)
{
	struct session s = { .id = "7.1" };
	struct str first = { 0 };
	struct pop3 p;

	fake_gate.apop = true;
	for (int i = 0; i < 2; i++) {
		pop3_begin(&p, &s, 180);
		p.gate.house = &fake_gate_house;
		pop3_stamp(&p, "mail.example.test");
		assert_true(view_starts(str_view(&p.stamp), VIEW_LIT("<7.1.")));
		assert_true(view_ends(str_view(&p.stamp),
		    VIEW_LIT("@mail.example.test>")));
		assert_string_not_equal(str_c(&p.stamp), str_c(&first));
		str_add(&first, str_view(&p.stamp));
		pop3_command(&p, VIEW_LIT("APOP ann"));
		assert_string_equal(said(&p), "-ERR Wrong number of arguments");
		pop3_command(&p, VIEW_LIT("APOP ann 00"));
		assert_string_equal(said(&p), "-ERR [AUTH] Wrong digest");
		assert_string_equal(p.gate.tried, "ann");
		pop3_free(&p);
	}
	fake_gate.apop = false;
	str_free(&first);
}

/* AUTH has long lines, nothing else has. */
static void
test_pop3_long_lines(void **state UNUSED)
{
	static char line[SASL_LINE_MAX + 64];
	struct session s = { 0 };
	struct pop3 p;
	int n;

	pop3_begin(&p, &s, 180);
	p.gate.house = &fake_gate_house;
	n = snprintf(line, sizeof(line), "AUTH STEPS %0*d", SASL_LINE_MAX, 0);
	pop3_command(&p, view_bytes(line, (size_t)n));
	assert_string_equal(said(&p), "+ Z290IDEyMjg4");
	pop3_command(&p, view_bytes(line + 11, SASL_LINE_MAX));
	assert_string_equal(said(&p), "+ Z290IDEyMjg4");
	pop3_command(&p, view_bytes(line + 10, SASL_LINE_MAX + 4));
	assert_string_equal(said(&p), DAMAGED);
	n = snprintf(line, sizeof(line), "USER %0*d", POP3_LINE_MAX - 7, 0);
	pop3_command(&p, view_bytes(line, (size_t)n));
	assert_true(p.reply.ok);
	pop3_command(&p, view_bytes(line, (size_t)n + 1));
	assert_string_equal(said(&p), "-ERR The line is too long");
	pop3_free(&p);
}

/* Passwords wait for TLS, and a name from before it is forgotten. */
static void
test_pop3_stls(void **state UNUSED)
{
	struct session s = { 0 };
	struct pop3 p;

	fake_gate.tls_offered = fake_gate.strict = true;
	pop3_begin(&p, &s, 180);
	p.gate.house = &fake_gate_house;
	pop3_command(&p, VIEW_LIT("USER ann"));
	assert_string_equal(said(&p),
	    "-ERR [AUTH] Passwords are accepted in TLS only");
	pop3_command(&p, VIEW_LIT("AUTH PLAIN"));
	assert_string_equal(said(&p), "-ERR [AUTH] Not in the clear");
	assert_int_equal(p.gate.disallowed, 2);
	str_adds(&p.user, "mallory");
	pop3_command(&p, VIEW_LIT("STLS"));
	assert_true(p.reply.ok && p.begins_tls);
	assert_true(gate_start_tls(&p.gate));
	pop3_command(&p, VIEW_LIT("PASS x"));
	assert_string_equal(said(&p), "-ERR USER first");
	pop3_command(&p, VIEW_LIT("STLS"));
	assert_string_equal(said(&p), "-ERR TLS is on already");
	pop3_command(&p, VIEW_LIT("USER ann"));
	assert_true(p.reply.ok);
	pop3_free(&p);
	fake_gate.tls_offered = fake_gate.strict = fake_gate.in_tls = false;
}

/* Before the login only little is allowed. */
static void
test_pop3_order(void **state UNUSED)
{
	static const char *const talk[] = { "STAT", "LIST", "UIDL", "RETR 1",
		"TOP 1 1", "DELE 1", "RSET", "NOOP", "PASS x" };
	struct session s = { 0 };
	struct pop3 p;

	pop3_begin(&p, &s, 180);
	for (size_t i = 0; i < nitems(talk); i++) {
		pop3_command(&p, view_of(talk[i]));
		assert_false(p.reply.ok);
	}
	pop3_command(&p, VIEW_LIT("QUIT"));
	assert_true(p.reply.ok);
	pop3_free(&p);
}

/* Each talk begins in state MBOX; one that fails ends there. */
static const char *const pop2_talks[][24] = {
	{ "READ", "=100", "RETR", "", "ACKS",
	    "- The mailbox is not available" },
	{ "READ 3", "=102", "RETR", "", "ACKD", "=0", "READ 3", "=0", "READ 1",
	    "=100", "READ", "=100", "QUIT",
	    "- The deleted messages were not removed" },
	{ "READ 4", "=0", "READ 99", "=0", "QUIT", "+ Good bye" },
	{ "read 1", "=100", "retrieve", "", "nack", "=100", "Retr", "", "NACK",
	    "=100", "QUIT", "+ Good bye" },
	{ "READ 3", "=102", "RETRIEVE", "", "SAVE", "=0", "RETR",
	    "- RETR is out of order" },
	{ "RETR", "- RETR is out of order" },
	{ "ACKS", "- ACKS is out of order" },
	{ "READ 1", "=100", "ACKD", "- ACKD is out of order" },
	{ "READ 1", "=100", "RETR", "", "QUIT", "- QUIT is out of order" },
	{ "READ 1", "=100", "RETR", "", "READ 2", "- READ is out of order" },
	{ "READ 0", "- READ wants a message number" },
	{ "READ x", "- READ wants a message number" },
	{ "READ 2", "- The mailbox is not available" },
	{ "HELO a b", "- HELO is out of order" },
	{ "FOLD", "- FOLD wants the name of a mailbox" },
	{ "QUIT now", "- QUIT has no arguments" },
	{ "STAT", "- Unknown command" },
	{ "", "- Unknown command" },
};

static void
pop2_talk(const char *const *talk)
{
	struct session s = { 0 };
	struct pop2 p;

	pop2_begin(&p, &s, 180);
	p.state = POP2_MBOX;
	p.number = 1;
	mailbox_fill(&p.mailbox);
	for (; *talk != NULL; talk += 2) {
		assert_int_not_equal(p.state, POP2_END);
		pop2_command(&p, view_of(talk[0]));
		if (!view_starts(str_view(&p.reply), view_of(talk[1])))
			fail_msg("%s: %s", talk[0], str_c(&p.reply));
		assert_int_equal(p.send, talk[1][0] == '\0');
		assert_int_equal(p.state == POP2_END,
		    talk[1][0] == '-' || talk[1][0] == '+');
	}
	mailbox_drop(&p.mailbox);
	p.mailbox = (struct mailbox){ 0 };
	pop2_free(&p);
}

static void
test_pop2(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(pop2_talks); i++)
		pop2_talk(pop2_talks[i]);
}

/* Every command in each state. */
static void
test_pop3_states(void **state UNUSED)
{
	static const struct {
		const char *line;
		unsigned states;
	} lines[] = {
		{ "USER a", POP3_AUTHORIZATION },
		{ "PASS a", POP3_AUTHORIZATION },
		{ "APOP a b", POP3_AUTHORIZATION },
		{ "AUTH", POP3_AUTHORIZATION },
		{ "STLS", POP3_AUTHORIZATION },
		{ "UTF8", POP3_AUTHORIZATION },
		{ "CAPA", POP3_AUTHORIZATION | POP3_TRANSACTION },
		{ "LANG", POP3_AUTHORIZATION | POP3_TRANSACTION },
		{ "STAT", POP3_TRANSACTION },
		{ "LIST", POP3_TRANSACTION },
		{ "UIDL", POP3_TRANSACTION },
		{ "RETR 1", POP3_TRANSACTION },
		{ "TOP 1 1", POP3_TRANSACTION },
		{ "DELE 1", POP3_TRANSACTION },
		{ "RSET", POP3_TRANSACTION },
		{ "NOOP", POP3_TRANSACTION },
		{ "LAST", POP3_TRANSACTION },
	};

	for (size_t i = 0; i < 2 * nitems(lines); i++) {
		const char *line = lines[i / 2].line;
		bool in = i % 2 == 1, may;
		struct session s = { 0 };
		struct pop3 p;

		pop3_begin(&p, &s, 180);
		p.gate.house = &fake_gate_house;
		p.state = in ? POP3_TRANSACTION : POP3_AUTHORIZATION;
		mailbox_fill(&p.mailbox);
		may = (lines[i / 2].states & p.state) != 0;
		pop3_command(&p, view_of(line));
		if (may == (strcmp(said(&p), "-ERR Log in first") == 0 ||
			strcmp(said(&p), "-ERR Logged in already") == 0))
			fail_msg("%s: %s", line, said(&p));
		mailbox_drop(&p.mailbox);
		p.mailbox = (struct mailbox){ 0 };
		pop3_free(&p);
	}
}

static void
test_pop2_states(void **state UNUSED)
{
	static const struct {
		const char *line;
		unsigned states;
	} lines[] = {
		{ "HELO a b", POP2_AUTH },
		{ "FOLD x", POP2_MBOX | POP2_ITEM },
		{ "READ 9", POP2_MBOX | POP2_ITEM },
		{ "RETR", POP2_ITEM },
		{ "ACKS", POP2_NEXT },
		{ "ACKD", POP2_NEXT },
		{ "NACK", POP2_NEXT },
		{ "QUIT", POP2_AUTH | POP2_MBOX | POP2_ITEM },
	};

	fake_gate.strict = true;	/* HELO gets no further than that */
	for (size_t i = 0; i < 4 * nitems(lines); i++) {
		struct session s = { 0 };
		struct pop2 p;
		bool may;

		pop2_begin(&p, &s, 180);
		p.gate.house = &fake_gate_house;
		p.state = 1u << i % 4;
		p.number = 3;
		mailbox_fill(&p.mailbox);
		may = (lines[i / 4].states & p.state) != 0;
		pop2_command(&p, view_of(lines[i / 4].line));
		if (may == (strstr(str_c(&p.reply), "is out of order") != NULL))
			fail_msg("%s: %s", lines[i / 4].line,
			    str_c(&p.reply));
		assert_true(may || p.state == POP2_END);
		mailbox_drop(&p.mailbox);
		p.mailbox = (struct mailbox){ 0 };
		pop2_free(&p);
	}
	fake_gate.strict = false;
}

/* Marks in a mailbox whose size is no multiple of eight. */
static void
test_marks(void **state UNUSED)
{
	struct mailbox m = { 0 };

	mailbox_fill(&m);
	mailbox_mark(&m, 1);
	mailbox_mark(&m, 3);
	mailbox_mark(&m, 3);
	assert_int_equal(m.marked, 2);
	assert_int_equal(m.marked_octets, 202);
	assert_true(mailbox_is_marked(&m, 1));
	assert_false(mailbox_is_marked(&m, 2));
	assert_true(mailbox_is_marked(&m, 3));
	mailbox_unmark_all(&m);
	assert_false(mailbox_is_marked(&m, 1));
	mailbox_drop(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pop3),
		cmocka_unit_test(test_pop3_order),
		cmocka_unit_test(test_pop3_login),
		cmocka_unit_test(test_pop3_long_lines),
		cmocka_unit_test(test_pop3_apop),
		cmocka_unit_test(test_pop3_stls),
		cmocka_unit_test(test_pop3_states),
		cmocka_unit_test(test_pop2),
		cmocka_unit_test(test_pop2_states),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
