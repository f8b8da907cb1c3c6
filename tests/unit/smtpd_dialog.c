/* SPDX-License-Identifier: ISC */
/*
 * smtpd_dialog - whole conversations without a socket
 *
 * The house behind the dialog is made of functions here: the router knows
 * alice, bob and team (both), the queue is a file in memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/proc/message.h"
#include "smtpd/command.h"
#include "smtpd/starttls.h"
#include "smtpd/trace.h"
#include "smtpd/xclient.h"
#include "tests/unit/smtpd_gate.h"

static struct {
	struct settings *settings;
	unsigned begun, dropped, committed, targets;
	bool queue_down, disk_full;
	struct str sender, content, rcpts;
	uint32_t skip, received;
	uint8_t body;
} world;

static const struct settings *
fake_settings(void)
{
	return world.settings;
}

static const char *
fake_hostname(void)
{
	return "mail.example.test";
}

static void
put_target(struct str *list, const char *user)
{
	list_put(list, VIEW_LIT("local"));
	list_put(list, view_of(user));
	list_put(list, view_of(user));
}

static bool
fake_route(struct dialog *d, struct view rcpt, struct routing *to,
    struct why *w)
{
	struct str list = { 0 };

	if (view_is(rcpt, "later@example.test"))
		return why_later(w, "3.0", "router is not available");
	if (view_is(rcpt, "alice@example.test") ||
	    view_is(rcpt, "team@example.test"))
		put_target(&list, "alice@example.test");
	if (view_is(rcpt, "bob@example.test") ||
	    view_is(rcpt, "team@example.test"))
		put_target(&list, "bob@example.test");
	to->targets = arena_view(&d->tx.arena, str_view(&list));
	to->discard = view_is(rcpt, "nothing@example.test");
	str_free(&list);
	if (to->targets.n == 0 && !to->discard)
		return why_never(w, "1.1", "There is no such user here");
	return why_done(w, "1.5", "Ok");
}

static bool
fake_may_send(struct dialog *d, struct view sender, struct why *w)
{
	if (view_is(sender, "busy@example.test"))
		return why_later(w, "7.1", "Too many recipients");
	if (sender.n > 0 && !view_is(sender, d->login))
		return why_never(w, "7.1", "not yours");
	return why_done(w, "1.0", "Ok");
}

static bool
fake_expand(struct dialog *d, struct view name, bool list,
    struct view *addresses, struct why *w)
{
	struct str text = { 0 };

	if (view_is(name, "team")) {
		list_put(&text, VIEW_LIT("alice@example.test"));
		list_put(&text, VIEW_LIT("bob@example.test"));
	} else if (view_starts(name, VIEW_LIT("alice"))) {
		list_put(&text, VIEW_LIT("alice@example.test"));
	} else if (view_starts(name, VIEW_LIT("m\xc3\xbcller"))) {
		list_put(&text, VIEW_LIT("m\xc3\xbcller@example.test"));
	}
	(void)list;
	*addresses = arena_view(&d->command, str_view(&text));
	str_free(&text);
	if (addresses->n == 0)
		return why_never(w, "1.1", "There is no such name here");
	return true;
}

static bool
fake_try_domain(struct dialog *d, struct view domain, uint32_t *mails,
    struct why *w)
{
	(void)d;
	if (world.queue_down)
		return why_later(w, "3.0", "queue is not available");
	*mails = view_is(domain, "empty.test") ? 0 : 3;
	return true;
}

static void
fake_begin(struct intake *in, uint64_t size)
{
	(void)size;
	if (in->state == INTAKE_OPEN && !in->used)
		return;
	world.begun++;
	in->fd = -1;
	in->mail = 0x1234;
	in->state = INTAKE_OPEN;
}

static bool
fake_ready(struct intake *in, struct why *w)
{
	if (world.queue_down)
		return why_later(w, "3.0", "queue is not available");
	if (world.disk_full)
		return why_later(w, "3.1", "No space");
	must(in->state == INTAKE_OPEN);
	return true;
}

static bool
fake_file(struct intake *in, struct why *w)
{
	must(in->state == INTAKE_OPEN && in->fd < 0);
	if (world.disk_full)
		return why_later(w, "3.1", "No space");
	in->fd = memfd_create("content", 0);
	return true;
}

static void
fake_drop(struct intake *in)
{
	if (in->state == INTAKE_OPEN) {
		if (in->fd >= 0)
			close(in->fd);
		world.dropped++;
	}
	in->state = INTAKE_NONE;
	in->used = false;
}

static bool
fake_commit(struct intake *in, const struct dialog *d,
    const struct msg_mail_commit *mail, struct why *w)
{
	str_reset(&world.sender);
	str_add(&world.sender, mail->sender);
	str_reset(&world.content);
	assert_true(in->fd < 0 || mail->content.n == 0);
	str_add(&world.content, mail->content);
	if (in->fd >= 0) {
		lseek(in->fd, 0, SEEK_SET);
		assert_true(file_read_fd(in->fd, 64u << 20, &world.content));
	}
	assert_int_equal(world.content.n, mail->size);
	str_reset(&world.rcpts);
	world.targets = 0;
	for (const struct rcpt *r = d->tx.first; r != NULL; r = r->next)
		for (const struct target *t = r->targets; t; t = t->next) {
			world.targets++;
			str_addf(&world.rcpts, "%.*s ", VIEW(t->destination));
		}
	world.skip = mail->skip;
	world.body = mail->body;
	world.received = mail->received;
	if (in->fd >= 0)
		close(in->fd);
	in->state = INTAKE_NONE;
	in->used = false;
	world.committed++;
	(void)w;
	return true;
}

static const struct house fake = {
	.settings = fake_settings,
	.hostname = fake_hostname,
	.route = fake_route,
	.may_send = fake_may_send,
	.expand = fake_expand,
	.try_domain = fake_try_domain,
	.mail_begin = fake_begin,
	.mail_ready = fake_ready,
	.mail_file = fake_file,
	.mail_commit = fake_commit,
	.mail_drop = fake_drop,
	GATE,
};

static struct dialog *
begin(enum protocol protocol)
{
	struct dialog_client client = { .protocol = protocol,
		.ip = "192.0.2.7", .uid = UINT32_MAX };
	struct settings *settings = world.settings;
	struct str sender = world.sender, content = world.content,
	    rcpts = world.rcpts;

	str_reset(&sender);
	str_reset(&content);
	str_reset(&rcpts);
	memset(&world, 0, sizeof(world));
	world.settings = settings;
	world.sender = sender;
	world.content = content;
	world.rcpts = rcpts;
	memset(&gate, 0, sizeof(gate));
	return dialog_new(&client, &fake);
}

/* Feed content in pieces of so many octets. */
static void
feed(struct dialog *d, struct view in, size_t piece, struct str *out)
{
	bool done = false;

	while (in.n > 0 && !done) {
		struct view some = { in.p, in.n < piece ? in.n : piece };
		size_t n = dialog_data(d, some, &done);

		assert_true(done || n == some.n);
		in = view_skip(in, n);
	}
	assert_true(done);
	assert_int_equal(in.n, 0);
	dialog_data_end(d, out);
}

