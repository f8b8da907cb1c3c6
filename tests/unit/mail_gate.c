/* SPDX-License-Identifier: ISC */
/*
 * mail_gate - what the log says of sessions that came to the gate
 *
 * Lines are compared whole: fail2ban's filter for Dovecot reads them.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "tests/unit/gate_fake.h"

static int log_fd;
static struct session session;

static void
begin(struct gate *g)
{
	must(ftruncate(log_fd, 0) == 0);
	lseek(log_fd, 0, SEEK_SET);
	session.stream.fd = -1;
	session.stream.write_deadline_ms = 300000;
	snprintf(session.client, sizeof(session.client), "192.0.2.1");
	snprintf(session.id, sizeof(session.id), "7.1");
	fake_gate.in_tls = false;
	gate_open(g, &session, "imap", 180);
	g->house = &fake_gate_house;
}

/* The line behind its time and program. */
static void
check_log(const char *expected)
{
	struct str text = { 0 };
	const char *line;

	lseek(log_fd, 0, SEEK_SET);
	assert_true(file_read_fd(log_fd, 65536, &text));
	line = strstr(str_c(&text), "imap-login: ");
	assert_non_null(line);
	assert_string_equal(line + 12, expected);
	str_free(&text);
}

static void
test_nothing_tried(void **state UNUSED)
{
	struct gate g;

	begin(&g);
	gate_leave(&g, "imap-login", "Connection closed");
	check_log("Disconnected: Connection closed (no auth attempts in 0 secs): "
	    "user=<>, rip=192.0.2.1, lip=local, session=<7.1>\n");
}

static void
test_wrong(void **state UNUSED)
{
	static const struct {
		const char *user, *logged;
	} cases[] = {
		{ "ann", "ann" },
		{ "", "" },
		/* nobody writes another address into the line */
		{ "x>, rip=203.0.113.9", "x?,\\x20rip=203.0.113.9" },
		{ "<\n\"", "?\\x0a\\x22" },
	};
	struct why w;

	why_never(&w, "7.8", "Wrong");
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str line = { 0 };
		struct gate g;

		begin(&g);
		fake_gate.in_tls = i > 0;
		gate_tried(&g, VIEW_LIT("bob"), &w);
		gate_tried(&g, view_of(cases[i].user), &w);
		gate_leave(&g, "imap-login", "Inactivity");
		str_addf(&line, "Disconnected: Inactivity (auth failed, 2 "
		    "attempts in 0 secs): user=<%s>, method=PLAIN, "
		    "rip=192.0.2.1, lip=local%s, session=<7.1>\n",
		    cases[i].logged, i > 0 ? ", TLS" : "");
		check_log(str_c(&line));
		str_free(&line);
	}
}

/* What could not be judged is nobody's guess. */
static void
test_later(void **state UNUSED)
{
	struct why w;
	struct gate g;

	begin(&g);
	why_later(&w, "3.0", "Away");
	gate_tried(&g, VIEW_LIT("ann"), &w);
	assert_int_equal(g.attempts, 0);
	gate_disallowed(&g);
	gate_leave(&g, "imap-login", "Logged out");
	check_log("Disconnected: Logged out (tried to use disallowed plaintext "
	    "auth): user=<>, rip=192.0.2.1, lip=local, session=<7.1>\n");
}

static void
test_sasl(void **state UNUSED)
{
	struct view plain = VIEW_LIT("AGFubgBzZWNyZXQ=");
	struct view octets = VIEW_LIT("YQ=="), wrong = VIEW_LIT("ZW5k");
	struct why w;
	struct gate g;

	begin(&g);
	assert_int_equal(gate_begin(&g, VIEW_LIT("plain"), &plain, &w),
	    GATE_REFUSED);
	assert_string_equal(g.tried, "ann");
	gate_end(&g);
	assert_int_equal(gate_begin(&g, VIEW_LIT("steps"), &octets, &w),
	    GATE_MORE);
	assert_string_equal(str_c(&g.challenge), "Z290IDE=");
	assert_int_equal(gate_answer(&g, VIEW_LIT("="), &w), GATE_DAMAGED);
	gate_end(&g);
	/* one that was given up is no trouble for the next */
	assert_int_equal(gate_begin(&g, VIEW_LIT("steps"), NULL, &w),
	    GATE_MORE);
	assert_string_equal(str_c(&g.challenge), "");
	assert_int_equal(gate_begin(&g, VIEW_LIT("steps"), NULL, &w),
	    GATE_MORE);
	assert_int_equal(gate_answer(&g, VIEW_LIT("*"), &w), GATE_CANCELLED);
	gate_end(&g);
	assert_int_equal(gate_begin(&g, VIEW_LIT("steps"), &wrong, &w),
	    GATE_REFUSED);
	gate_end(&g);
	gate_leave(&g, "imap-login", "Logged out");
	check_log("Disconnected: Logged out (auth failed, 2 attempts in 0 secs): "
	    "user=<>, method=STEPS, rip=192.0.2.1, lip=local, session=<7.1>\n");
}

static void
test_entered(void **state UNUSED)
{
	struct gate g;

	begin(&g);
	assert_true(gate_deadline(&g) == g.until);
	assert_in_range(session.stream.write_deadline_ms, 1, 180000);
	gate_enter(&g, "imap-login", VIEW_LIT("ann@example.test"));
	assert_int_equal(session.stream.write_deadline_ms, 300000);
	check_log("Login: user=<ann@example.test>, method=PLAIN, rip=192.0.2.1, "
	    "lip=local, session=<7.1>\n");
}

static void
test_no_handshake(void **state UNUSED)
{
	struct gate g;

	begin(&g);
	fake_gate.tls_fails = true;
	assert_false(gate_start_tls(&g));
	fake_gate.tls_fails = false;
	gate_leave(&g, "imap-login", "Connection closed");
	check_log("Disconnected: No TLS (no auth attempts in 0 secs): user=<>, "
	    "rip=192.0.2.1, lip=local, TLS handshaking: Not today, "
	    "session=<7.1>\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_tried),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_sasl),
		cmocka_unit_test(test_entered),
		cmocka_unit_test(test_no_handshake),
	};

	log_fd = memfd_create("log", MFD_CLOEXEC);
	log_open("posthouse", "imapd", log_fd, LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
