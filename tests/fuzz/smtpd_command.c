/* SPDX-License-Identifier: ISC */
/*
 * smtpd_command - a whole SMTP or LMTP conversation from foreign bytes
 *
 * The first octet picks the protocol and the trust, the rest is what a client
 * sends, divided as the wire side does it; the size that it declares for a mail
 * says what becomes of its file. Every reply must be one that a client can read,
 * what reaches the queue must be fit for the wire, and no mail may be left open.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/reply.h"
#include "lib/proc/message.h"
#include "smtpd/command.h"
#include "smtpd/starttls.h"
#include "tests/unit/smtpd_gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct settings *settings;
static int mails_open;
static uint64_t mail_size;	/* as the client declared it */

static const struct settings *
fake_settings(void)
{
	return settings;
}

static const char *
fake_hostname(void)
{
	return "mail.example.test";
}

/* Verdict and number of targets follow from the address. */
static bool
fake_route(struct dialog *d, struct view rcpt, struct routing *to,
    struct why *w)
{
	struct str list = { 0 };

	if (rcpt.n % 7 == 0)
		return why_never(w, "1.1", "No %.*s here", VIEW(rcpt));
	if (rcpt.n % 7 == 1)
		return why_later(w, "3.0", "Later");
	for (size_t i = 1; i < rcpt.n % 7; i++) {
		list_put(&list, VIEW_LIT("local"));
		list_put(&list, (struct view){ rcpt.p, i % 3 });
		list_put(&list, rcpt);
	}
	to->targets = arena_view(&d->tx.arena, str_view(&list));
	to->hold = rcpt.n % 3 == 0;
	to->discard = rcpt.n % 5 == 0;
	to->copies = rcpt.n % 2 == 0 ? to->targets : VIEW_NONE;
	str_free(&list);
	return true;
}

static bool
fake_may_send(struct dialog *d, struct view sender, struct why *w)
{
	(void)d;
	return sender.n % 5 != 4 || why_never(w, "7.1", "Not yours");
}

/* As many as the name is long. */
static bool
fake_expand(struct dialog *d, struct view name, bool list,
    struct view *addresses, struct why *w)
{
	struct str text = { 0 };

	(void)list;
	if (name.n % 9 == 8)
		return why_later(w, "3.0", "Later");
	if (name.n % 9 == 7)
		return why_never(w, "1.1", "No %.*s here", VIEW(name));
	for (size_t i = 0; i <= name.n % 9; i++)
		list_put(&text, name);
	*addresses = arena_view(&d->command, str_view(&text));
	str_free(&text);
	return true;
}

static bool
fake_try_domain(struct dialog *d, struct view domain, uint32_t *mails,
    struct why *w)
{
	(void)d;
	*mails = (uint32_t)domain.n % 3;
	return domain.n % 7 != 0 || why_later(w, "3.0", "Later");
}

static void
fake_begin(struct intake *in, uint64_t size)
{
	mail_size = size;
	if (in->state == INTAKE_OPEN && !in->used)
		return;
	must(in->state == INTAKE_NONE);
	in->fd = -1;
	in->state = INTAKE_OPEN;
	mails_open++;
}

static bool
fake_ready(struct intake *in, struct why *w)
{
	(void)w;
	must(in->state == INTAKE_OPEN);
	return true;
}

/* There is none, or it is full, or cannot be written, or all is well. */
static bool
fake_file(struct intake *in, struct why *w)
{
	must(in->state == INTAKE_OPEN && in->fd < 0);
	if (mail_size % 4 == 1)
		return why_later(w, "3.1", "No space for mail at present");
	in->fd = mail_size % 4 == 2 ? open("/dev/full", O_RDWR) :
	    mail_size % 4 == 3	    ? open("/dev/null", O_RDONLY) :
				      memfd_create("content", 0);
	must(in->fd >= 0);
	return true;
}

static void
fake_drop(struct intake *in)
{
	if (in->state == INTAKE_OPEN) {
		if (in->fd >= 0)
			close(in->fd);
		mails_open--;
	}
	in->state = INTAKE_NONE;
	in->used = false;
}

static void
check_content(int fd, const struct msg_mail_commit *mail, bool binary)
{
	struct str text = { 0 };

	str_add(&text, mail->content);
	must(fd < 0 || text.n == 0);
	if (fd >= 0) {
		lseek(fd, 0, SEEK_SET);
		must(file_read_fd(fd, 64u << 20, &text));
	}
	must(text.n == mail->size && mail->skip < text.n);
	for (size_t i = 0; i < text.n && !binary; i++) {
		must(text.p[i] != '\0');
		if (text.p[i] == '\n')
			must(i > 0 && text.p[i - 1] == '\r');
		if (text.p[i] == '\r')
			must(i + 1 < text.n && text.p[i + 1] == '\n');
	}
	str_free(&text);
}