/* Say a line; the reply must begin like this. Returns what comes next. */
static enum then
say(struct dialog *d, const char *line, const char *expect)
{
	struct response r = dialog_line(d, view_of(line));
	struct str out = { 0 };
	enum then then = r.then;

	response_write(&out, &r);
	if (!view_starts(str_view(&out), view_of(expect)))
		fail_msg("%s: expected %s, got %s", line, expect, str_c(&out));
	str_free(&out);
	return then;
}

static void
data(struct dialog *d, const char *content, const char *expect)
{
	struct str out = { 0 };

	assert_int_equal(say(d, "DATA", "354 "), THEN_DATA);
	feed(d, view_of(content), 7, &out);
	if (!view_starts(str_view(&out), view_of(expect)))
		fail_msg("expected %s, got %s", expect, str_c(&out));
	str_free(&out);
}

static void
greeted(struct dialog *d)
{
	say(d, "EHLO client.test", "250-mail.example.test");
	say(d, "MAIL FROM:<tester@client.test>", "250 2.1.0 ");
}

/* ---- cases ---- */

static void
test_lines(void **unused)
{
	/* said in this order, in one session */
	static const struct {
		const char *say, *expect;
	} lines[] = {
		{ "MAIL FROM:<a@b.test>", "503 5.5.1 EHLO" },
		{ "NOOP", "250 2.0.0 " },
		{ "RSET", "250 2.0.0 " },
		{ "VRFY alice", "252 2.1.5 " },
		{ "HELP", "214-2.0.0 " },
		{ "help mail", "214-2.0.0 MAIL FROM" },
		{ "HELP nonsense", "504 5.5.4 " },
		{ "LHLO client.test", "500 5.5.1 " },
		{ "HELO", "501 5.5.4 " },
		{ "EHLO two words", "501 5.5.4 " },
		{ "ehlo client.test", "250-mail.example.test greets client" },
		{ "EHLO [192.0.2.7]", "250-" },
		{ "RCPT TO:<alice@example.test>", "503 5.5.1 MAIL" },
		{ "DATA", "503 5.5.1 " },
		{ "MAIL", "501 5.5.4 " },
		{ "MAIL FROM", "501 5.5.4 " },
		{ "MAIL FROM:<a b@c.test>", "501 5.1.7 " },
		{ "MAIL FROM:<nodomain>", "501 5.1.7 " },
		{ "MAIL FROM:<a@b.test> SIZE=x", "501 5.5.4 " },
		{ "MAIL FROM:<a@b.test> SIZE", "501 5.5.4 " },
		{ "MAIL FROM:<a@b.test> SIZE=1 SIZE=1", "501 5.5.4 " },
		{ "MAIL FROM:<a@b.test> SIZE=99999999999", "552 5.3.4 " },
		{ "MAIL FROM:<a@b.test> BODY=9BIT", "501 5.5.4 " },
		{ "MAIL FROM:<a@b.test> RRVS=x", "555 5.5.4 " },
		{ "MAIL FROM:<a@b.test> size=100 body=8bitmime", "250 2.1.0" },
		{ "MAIL FROM:<a@b.test>", "503 5.5.1 There is" },
		{ "DATA", "503 5.5.1 RCPT" },
		{ "RCPT TO:<nobody@example.test>", "550 5.1.1 There" },
		{ "DATA", "554 5.5.1 " },
		{ "RCPT TO:<>", "501 5.1.3 " },
		{ "RCPT TO:<later@example.test>", "451 4.3.0 " },
		{ "RCPT TO:<alice@example.test> RET=FULL", "555 5.5.4 " },
		{ "EXPN team", "502 5.5.1 " },
		{ "TURN", "502 5.5.1 " },
		{ "AUTH PLAIN", "500 5.5.1 " },
		{ "XYZZY", "500 5.5.2 " },
		{ "", "500 5.5.2 " },
		{ "RCPT TO:<alice@example.test>", "250 2.1.5 " },
		{ "DATA now", "501 5.5.4 " },
		{ "HELO client.test", "250 mail.example.test" },
		{ "DATA", "503 5.5.1 MAIL" },
		{ "QUIT now", "501 5.5.4 " },
	};
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	for (size_t i = 0; i < nitems(lines); i++) {
		d->errors = 0;
		say(d, lines[i].say, lines[i].expect);
	}
	assert_int_equal(say(d, "QUIT", "221 2.0.0 "), THEN_CLOSE);
	dialog_free(&d);
	assert_int_equal(world.committed, 0);
	assert_int_equal(world.begun, world.dropped);
}

/* Clients on this host may ask who is here. */
static void
test_verify(void **unused)
{
	static const struct {
		const char *say, *expect;
	} lines[] = {
		{ "VRFY alice", "250 2.1.5 <alice@example.test>\r\n" },
		{ "VRFY <alice@example.test>", "250 2.1.5 <alice@" },
		{ "VRFY nobody", "550 5.1.1 " },
		{ "VRFY <alice", "501 5.1.3 " },
		{ "VRFY \x01", "501 5.1.3 " },
		{ "VRFY m\xc3\xbcller", "553 5.6.7 " },
		{ "VRFY m\xc3\xbcller SMTPUTF8", "250 2.1.5 <m\xc3\xbcller@" },
		{ "EXPN team", "250-2.1.5 <alice@example.test>\r\n"
		    "250 2.1.5 <bob@example.test>\r\n" },
		{ "EXPN nobody", "550 5.1.1 " },
		{ "EXPN", "501 5.5.4 " },
		{ "ETRN partner.test", "502 5.5.1 " },
	};
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	d->trusted = true;
	greeted(d);
	for (size_t i = 0; i < nitems(lines); i++) {
		d->errors = 0;
		say(d, lines[i].say, lines[i].expect);
	}
	dialog_free(&d);
}

