/* SPDX-License-Identifier: ISC */
/*
 * smtp_talk - a server that says anything, to a client with two mails
 *
 * The input is a number of options and what the server says; NUL divides it, and
 * each part is said when the client has said something; one that begins with '@'
 * is a challenge of SCRAM that goes on with the client's nonce, which no input
 * could know. However it goes, the conversation ends, every recipient is settled
 * or still wanted, and none is said to have the mail of which the server did not
 * get the last octet.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "lib/proc/service.h"
#include "smtp/login.h"
#include "smtp/logins.h"
#include "smtp/pool.h"
#include "smtp/transaction.h"

#define RECIPIENTS	3
#define PATIENCE_MS	2	/* for a client that waits for more */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char mail[] = "Return-Path: <a@example.org>\r\n"
    "Subject: last words\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\n"
    ".dot\r\n..\r\nGr\xc3\xbc\xc3\x9f" "e\r\nthe last line\r\n";

static struct settings *settings;
static struct {
	struct view says;
	unsigned options;
	size_t piece;
	int fd;
	struct str heard;
	bool ended;
	unsigned done;	/* recipients that the client said have it */
} talk;

/* ---- what lib/proc/service.c would be ---- */

const struct settings *
service_settings(void)
{
	return settings;
}

bool
service_call_master(const struct message *request UNUSED,
    struct reply *reply UNUSED, int64_t deadline UNUSED, struct why *w)
{
	return why_later(w, "3.0", "nobody is there");
}

bool
service_stopping(void)
{
	return false;
}

void
service_quit(void)
{
}

/* ---- the two ends ---- */

static bool
hear(struct stream *s, int64_t deadline)
{
	struct view v;

	if (stream_peek(s, &v, deadline) != STREAM_OK)
		return false;
	str_add(&talk.heard, v);
	stream_skip(s, v.n);
	return true;
}

/* What the client said last is its first message, within AUTH or alone. */
static void
make_challenge(struct view part, struct str *out)
{
	struct view line = view_trim(str_view(&talk.heard));
	struct str first = { 0 }, text = { 0 };
	size_t at = view_rfind(line, '\n');

	if (at < line.n)
		line = view_skip(line, at + 1);
	at = view_rfind(line, ' ');
	if (at < line.n)
		line = view_skip(line, at + 1);
	if (decode_base64(&first, line)) {
		at = view_search(str_view(&first), VIEW_LIT("r="));
		str_add(&text, view_skip(str_view(&first), at));
	}
	str_add(&text, view_skip(part, 1));
	str_adds(out, "334 ");
	encode_base64(out, str_view(&text));
	str_adds(out, "\r\n");
	str_free(&first);
	str_free(&text);
}

static void
say_octets(struct stream *s, struct view part)
{
	while (part.n > 0) {
		size_t n = part.n < talk.piece ? part.n : talk.piece;

		stream_write(s, view_bytes(part.p, n));
		stream_flush(s);
		part = view_skip(part, n);
		if (talk.options & 16)
			fiber_sleep(0);
	}
}

static void
say(struct stream *s, struct view part)
{
	struct str challenge = { 0 };

	if (part.n > 0 && part.p[0] == '@') {
		make_challenge(part, &challenge);
		part = str_view(&challenge);
	}
	say_octets(s, part);
	str_free(&challenge);
}

static void
server(void *unused UNUSED)
{
	struct stream s;

	stream_open(&s, talk.fd);
	say(&s, view_cut(&talk.says, '\0'));
	while (talk.says.n > 0 && !talk.ended) {
		hear(&s, deadline_in(PATIENCE_MS));
		say(&s, view_cut(&talk.says, '\0'));
	}
	/* silence would only cost time: this end is closed, and still hears */
	shutdown(s.fd, SHUT_WR);
	while (!talk.ended)
		fiber_sleep(0);
	while (hear(&s, DEADLINE_NEVER))
		;
	stream_close(&s);
	loop_stop();
}