static bool
fake_commit(struct intake *in, const struct dialog *d,
    const struct msg_mail_commit *mail, struct why *w)
{
	(void)w;
	must(d->tx.rcpts > 0);
	check_content(in->fd, mail, d->tx.body == BODY_BINARY);
	fake_drop(in);
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

/* Lines of one code, the last of them marked, none too long. */
static void
check_replies(struct view text)
{
	struct reply_line r = { .last = true };

	while (text.n > 0) {
		size_t n = view_find(text, '\n');

		must(n < text.n && n > 0 && n < REPLY_LINE_MAX);
		must(text.p[n - 1] == '\r');
		must(reply_parse((struct view){ text.p, n - 1 }, &r));
		text = view_skip(text, n + 1);
	}
	must(r.last);
}

static void
check(const struct response *r)
{
	struct str out = { 0 };

	response_write(&out, r);
	check_replies(str_view(&out));
	str_free(&out);
}

/* What the log says of a session's commands. */
static void
check_tally(const struct dialog *d)
{
	struct str text = { 0 };

	dialog_tally(d, &text);
	must(view_search(str_view(&text), VIEW_LIT("commands=")) < text.n);
	must(strlen(str_c(&text)) == text.n);
	str_free(&text);
}

/* Take one command from the front; false at the end of the session. */
static bool
command(struct dialog *d, struct view *in, enum then *then)
{
	struct view line = view_cut(in, '\n');
	struct response r;

	if (line.n >= dialog_line_max(d))
		r = dialog_too_long(d);
	else if (line.n == 0 || line.p[line.n - 1] != '\r' ||
	    view_find(line, '\r') < line.n - 1)
		r = dialog_refuse(d, "A bare one");
	else
		r = dialog_line(d, (struct view){ line.p, line.n - 1 });
	if (r.then != THEN_CHUNK)
		check(&r);
	*then = r.then;
	return r.then != THEN_CLOSE;
}

static void
content(struct dialog *d, struct view *in, size_t piece)
{
	struct str out = { 0 };
	bool done;

	dialog_data(d, VIEW_NONE, &done);
	while (in->n > 0 && !done) {
		struct view some = { in->p, in->n < piece ? in->n : piece };

		*in = view_skip(*in, dialog_data(d, some, &done));
	}
	if (done) {
		dialog_data_end(d, &out);
		check_replies(str_view(&out));
		must(d->phase == PHASE_CHUNK || d->tx.rcpts == 0);
	}
	str_free(&out);
}

static void
start(void)
{
	struct str errors = { 0 };

	log_open("fuzz", "smtpd", STDERR_FILENO, LOG_LEVEL_ERROR);
	settings = settings_parse(VIEW_LIT("plain_logins = yes\n"
	    "message_size_limit = 20000\nrecipients_max = 100\n"
	    "etrn_domains = example.org b\xc3\xbc" "cher.example\n"), &errors);
	must(settings != NULL);
	str_free(&errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum protocol protocols[] = { PROTOCOL_SMTP,
		PROTOCOL_SUBMISSION, PROTOCOL_LMTP, PROTOCOL_SMTP };
	struct view in = view_bytes(data, size);
	struct dialog_client client = { .ip = "192.0.2.1",
		.uid = UINT32_MAX };
	enum then then = THEN_COMMAND;
	struct dialog *d;

	if (settings == NULL)
		start();
	if (size == 0)
		return 0;
	client.protocol = protocols[data[0] & 3];
	if (data[0] & 4)
		client.uid = 1000;
	else
		client.believed = (data[0] & 8) != 0;
	d = dialog_new(&client, &fake);
	in = view_skip(in, 1);
	while (in.n > 0) {
		if (then == THEN_DATA || then == THEN_CHUNK) {
			content(d, &in, 1 + (data[0] >> 3));
			then = THEN_COMMAND;
		} else if (!command(d, &in, &then)) {
			break;
		} else if (then == THEN_TLS) {
			starttls_done(d);
			then = THEN_COMMAND;
		}
	}
	check_tally(d);
	dialog_free(&d);
	must(mails_open == 0 && gate.exchanges == 0);
	return 0;
}