/* What stands behind the addresses, on submission in TLS and after a login. */
static void
test_params(void **unused)
{
	static const struct {
		const char *params, *expect;	/* NULL: taken */
	} mail[] = {
		{ "RET=FULL ENVID=a+2Bb+20c", NULL },
		{ "ret=hdrs envid=x", NULL },
		{ "RET=ALL", "501 5.5.4 " },
		{ "ENVID=", "501 5.5.4 " },
		{ "ENVID=a=b", "501 5.5.4 " },
		{ "ENVID=+0D+0A", "501 5.5.4 " },
		{ "ENVID=+2b", "501 5.5.4 " },
		{ "AUTH=<>", NULL },
		{ "AUTH=e+3Dmc2@example.test", NULL },
		{ "AUTH=e=mc2@example.test", "501 5.5.4 " },
		{ "AUTH=nobody", "501 5.5.4 " },
		{ "SMTPUTF8", NULL },
		{ "SMTPUTF8=yes", "501 5.5.4 " },
		{ "SMTPUTF8 SMTPUTF8", "501 5.5.4 " },
		{ "REQUIRETLS", NULL },
		{ "REQUIRETLS=1", "501 5.5.4 " },
		{ "HOLDFOR=60", NULL },
		{ "HOLDFOR=0", "501 5.5.4 " },
		{ "HOLDFOR=999999999", "501 5.5.4 " },
		{ "HOLDUNTIL=2001-01-01T00:00:00Z", NULL },
		{ "HOLDUNTIL=tomorrow", "501 5.5.4 " },
		{ "HOLDFOR=60 HOLDUNTIL=2001-01-01T00:00:00Z", "501 5.5.4 " },
		{ "BY=120;R", NULL },
		{ "BY=+120;nt", NULL },
		{ "BY=-120;N", NULL },
		{ "BY=-120;R", "501 5.5.4 " },
		{ "BY=0;R", "501 5.5.4 " },
		{ "BY=120", "501 5.5.4 " },
		{ "BY=120;X", "501 5.5.4 " },
		{ "BY=120;RTT", "501 5.5.4 " },
		{ "BY=1234567890;N", "501 5.5.4 " },
		{ "BY=60;R HOLDFOR=120", "501 5.5.4 " },
		{ "MT-PRIORITY=-9", NULL },
		{ "MT-PRIORITY=9", NULL },
		{ "MT-PRIORITY=-0", "501 5.5.4 " },
		{ "MT-PRIORITY=+1", "501 5.5.4 " },
		{ "MT-PRIORITY=10", "501 5.5.4 " },
		{ "NOTIFY=NEVER", "555 5.5.4 " },
		{ "SIZE=99999999999999999999", "552 5.3.4 " },
		{ "SIZE=-1", "501 5.5.4 " },
	}, rcpt[] = {
		{ "NOTIFY=SUCCESS,failure", NULL },
		{ "NOTIFY=NEVER", NULL },
		{ "NOTIFY=NEVER,DELAY", "501 5.5.4 " },
		{ "NOTIFY=DELAY,", "501 5.5.4 " },
		{ "NOTIFY=", "501 5.5.4 " },
		{ "ORCPT=rfc822;bob+2Bx@example.test", NULL },
		{ "ORCPT=utf-8;m\\x{FC}ller@example.test", NULL },
		{ "ORCPT=utf-8;m\xc3\xbcller@example.test", "501 5.5.4 " },
		{ "ORCPT=rfc822;m+C3+BCller@example.test", "501 5.5.4 " },
		{ "ORCPT=rfc822", "501 5.5.4 " },
		{ "ORCPT=rfc822;", "501 5.5.4 " },
		{ "ORCPT=;bob", "501 5.5.4 " },
		{ "ORCPT=rfc822;a ORCPT=rfc822;a", "501 5.5.4 " },
		{ "SIZE=1", "555 5.5.4 " },
	};
	struct dialog *d = begin(PROTOCOL_SUBMISSION);
	char line[200];

	(void)unused;
	d->login = "alice@example.test";
	d->secure = true;
	say(d, "EHLO client.test", "250-");
	for (size_t i = 0; i < nitems(mail); i++) {
		d->errors = d->junk = 0;
		snprintf(line, sizeof(line),
		    "MAIL FROM:<alice@example.test> %s", mail[i].params);
		say(d, line, mail[i].expect ? mail[i].expect : "250 ");
		say(d, "RSET", "250 ");
	}
	say(d, "MAIL FROM:<>", "250 ");
	for (size_t i = 0; i < nitems(rcpt); i++) {
		d->errors = 0;
		snprintf(line, sizeof(line), "RCPT TO:<bob@example.test> %s",
		    rcpt[i].params);
		say(d, line, rcpt[i].expect ? rcpt[i].expect : "250 ");
	}
	say(d, "HELO client.test", "250 ");
	say(d, "MAIL FROM:<> SIZE=1", "555 5.5.4 ");
	dialog_free(&d);
}

/* One BDAT with its chunk; the reply must begin like this. */
static void
bdat(struct dialog *d, const char *line, const char *octets,
    const char *expect)
{
	struct str out = { 0 };
	struct response r = dialog_line(d, view_of(line));
	bool done;

	assert_int_equal(r.then, THEN_CHUNK);
	dialog_data(d, VIEW_NONE, &done);
	assert_int_equal(done, octets[0] == '\0');
	for (; *octets != '\0'; octets++) {
		assert_false(done);
		assert_int_equal(dialog_data(d, (struct view){ octets, 1 },
		    &done), 1);
	}
	assert_true(done);
	dialog_data_end(d, &out);
	if (!view_starts(str_view(&out), view_of(expect)))
		fail_msg("%s: expected %s, got %s", line, expect, str_c(&out));
	str_free(&out);
}