static struct job *
make_job(void)
{
	struct str list = { 0 };
	uint8_t notify = (uint8_t)(talk.options & 7);
	struct msg_send m = { .mail = 1, .hop = VIEW_LIT("[192.0.2.1]"),
		.sender = VIEW_LIT("a@example.org"), .size = sizeof(mail) - 1,
		.skip = 30, .body = talk.options & 8 ? 1 : 0,
		.envid = VIEW_LIT("id"), .ret = 1, .priority = 12,
		.by_mode = 1 };
	struct job *j;

	for (uint32_t i = 0; i < RECIPIENTS; i++) {
		list_put_u32(&list, i);
		list_put(&list, VIEW_LIT("b@b\xc3\xbc" "cher.example"));
		list_put(&list, VIEW_LIT("c@example.net"));
		list_put(&list, view_bytes(&notify, 1));
		list_put(&list, VIEW_LIT("rfc822;d@example.net"));
	}
	m.recipients = str_view(&list);
	m.content = memfd_create("mail", MFD_CLOEXEC);
	must(write(m.content, mail, m.size) == (ssize_t)m.size);
	j = job_new(NULL, 0, &m);
	must(j != NULL);
	str_free(&list);
	return j;
}

/* Whether the server has heard the end of so many mails. */
static unsigned
mails_heard(void)
{
	static const char last[] = "the last line\r\n";
	struct view rest = str_view(&talk.heard);
	unsigned n = 0;
	size_t at;

	while ((at = view_search(rest, view_of(last))) < rest.n) {
		rest = view_skip(rest, at + sizeof(last) - 1);
		n++;
	}
	return n;
}

static void
check(const struct job *j, enum transaction_end e)
{
	for (size_t i = 0; i < j->nrecipients; i++) {
		enum recipient_state s = j->recipient[i].state;

		must(s == RECIPIENT_SETTLED || s == RECIPIENT_WANTED);
		must(e == TRANSACTION_HOST || s == RECIPIENT_SETTLED ||
		    j->unsettled > 0);
	}
}

static void
send_one(struct client *c, struct outcome *o)
{
	struct job *j = make_job();

	for (size_t before = j->unsettled + 1; !c->broken &&
	    j->unsettled > 0 && j->unsettled < before;) {
		before = j->unsettled;
		o->arena = &j->arena;
		check(j, transaction_run(c, j, o));
		talk.done += o->verdict == VERDICT_DONE;
	}
	job_free(&j);
}

static void
client(void *arg)
{
	static const struct address16 address = { { [15] = 1 } };
	const struct host host = { .name = VIEW_LIT("mx.example.net") };
	struct hop hop = { .kind = HOP_HOST, .lmtp = (talk.options & 64) != 0,
		.tls = HOP_TLS_NONE,
		.login = talk.options & 128 ? VIEW_LIT("isp") : VIEW_NONE };
	const struct client_target t = { .hop = &hop, .host = &host,
		.address = &address };
	const struct host_policy hp = { .tls = HOST_NONE };
	struct arena a = { 0 };
	struct outcome o = { .arena = &a, .relay = VIEW_NONE };
	struct client *c = xcalloc(1, sizeof(*c));

	c->host = "mx.example.net[192.0.2.1]";
	c->lmtp = hop.lmtp;
	stream_open(&c->stream, *(int *)arg);
	if (client_begin(c, &t, &hp, &o)) {
		send_one(c, &o);
		if (!c->broken && client_is_quiet(c))
			send_one(c, &o);
	}
	client_close(&c);
	arena_reset(&a);
	talk.ended = true;
}

static void
start(void)
{
	static const char logins[] = "isp joe,=@example.net pencil\n";
	struct str errors = { 0 };
	int fd;

	log_open("fuzz", "smtp", STDERR_FILENO, LOG_LEVEL_ERROR);
	settings = settings_parse(VIEW_LIT("hostname = client.example\n"
	    "remote_timeout = 1\n"), &errors);
	must(settings != NULL);
	str_free(&errors);
	fd = memfd_create("relay_logins", MFD_CLOEXEC);
	must(write(fd, logins, sizeof(logins) - 1) == sizeof(logins) - 1);
	logins_read(fd);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd[2];

	if (settings == NULL)
		start();
	if (size < 2)
		return 0;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	talk.options = data[0];
	talk.piece = 1 + data[1] * 16u;
	talk.says = view_bytes(data + 2, size - 2);
	talk.fd = fd[0];
	talk.ended = false;
	talk.done = 0;
	str_reset(&talk.heard);
	fiber_start(server, NULL);
	fiber_start(client, &fd[1]);
	loop_run();
	must(talk.done <= mails_heard());
	return 0;
}
