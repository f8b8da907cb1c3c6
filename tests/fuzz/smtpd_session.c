/* SPDX-License-Identifier: ISC */
/*
 * smtpd_session - a whole session over a socket pair from foreign bytes
 *
 * The wire side of smtpd between a client that sends what it was given, in
 * pieces, and the house of smtpd_command.c, which is why that is included here:
 * both find the same faults, each in its half. The first octet says, too, whether
 * the greeting comes late. Everything that comes back must be replies, and the
 * session must end.
 */
#define LLVMFuzzerTestOneInput dialog_input
#include "tests/fuzz/smtpd_command.c"
#undef LLVMFuzzerTestOneInput

#include <sys/socket.h>

#include <netinet/in.h>

#include "lib/proc/service.h"
#include "smtpd/session.h"

#define PIECES	256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct session session;
	struct stream client;
	struct view in;
	size_t piece;
	struct str replies;
	bool ended;
} talk;

/* ---- what lib/proc/service.c would be ---- */

bool
service_stopping(void)
{
	return false;
}

void
service_on_stop(void (*fn)(void) UNUSED)
{
}

const struct settings *
service_settings(void)
{
	return settings;
}

bool
service_call(unsigned role UNUSED, uint32_t instance UNUSED,
    const struct message *request UNUSED, struct reply *reply UNUSED,
    struct why *w)
{
	return why_later(w, "3.0", "nobody is there");
}

struct channel *
service_peer_wait(unsigned role UNUSED, uint32_t instance UNUSED,
    int64_t deadline UNUSED)
{
	return NULL;
}

struct channel *
service_peer(unsigned role UNUSED, uint32_t instance UNUSED)
{
	return NULL;
}

/* ---- the two ends ---- */

static void
server(void *unused UNUSED)
{
	smtpd_session_with(&talk.session, &fake);
	stream_flush(&talk.session.stream);
	stream_close(&talk.session.stream);
	talk.ended = true;
}

static void
client(void *unused UNUSED)
{
	struct stream *s = &talk.client;
	struct view v;

	while (talk.in.n > 0) {
		size_t n = talk.in.n < talk.piece ? talk.in.n : talk.piece;

		stream_write(s, (struct view){ talk.in.p, n });
		stream_flush(s);
		talk.in = view_skip(talk.in, n);
		fiber_sleep(0);
	}
	shutdown(s->fd, SHUT_WR);
	s->failed = false;	/* the session may have been over before */
	while (stream_peek(s, &v, DEADLINE_NEVER) == STREAM_OK) {
		str_add(&talk.replies, v);
		stream_skip(s, v.n);
	}
	while (!talk.ended)
		fiber_sleep(0);
	stream_close(s);
	loop_stop();
}

static void
run(const struct listener *l, bool believed)
{
	struct sockaddr_in *from = (void *)&talk.session.address;
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	talk.session = (struct session){ .listener = l, .number = 1,
		.uid = UINT32_MAX, .client = "192.0.2.1", .port = 4711 };
	from->sin_family = AF_INET;
	from->sin_addr.s_addr = htonl(believed ? 0xc0000202 : 0xc0000201);
	stream_open(&talk.session.stream, fd[0]);
	stream_open(&talk.client, fd[1]);
	talk.ended = false;
	str_reset(&talk.replies);
	talk.session.fiber = fiber_start(server, NULL);
	fiber_start(client, NULL);
	loop_run();
}

static void
start_session(void)
{
	struct str errors = { 0 };

	log_open("fuzz", "smtpd", STDERR_FILENO, LOG_LEVEL_ERROR);
	settings = settings_parse(VIEW_LIT("plain_logins = yes\n"
	    "message_size_limit = 20000\nrecipients_max = 100\n"
	    "verify = yes\nproxy_clients = 192.0.2.2\n"), &errors);
	must(settings != NULL);
	str_free(&errors);
	gate.no_certificate = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const protocols[] = { "smtp", "submission", "lmtp",
		"smtp" };
	struct listener_settings ls = { .name = "fuzz", .tls = "starttls",
		.sessions = 1, .sessions_per_client = 1,
		.sessions_per_network = 1, .session_rate = 1000000 };
	struct listener l = { .settings = &ls };

	if (settings == NULL)
		start_session();
	if (size == 0)
		return 0;
	ls.protocol = protocols[data[0] & 3];
	talk.in = view_bytes(data + 1, size - 1);
	settings->greet_wait = (data[0] & 7) == 3;
	talk.piece = 1 + (data[0] >> 3) + size / PIECES;
	run(&l, (data[0] & 4) != 0);
	check_replies(str_view(&talk.replies));
	must(mails_open == 0 && gate.exchanges == 0);
	return 0;
}