static void
test_chunks(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	bdat(d, "BDAT 4", "QUIT", "503 5.5.1 ");
	greeted(d);
	bdat(d, "BDAT 6 LAST", "RSET\r\n", "503 5.5.1 RCPT");
	assert_int_equal(d->phase, PHASE_READY);
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "RCPT TO:<nobody@example.test>", "550 ");
	bdat(d, "BDAT 1", "x", "554 5.5.1 ");
	bdat(d, "BDAT 1 LAST", "x", "503 5.5.1 ");
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "BDAT", "501 5.5.4 ");
	say(d, "BDAT x", "501 5.5.4 ");
	say(d, "BDAT 1 FIRST", "501 5.5.4 ");
	bdat(d, "BDAT 5", "S: x\r", "250 2.0.0 ");
	say(d, "RCPT TO:<bob@example.test>", "503 5.5.1 BDAT");
	say(d, "DATA", "503 5.5.1 BDAT");
	say(d, "NOOP", "250 ");
	bdat(d, "BDAT 0", "", "250 2.0.0 ");
	bdat(d, "bdat 6", "\n\r\n.\r\n", "250 2.0.0 ");
	bdat(d, "BDAT 0 last", "", "250 2.0.0 Ok: queued as ");
	assert_non_null(strstr(str_c(&world.content), "S: x\r\n\r\n.\r\n"));
	assert_int_equal(world.committed, 1);
	/* what is wrong is said at once, and the mail is gone */
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	bdat(d, "BDAT 4", "a\nb\r", "554 5.6.0 ");
	bdat(d, "BDAT 4", "MAIL", "503 5.5.1 ");
	bdat(d, "BDAT 2 LAST", "\r\n", "503 5.5.1 ");
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	bdat(d, "BDAT 3", "abc", "250 ");
	say(d, "RSET", "250 ");
	bdat(d, "BDAT 3 LAST", "abc", "503 ");
	assert_int_equal(say(d, "BDAT 99999999999999999999", "552 5.3.4 "),
	    THEN_CLOSE);
	dialog_free(&d);
	assert_int_equal(world.committed, 1);
	assert_int_equal(world.begun, world.dropped + world.committed);
}

static void
test_binary(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	greeted(d);
	say(d, "RSET", "250 ");
	say(d, "MAIL FROM:<a@b.test> BODY=BINARYMIME", "250 ");
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "DATA", "503 5.5.1 ");
	bdat(d, "BDAT 9 LAST", "\r\na\nb\rc\r\r", "250 2.0.0 Ok");
	assert_true(view_ends(str_view(&world.content),
	    VIEW_LIT("\r\n\r\na\nb\rc\r\r")));
	assert_int_equal(world.body, BODY_BINARY);
	dialog_free(&d);
}

/* Tiny chunks take no memory but that of their octets. */
static void
test_tiny_chunks(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	for (int i = 0; i < 50000; i++)
		bdat(d, i % 2 ? "BDAT 1" : "BDAT 0",
		    i % 2 == 0 ? "" : i % 100 == 97 ? "\r" :
		    i % 100 == 99 ? "\n" : "x", "250 2.0.0 ");
	assert_true(d->tx.arena.total + d->command.total < 2048);
	bdat(d, "BDAT 0 LAST", "", "250 2.0.0 Ok");
	dialog_free(&d);
}

/* Where a client's octet can stand: it is refused there, or it comes out as it
 * is. "%s" is its place. */
static void
octet(struct dialog *d, const char *format, int c, const char *carried)
{
	char line[200], want[200], at[2] = { (char)c, '\0' };
	struct response r;

	snprintf(line, sizeof(line), format, at);
	snprintf(want, sizeof(want), carried, at);
	d->errors = d->junk = 0;
	r = dialog_line(d, view_of(line));
	if (response_is_error(&r))
		return;
	if (strstr(format, "ENVID"))
		assert_true(view_is(d->tx.envid, want));
	else if (strstr(format, "ORCPT"))
		assert_true(view_is(d->tx.first->orcpt, want));
	else if (strstr(format, "HLO"))	/* blanks around it are no part */
		assert_true(view_eq(view_of(d->helo),
		    view_trim(view_of(want))));
	else if (strstr(format, "TO:"))
		assert_true(view_is(d->tx.named, want));
	else
		assert_true(view_is(d->tx.sender, want));
}

/* Nothing is special: not to a shell, nor as an option, nor to a file name. */
static void
test_octets(void **unused)
{
	static const struct {
		const char *line, *carried;
	} places[] = {
		{ "MAIL FROM:<%sbc@d.test>", "%sbc@d.test" },
		{ "MAIL FROM:<b%sc@d.test>", "b%sc@d.test" },
		{ "MAIL FROM:<bc%s@d.test>", "bc%s@d.test" },
		{ "MAIL FROM:<\"b c%s\"@d.test>", "\"b c%s\"@d.test" },
		{ "MAIL FROM:<a@%sd.test>", "a@%sd.test" },
		{ "MAIL FROM:<a@d%se.test>", "a@d%se.test" },
		{ "MAIL FROM:<a@d.test%s>", "a@d.test%s" },
		{ "MAIL FROM:<a@[192.0.2.1%s]>", "a@[192.0.2.1%s]" },
		{ "MAIL FROM:<a@[tag:b%sc]>", "a@[tag:b%sc]" },
		{ "MAIL FROM:<a@b.test> ENVID=x%sy", "x%sy" },
		{ "MAIL FROM:<a@b.test> ENVID=%s", "%s" },
		{ "RCPT TO:<alice@example.test> ORCPT=rfc822;x%sy",
		    "rfc822;x%sy" },
		{ "RCPT TO:<alice@example.test%s>", "alice@example.test%s" },
		{ "EHLO a%sb.test", "a%sb.test" },
		{ "EHLO %sab.test", "%sab.test" },
		{ "EHLO ab.test%s", "ab.test%s" },
		{ "EHLO [192.0.2.1%s]", "[192.0.2.1%s]" },
	};
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	for (size_t i = 0; i < nitems(places); i++)
		for (int c = 1; c < 256; c++) {
			d->errors = d->junk = 0;
			say(d, "EHLO client.test", "250-");
			if (strstr(places[i].line, "RCPT"))
				say(d, "MAIL FROM:<>", "250 ");
			octet(d, places[i].line, c, places[i].carried);
		}
	dialog_free(&d);
}

/* RFC 3848 and RFC 6531 4.3. */
static void
test_with(void **unused)
{
	static const struct {
		enum protocol protocol;
		bool extended, secure, login, utf8;
		const char *with;
	} cases[] = {
		{ PROTOCOL_SMTP, false, false, false, false, " with SMTP id" },
		{ PROTOCOL_SMTP, true, false, false, false, " with ESMTP id" },
		{ PROTOCOL_SMTP, true, true, false, false, " with ESMTPS id" },
		{ PROTOCOL_SUBMISSION, true, true, true, false,
		    " with ESMTPSA id" },
		{ PROTOCOL_SUBMISSION, true, false, true, false,
		    " with ESMTPA id" },
		{ PROTOCOL_SMTP, true, false, false, true, " with UTF8SMTP id" },
		{ PROTOCOL_SUBMISSION, true, true, true, true,
		    " with UTF8SMTPSA id" },
		{ PROTOCOL_LMTP, true, true, false, false, " with LMTPS id" },
		{ PROTOCOL_LMTP, true, false, false, true, " with UTF8LMTP id" },
	};
	struct str out = { 0 };

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct dialog *d = begin(cases[i].protocol);

		d->extended = cases[i].extended;
		d->secure = cases[i].secure;
		d->login = cases[i].login ? "alice@example.test" : "";
		d->tx.utf8 = cases[i].utf8;
		str_reset(&out);
		trace_write(&out, d, 1);
		assert_non_null(strstr(str_c(&out), cases[i].with));
		dialog_free(&d);
	}
	str_free(&out);
}

static void
test_mail(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);
	const char *content;

	(void)unused;
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 2.1.5 ");
	data(d, "Received: x\r\n y\r\nReceived : y\r\nRECEIVED: z\r\n"
	    "Subject: Hello\r\n\r\n..\r\nReceived: body\r\n.\r\n",
	    "250 2.0.0 Ok: queued as 0000000000001234\r\n");
	assert_int_equal(world.committed, 1);
	assert_string_equal(str_c(&world.sender), "tester@client.test");
	assert_string_equal(str_c(&world.rcpts), "alice@example.test ");
	assert_int_equal(world.received, 3);
	assert_int_equal(world.body, 0);
	content = str_c(&world.content);
	assert_int_equal(world.skip, strlen("Return-Path: "
	    "<tester@client.test>\r\nX-Original-To: alice@example.test\r\n"
	    "Delivered-To: alice@example.test\r\n"));
	assert_non_null(strstr(content, "Received: from client.test "
	    "(unknown [192.0.2.7])\r\n\tby mail.example.test with ESMTP id "
	    "0000000000001234\r\n\tfor <alice@example.test>;\r\n\t"));
	assert_non_null(strstr(content, "\r\n\r\n.\r\nReceived: body\r\n"));
	/* nothing is left over: a second mail begins anew */
	say(d, "RCPT TO:<bob@example.test>", "503 ");
	say(d, "MAIL FROM:<>", "250 ");
	say(d, "RCPT TO:<bob@example.test>", "250 ");
	data(d, "\r\n\xe4\r\n.\r\n", "250 2.0.0 ");
	assert_string_equal(str_c(&world.rcpts), "bob@example.test ");
	assert_int_equal(world.sender.n, 0);
	assert_int_equal(world.body, 1);
	dialog_free(&d);
	assert_int_equal(world.begun, 2);
	assert_int_equal(world.dropped, 0);
}

/* What two recipients have in common is delivered once. */
static void
test_targets_once(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	greeted(d);
	for (int i = 0; i < 50; i++) {
		say(d, "RCPT TO:<alice@example.test>", "250 ");
		say(d, "RCPT TO:<team@example.test>", "250 ");
	}
	data(d, ".\r\n", "250 ");
	assert_int_equal(world.targets, 2);
	assert_null(strstr(str_c(&world.content), "\tfor <"));
	dialog_free(&d);
}

static void
test_refused_content(void **unused)
{
	char line[1100], limit[1200];
	struct {
		const char *content, *expect;
	} cases[] = {
		{ "a\nb\r\n.\r\n", "554 5.6.0 A line ends with LF" },
		{ "a\r\n.\nMAIL FROM:<x@y>\r\n.\r\n", "554 5.6.0 " },
		{ "a\n.\r\nQUIT\r\n.\r\n", "554 5.6.0 " },
		{ "a\rb\r\n.\r\n", "554 5.6.0 A CR" },
		{ "a\r.\rb\r\n.\r\n", "554 5.6.0 A CR" },
		{ line, "554 5.6.0 A line is longer" },
		{ limit, "250 2.0.0 " },
		{ "Subject: fine again\r\n\r\n.\r\n", "250 2.0.0 " },
	};
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	memset(line, 'x', 999);
	strcpy(line + 999, "\r\n.\r\n");
	memset(limit, 'x', 998);
	strcpy(limit + 998, "\r\n.\r\n");
	say(d, "EHLO client.test", "250-");
	for (size_t i = 0; i < nitems(cases); i++) {
		unsigned before = world.committed;

		say(d, "MAIL FROM:<a@b.test>", "250 ");
		say(d, "RCPT TO:<alice@example.test>", "250 ");
		data(d, cases[i].content, cases[i].expect);
		assert_int_equal(world.committed - before,
		    cases[i].expect[0] == '2');
		assert_int_equal(d->phase, PHASE_READY);
		assert_int_equal(d->tx.rcpts, 0);
	}
	dialog_free(&d);
	assert_int_equal(world.begun, world.dropped + world.committed);
}

static void
test_nul(void **unused)
{
	static const char content[] = "a\0b\r\n.\r\n";
	struct dialog *d = begin(PROTOCOL_SMTP);
	struct str out = { 0 };

	(void)unused;
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "DATA", "354 ");
	feed(d, view_bytes(content, sizeof(content) - 1), 100, &out);
	assert_true(view_starts(str_view(&out), VIEW_LIT("554 5.6.0 ")));
	str_free(&out);
	dialog_free(&d);
}

/* Several times the chunk that is kept in memory, then past the limit. */
static void
test_large(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);
	struct str big = { 0 }, out = { 0 };

	(void)unused;
	world.settings->message_size_limit = 1 << 20;
	for (int i = 0; i < 5000; i++)
		str_addf(&big, "%06d this is a line of a long message\r\n", i);
	str_adds(&big, ".\r\n");
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "DATA", "354 ");
	feed(d, str_view(&big), 16384, &out);
	assert_true(view_starts(str_view(&out), VIEW_LIT("250 ")));
	assert_true(view_ends(str_view(&world.content),
	    VIEW_LIT("004999 this is a line of a long message\r\n")));
	world.settings->message_size_limit = 100000;
	str_reset(&out);
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "DATA", "354 ");
	feed(d, str_view(&big), 16384, &out);
	assert_true(view_starts(str_view(&out), VIEW_LIT("552 5.3.4 ")));
	assert_true(dialog_data_hopeless(d) == false);
	str_free(&out);
	str_free(&big);
	dialog_free(&d);
	world.settings->message_size_limit = 64 << 20;
}

static void
test_trouble(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	world.queue_down = true;
	say(d, "DATA", "451 4.3.0 ");
	world.queue_down = false;
	world.disk_full = true;
	say(d, "DATA", "452 4.3.1 ");
	world.disk_full = false;
	data(d, "x\r\n.\r\n", "250 ");
	dialog_free(&d);
}

/* A loop ends here. */
static void
test_hops(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);
	struct str many = { 0 }, out = { 0 };

	(void)unused;
	for (int i = 0; i < 101; i++)
		str_adds(&many, "Received: from nowhere\r\n");
	str_adds(&many, "\r\n.\r\n");
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "DATA", "354 ");
	feed(d, str_view(&many), 3, &out);
	assert_true(view_starts(str_view(&out), VIEW_LIT("554 5.4.6 ")));
	str_free(&out);
	str_free(&many);
	dialog_free(&d);
	assert_int_equal(world.dropped, 1);
}

static void
test_limits(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);

	(void)unused;
	world.settings->recipients_max = 2;
	world.settings->errors_max = 3;
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "RCPT TO:<bob@example.test>", "250 ");
	say(d, "RCPT TO:<bob@example.test>", "452 4.5.3 ");
	data(d, "\r\n.\r\n", "250 ");
	/* refused ones take memory, too */
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "RCPT TO:<later@example.test>", "451 4.3.0 ");
	say(d, "RCPT TO:<later@example.test>", "451 4.3.0 ");
	say(d, "RCPT TO:<bob@example.test>", "452 4.5.3 ");
	say(d, "XYZZY", "500 ");
	say(d, "XYZZY", "500 ");
	say(d, "XYZZY", "500 ");
	assert_int_equal(say(d, "NOOP", "421 4.7.0 "), THEN_CLOSE);
	dialog_free(&d);
	world.settings->recipients_max = 1000;
	world.settings->errors_max = 20;
}

/* Commands that lead to nothing, and mails that are begun and given up. */
static void
test_junk(void **unused)
{
	static const char *const idle[] = { "NOOP", "RSET", "HELP",
		"VRFY alice", "EHLO a.test", "MAIL FROM:<a@b.test>" };
	struct dialog *d;

	(void)unused;
	world.settings->junk_max = 4;
	for (size_t i = 0; i < nitems(idle); i++) {
		d = begin(PROTOCOL_SMTP);
		greeted(d);		/* EHLO and MAIL: two */
		say(d, "RSET", "250 ");
		say(d, idle[i], "2");
		assert_int_equal(say(d, "QUIT", "421 4.7.0 mail.example.test "
		    "Too many commands without"), THEN_CLOSE);
		dialog_free(&d);
	}
	d = begin(PROTOCOL_SMTP);
	for (int i = 0; i < 3; i++) {	/* each mail begins the count anew */
		if (i == 0)
			greeted(d);
		else
			say(d, "MAIL FROM:<a@b.test>", "250 ");
		say(d, "NOOP", "250 ");
		say(d, "RCPT TO:<alice@example.test>", "250 ");
		data(d, "\r\n.\r\n", "250 ");
	}
	say(d, "QUIT", "221 ");
	dialog_free(&d);
	d = begin(PROTOCOL_SMTP);	/* temporary refusals have an end, too */
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	world.queue_down = true;
	say(d, "DATA", "451 4.3.0 ");
	say(d, "DATA", "451 4.3.0 ");
	say(d, "DATA", "421 4.7.0 ");
	dialog_free(&d);
	d = begin(PROTOCOL_SMTP);
	world.settings->recipients_max = 1;
	greeted(d);
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	for (int i = 1; i < 102; i++)
		say(d, "RCPT TO:<bob@example.test>", "452 4.5.3 ");
	say(d, "RCPT TO:<bob@example.test>", "421 4.7.0 ");
	dialog_free(&d);
	world.settings->recipients_max = 1000;
	world.settings->junk_max = 100;
}

static void
test_lmtp(void **unused)
{
	struct dialog *d = begin(PROTOCOL_LMTP);

	(void)unused;
	say(d, "EHLO client.test", "500 5.5.1 ");
	say(d, "LHLO client.test", "250-");
	say(d, "MAIL FROM:<>", "250 ");
	say(d, "RCPT TO:<nobody@example.test>", "550 5.1.1 ");
	say(d, "DATA", "503 5.5.1 ");
	say(d, "RCPT TO:<alice@example.test>", "250 ");
	say(d, "RCPT TO:<bob@example.test>", "250 ");
	data(d, "x\r\n.\r\n",
	    "250 2.0.0 Ok: queued as 0000000000001234\r\n"
	    "250 2.0.0 Ok: queued as 0000000000001234\r\n");
	assert_non_null(strstr(str_c(&world.content), "with LMTP id"));
	dialog_free(&d);
}

static void
chunk(struct dialog *d, const char *line, const char *content,
    const char *expect)
{
	struct str out = { 0 };
	bool done;

	assert_int_equal(dialog_line(d, view_of(line)).then, THEN_CHUNK);
	dialog_data(d, VIEW_NONE, &done);
	if (done)
		dialog_data_end(d, &out);
	else
		feed(d, view_of(content), 7, &out);
	if (!view_is(str_view(&out), expect))
		fail_msg("%s: expected %s, got %s", line, expect, str_c(&out));
	str_free(&out);
}

#define BARE "554 5.6.0 A line ends with LF alone; lines end with CR LF\r\n"

/* The last chunk is answered for each recipient when it is refused, too; only
 * without any there is one reply. */
static void
test_lmtp_chunks(void **unused)
{
	struct dialog *d = begin(PROTOCOL_LMTP);

	(void)unused;
	say(d, "LHLO client.test", "250-");
	for (int i = 0; i < 3; i++) {
		say(d, "MAIL FROM:<>", "250 ");
		say(d, "RCPT TO:<alice@example.test>", "250 ");
		say(d, "RCPT TO:<bob@example.test>", "250 ");
		if (i == 0)
			chunk(d, "BDAT 4 LAST", "a\nb\n", BARE BARE);
		if (i == 1)
			chunk(d, "BDAT 4", "a\nb\n", BARE);
		if (i < 2)
			chunk(d, "BDAT 0 LAST", "",
			    "503 5.5.1 MAIL comes first\r\n");
	}
	world.queue_down = true;
	chunk(d, "BDAT 3 LAST", "x\r\n",
	    "451 4.3.0 queue is not available\r\n"
	    "451 4.3.0 queue is not available\r\n");
	dialog_free(&d);
}

static void
test_submission(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SUBMISSION);

	(void)unused;
	world.settings->plain_logins = false;
	say(d, "EHLO client.test", "250-");
	say(d, "MAIL FROM:<a@b.test>", "530 5.7.0 ");
	say(d, "AUTH PLAIN", "538 5.7.11 ");
	world.settings->plain_logins = true;
	say(d, "AUTH", "501 5.5.4 ");
	say(d, "AUTH PLAIN a b", "501 5.5.2 ");
	say(d, "AUTH XYZZY", "504 5.5.4 ");
	say(d, "AUTH PLAIN", "334 \r\n");
	say(d, "*", "501 5.7.0 ");
	say(d, "AUTH PLAIN =", "501 5.5.2 The response");
	say(d, "AUTH cram-md5", "334 PDEuMkBtYWlsLmV4YW1wbGUudGVzdD4=\r\n");
	say(d, "", "454 4.7.0 ");
	say(d, "AUTH LOGIN =", "334 UGFzc3dvcmQ6");
	say(d, "a===", "501 5.5.2 ");
	say(d, "d3Jvbmc=", "500 ");
	say(d, "AUTH PLAIN !!!", "501 5.5.2 ");
	say(d, "AUTH LOGIN", "334 VXNlcm5hbWU6");
	say(d, "YWxpY2VAZXhhbXBsZS50ZXN0", "334 UGFzc3dvcmQ6");
	say(d, "d3Jvbmc=", "535 5.7.8 ");
	/* what is said behind an empty name is no name for the log */
	say(d, "AUTH LOGIN =", "334 UGFzc3dvcmQ6");
	say(d, "d3Jvbmc=", "535 5.7.8 ");
	assert_false(view_is(d->tried, "wrong"));
	say(d, "AUTH LOGIN", "334 VXNlcm5hbWU6");
	say(d, "", "334 UGFzc3dvcmQ6");
	say(d, "d3Jvbmc=", "535 5.7.8 ");
	assert_false(view_is(d->tried, "wrong"));
	say(d, "AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k",
	    "235 2.7.0 ");
	say(d, "AUTH PLAIN", "503 5.5.1 ");
	say(d, "MAIL FROM:<alice@example.test> AUTH=<>", "250 ");
	say(d, "RCPT TO:<bob@example.test>", "250 ");
	data(d, "x\r\n.\r\n", "250 ");
	assert_non_null(strstr(str_c(&world.content), "with ESMTPA id"));
	dialog_free(&d);
}

/* A line that is no answer to a challenge ends the login (RFC 4954 4). */
static void
test_login_broken_off(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SUBMISSION);
	struct response r;

	(void)unused;
	world.settings->plain_logins = true;
	say(d, "EHLO client.test", "250-");
	say(d, "AUTH LOGIN", "334 ");
	r = dialog_refuse(d, "A bare CR");
	assert_int_equal(r.code, 500);
	assert_int_equal(gate.exchanges, 0);
	say(d, "NOOP", "250 ");
	say(d, "AUTH LOGIN", "334 ");
	assert_int_equal(dialog_line_max(d), AUTH_MAX);
	r = dialog_too_long(d);
	assert_string_equal(r.status, "5.5.6");
	say(d, "AUTH LOGIN", "334 ");
	dialog_free(&d);
	assert_int_equal(gate.exchanges, 0);
}

/* Only AUTH and what answers a challenge may be as long as RFC 4954 says. */
static void
test_long_login(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SUBMISSION);
	char line[AUTH_MAX];

	(void)unused;
	world.settings->plain_logins = true;
	say(d, "EHLO client.test", "250-");
	memset(line, 'A', sizeof(line));
	line[sizeof(line) - 2] = '\0';
	memcpy(line, "AUTH PLAIN ", 11);
	line[11 + 4 * 3000] = '\0';
	say(d, line, "501 5.5.2 The response");
	memcpy(line, "MAIL FROM: ", 11);
	say(d, line, "500 5.5.2 ");
	say(d, "AUTH PLAIN", "334 ");
	say(d, line + 12, "501 5.5.2 That");
	say(d, "AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k",
	    "235 2.7.0 ");
	assert_int_equal(dialog_line_max(d), COMMAND_MAX);
	dialog_free(&d);
}

static void
test_starttls(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SUBMISSION);

	(void)unused;
	world.settings->plain_logins = true;
	assert_int_equal(say(d, "STARTTLS", "220 "), THEN_TLS);
	say(d, "EHLO client.test", "250-");
	say(d, "STARTTLS now", "501 5.5.4 ");
	gate.no_certificate = true;
	say(d, "STARTTLS", "454 4.7.0 ");
	gate.no_tls = true;
	say(d, "STARTTLS", "502 5.5.1 ");
	gate.no_tls = gate.no_certificate = false;
	say(d, "AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k",
	    "235 2.7.0 ");
	say(d, "MAIL FROM:<alice@example.test>", "250 ");
	say(d, "STARTTLS", "503 5.5.1 ");
	say(d, "RSET", "250 ");
	assert_int_equal(say(d, "STARTTLS", "220 "), THEN_TLS);
	starttls_done(d);
	/* all of it is forgotten */
	say(d, "STARTTLS", "503 5.5.1 ");
	say(d, "RCPT TO:<bob@example.test>", "503 5.5.1 EHLO");
	say(d, "EHLO client.test", "250-");
	say(d, "MAIL FROM:<alice@example.test>", "530 5.7.0 ");
	say(d, "AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k",
	    "235 2.7.0 ");
	say(d, "MAIL FROM:<alice@example.test>", "250 ");
	say(d, "RCPT TO:<bob@example.test>", "250 ");
	data(d, "x\r\n.\r\n", "250 ");
	assert_non_null(strstr(str_c(&world.content), "with ESMTPSA id"));
	dialog_free(&d);
}

static void
test_xclient(void **unused)
{
	static const char *const wrong[] = { "XCLIENT", "XCLIENT ADDR",
		"XCLIENT ADDR=1.2.3", "XCLIENT NAME=a..b", "XCLIENT PORT=x",
		"XCLIENT PROTO=HTTP", "XCLIENT HELO=a+0Ab", "XCLIENT X=y",
		"XCLIENT NAME=a.test ADDR=1.2.3.4 X=y", "XCLIENT LOGIN=+0",
		"XFORWARD", "XFORWARD ADDR=x", "XFORWARD LOGIN=x" };
	struct dialog *d = begin(PROTOCOL_SMTP);
	struct str log = { 0 };

	(void)unused;
	say(d, "XCLIENT ADDR=192.0.2.1", "550 5.7.0 ");
	d->believed = true;
	for (size_t i = 0; i < nitems(wrong); i++) {
		say(d, wrong[i], "501 5.5.4 ");
		d->errors = 0;
	}
	assert_string_equal(d->client, "unknown[192.0.2.7]");
	say(d, "EHLO proxy.test", "250-");
	say(d, "XCLIENT NAME=client.test addr=IPV6:2001:db8::1 PORT=40 "
	    "PROTO=ESMTP HELO=c.test LOGIN=alice+40example.test", "220 ");
	assert_string_equal(gate.address, "2001:db8::1");
	assert_int_equal(gate.port, 40);
	assert_string_equal(d->client, "client.test[2001:db8::1]");
	assert_string_equal(d->login, "alice@example.test");
	assert_string_equal(d->helo, "c.test");
	say(d, "MAIL FROM:<a@b.test>", "503 5.5.1 EHLO");
	say(d, "EHLO client.test", "250-");
	say(d, "MAIL FROM:<alice@example.test>", "250 2.1.0 ");
	say(d, "XCLIENT NAME=[UNAVAILABLE]", "503 5.5.1 There is a mail");
	say(d, "RSET", "250 ");
	say(d, "XFORWARD NAME=o.test ADDR=192.0.2.9", "250 ");
	say(d, "XFORWARD IDENT=7 SOURCE=REMOTE", "250 ");
	xforward_log(d, &log);
	assert_string_equal(str_c(&log),
	    ", orig_queue_id=7, orig_client=o.test[192.0.2.9]");
	str_free(&log);
	say(d, "XCLIENT NAME=[UNAVAILABLE] ADDR=[unavailable] LOGIN=",
	    "220 ");
	assert_string_equal(d->client, "unknown[2001:db8::1]");
	assert_string_equal(d->login, "");
	gate.crowded = true;
	assert_int_equal(say(d, "XCLIENT ADDR=192.0.2.1", "421 4.3.2 "),
	    THEN_CLOSE);
	dialog_free(&d);
}

/* Whatever a client repeats, the dialog does not grow. */
static void
test_memory(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SUBMISSION);
	char hello[300];
	size_t own;

	(void)unused;
	world.settings->plain_logins = true;
	own = d->own.total;
	for (int i = 0; i < 2000; i++) {
		snprintf(hello, sizeof(hello), "EHLO h%d.%s", i,
		    "a-rather-long-name.of-a-host.in-a-domain.test");
		say(d, hello, "250-");
		say(d, "AUTH LOGIN YWxpY2VAZXhhbXBsZS50ZXN0", "334 ");
		say(d, "*", "501 ");
		d->errors = d->junk = 0;
	}
	assert_int_equal(d->own.total, own);
	assert_true(d->hello.total + d->tx.arena.total < 1024);
	dialog_free(&d);
}

/* Is there a Date field right behind the trace, with the trace's date? */
static bool
begins_with_date(const char *content)
{
	const char *at = strstr(content, ";\r\n\t"), *end;
	char field[100];

	assert_non_null(at);
	at += 4;
	end = strstr(at, "\r\n");
	snprintf(field, sizeof(field), "\r\nDate: %.*s\r\n", (int)(end - at),
	    at);
	return strncmp(end, field, strlen(field)) == 0;
}

/* A submitted mail gets what its header lacks (RFC 6409 8), in any pieces. */
static void
test_completed(void **unused)
{
	static const char id[] =
	    "Message-ID: <0000000000001234@mail.example.test>\r\n";
	static const struct {
		const char *content;
		bool date, id;	/* added */
	} cases[] = {
		{ "Subject: none\r\n\r\nDate: x\r\n.\r\n", true, true },
		{ "Dates: x\r\nX-Message-ID: x\r\n.\r\n", true, true },
		{ "Subject: x\r\n Date: x\r\n\r\n.\r\n", true, true },
		{ "DATE: x\r\n\r\n.\r\n", false, true },
		{ "To: x\r\nDate : x\r\n.\r\n", false, true },
		{ "message-Id:\r\n <x@y>\r\n\r\n.\r\n", true, false },
		{ "Message-ID: <x@y>\r\nDate: x\r\n\r\n.\r\n", false,
		    false },
		{ ".\r\n", true, true },
	};
	struct dialog *d = begin(PROTOCOL_SUBMISSION);

	(void)unused;
	d->login = "alice@example.test";
	say(d, "EHLO client.test", "250-");
	for (size_t i = 0; i < nitems(cases); i++) {
		say(d, "MAIL FROM:<alice@example.test>", "250 ");
		say(d, "RCPT TO:<bob@example.test>", "250 ");
		data(d, cases[i].content, "250 ");
		assert_int_equal(begins_with_date(str_c(&world.content)),
		    cases[i].date);
		assert_int_equal(strstr(str_c(&world.content), id) != NULL,
		    cases[i].id);
	}
	dialog_free(&d);
}

/* An unused mail serves the next transaction; an interrupted one is dropped. */
static void
test_reuse(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);
	bool done;

	(void)unused;
	greeted(d);
	say(d, "RSET", "250 ");
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	say(d, "EHLO again.test", "250-");
	say(d, "MAIL FROM:<a@b.test>", "250 ");
	assert_int_equal(world.begun, 1);
	say(d, "RCPT TO:<bob@example.test>", "250 ");
	say(d, "DATA", "354 ");
	dialog_data(d, VIEW_LIT("half a mail"), &done);
	assert_false(done);
	dialog_free(&d);
	assert_int_equal(world.dropped, 1);
	assert_int_equal(world.committed, 0);
}

static void
test_tally(void **unused)
{
	struct dialog *d = begin(PROTOCOL_SMTP);
	struct str out = { 0 };

	(void)unused;
	greeted(d);
	say(d, "RCPT TO:<nobody@example.test>", "550 ");
	say(d, "QUIT", "221 ");
	dialog_tally(d, &out);
	assert_string_equal(str_c(&out),
	    "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4");
	str_free(&out);
	dialog_free(&d);
}

static int
set_up(void **unused)
{
	struct str errors = { 0 };

	(void)unused;
	log_open("test", "smtpd", STDERR_FILENO, LOG_LEVEL_ERROR);
	world.settings = settings_parse(VIEW_NONE, &errors);
	str_free(&errors);
	return world.settings == NULL;
}

static int
tear_down(void **unused)
{
	(void)unused;
	settings_free(&world.settings);
	str_free(&world.sender);
	str_free(&world.content);
	str_free(&world.rcpts);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_tiny_chunks),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_with),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_targets_once),
		cmocka_unit_test(test_refused_content),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_lmtp),
		cmocka_unit_test(test_lmtp_chunks),
		cmocka_unit_test(test_submission),
		cmocka_unit_test(test_login_broken_off),
		cmocka_unit_test(test_long_login),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_xclient),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_completed),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_tally),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
