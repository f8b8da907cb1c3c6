/* SPDX-License-Identifier: ISC */
/*
 * session - the wire side of a dialog
 *
 * Greets, reads lines while the dialog wants commands and octets while it wants
 * content, and writes what it says. Replies to pipelined commands leave
 * together, as the stream flushes only when it has to wait. Time: the whole of
 * the next command within command_timeout, content at no less than RATE_LEAST
 * octets a second, a login within login_timeout, and our replies are read within
 * command_timeout, so that nobody holds a session with a trickle. A client that
 * always has more gives way to others now and then.
 */
#include "lib/base/log.h"
#include "lib/proc/session_tls.h"
#include "smtpd/command.h"
#include "smtpd/session.h"
#include "smtpd/starttls.h"

#define RATE_LEAST	500
#define FORGIVEN	2	/* refusals without a wait */
#define COMMANDS_TURN	64	/* pipelined; then it is the others' turn */
#define OCTETS_TURN	(1u << 20)

struct talk {
	struct session *session;
	struct stream *stream;
	struct dialog *dialog;
	bool pipelining_logged;
	unsigned commands;
	int64_t login_by;	/* DEADLINE_NEVER where none is needed */
	bool hangs_up;		/* ends, and the client has not asked for it */
};

static const struct {
	const char *name;
	enum protocol protocol;
} protocols[] = {
	{ "smtp", PROTOCOL_SMTP },
	{ "submission", PROTOCOL_SUBMISSION },
	{ "lmtp", PROTOCOL_LMTP },
};

static enum protocol
protocol_of(const struct listener_settings *l)
{
	for (size_t i = 0; i < nitems(protocols); i++)
		if (strcmp(l->protocol, protocols[i].name) == 0)
			return protocols[i].protocol;
	return PROTOCOL_SMTP;
}

static int64_t
timeout(void)
{
	return service_settings()->command_timeout * 1000;
}

/* Whoever is refused again and again waits for it. */
static void
tarpit(const struct talk *t, const struct response *r)
{
	int64_t wait = service_settings()->tarpit;

	if (response_is_error(r) && wait > 0 &&
	    t->dialog->refusals > FORGIVEN)
		fiber_sleep(wait * 1000);
}

static void
say(struct talk *t, const struct response *r)
{
	struct str out = { 0 };

	tarpit(t, r);
	response_write(&out, r);
	stream_write(t->stream, str_view(&out));
	str_free(&out);
}

/* How a session ends without QUIT. */
static const struct {
	const char *status, *sentence, *log;
} ends[] = {
	[STREAM_EOF] = { NULL, NULL, "lost connection" },
	[STREAM_TIMEOUT] = { "4.4.2", "Waited too long, good-bye", "timeout" },
	[STREAM_CANCELLED] = { "4.3.2", "The server is stopping", NULL },
	[STREAM_WOKEN] = { "4.3.2", "Too many sessions, try again later",
	    "made place for others" },
};

/* Something else than a command ended the session. */
static void
broken(struct talk *t, enum stream_end end)
{
	struct dialog *d = t->dialog;

	if (end == STREAM_CANCELLED && t->session->evicted)
		end = STREAM_WOKEN;
	if (ends[end].status != NULL) {
		stream_printf(t->stream, "421 %s %s %s\r\n", ends[end].status,
		    d->house->hostname(), ends[end].sentence);
		stream_flush(t->stream);
	}
	if (ends[end].log != NULL)
		log_info(NULL, "%s after %s from %s", ends[end].log, d->last,
		    d->client);
}

/* The client must not have sent anything behind this command (RFC 2920 3.1). */
static void
check_pipelining(struct talk *t, enum then then)
{
	struct dialog *d = t->dialog;
	const struct command *c;

	if (t->pipelining_logged || !stream_pending(t->stream) ||
	    then == THEN_TLS)
		return;
	c = command_find(view_of(d->last));
	if (c != NULL && d->extended && (c->flags & COMMAND_LAST) == 0)
		return;
	t->pipelining_logged = true;
	log_info(NULL, "improper command pipelining after %s from %s",
	    d->last, d->client);
}

static int64_t
command_deadline(const struct talk *t)
{
	int64_t next = deadline_in(timeout());

	return t->dialog->login[0] != '\0' || next < t->login_by ?
	    next : t->login_by;
}

/* Returns false when the session is over. */
static bool
take_command(struct talk *t, enum then *then)
{
	struct view line;
	struct response r;
	enum stream_end end = stream_line(t->stream, &line,
	    dialog_line_max(t->dialog), true, command_deadline(t));

	switch (end) {
	case STREAM_OK:
		r = dialog_line(t->dialog, line);
		if (strcmp(t->dialog->last, "AUTH") == 0)
			stream_wipe(t->stream);
		check_pipelining(t, r.then);
		break;
	case STREAM_TOO_LONG:
		r = dialog_too_long(t->dialog);
		break;
	case STREAM_BARE:
		r = dialog_refuse(t->dialog,
		    "Lines end with CR LF here, not with one of them alone");
		break;
	default:
		broken(t, end);
		return false;
	}
	if (r.then != THEN_CHUNK)
		say(t, &r);
	if (++t->commands % COMMANDS_TURN == 0 && stream_pending(t->stream))
		fiber_sleep(0);
	*then = r.then;
	t->hangs_up = r.then == THEN_CLOSE && r.code != 221;
	return true;
}

/* When the next octets must be here, having received so many. */
static int64_t
data_deadline(int64_t begun, uint64_t octets)
{
	int64_t next = deadline_in(timeout());
	int64_t most = begun + timeout() +
	    (int64_t)(octets / RATE_LEAST) * 1000;

	return next < most ? next : most;
}

static void
hopeless(struct talk *t)
{
	stream_printf(t->stream, "421 4.7.0 %s The mail was refused and does "
	    "not end\r\n", t->dialog->house->hostname());
	t->hangs_up = true;
	log_info(NULL, "endless data from %s", t->dialog->client);
}

static bool
take_data(struct talk *t)
{
	int64_t begun = clock_ms();
	uint64_t octets = 0;
	struct str out = { 0 };
	bool done;

	dialog_data(t->dialog, VIEW_NONE, &done);
	while (!done) {
		struct view in;
		enum stream_end end = stream_peek(t->stream, &in,
		    data_deadline(begun, octets));

		if (end != STREAM_OK) {
			broken(t, end);
			return false;
		}
		stream_skip(t->stream, dialog_data(t->dialog, in, &done));
		octets += in.n;
		if (octets / OCTETS_TURN != (octets - in.n) / OCTETS_TURN)
			fiber_sleep(0);
		if (!done && dialog_data_hopeless(t->dialog)) {
			hopeless(t);
			return false;
		}
	}
	dialog_data_end(t->dialog, &out);
	t->session->settled |= t->dialog->mails > 0;
	stream_write(t->stream, str_view(&out));
	str_free(&out);
	return true;
}

/* ---- TLS ---- */

/* Nothing that came in clear text behind STARTTLS is ever taken for a command:
 * what is here is thrown away, what comes now is no handshake. */
static bool
take_tls(struct talk *t)
{
	struct why w;

	if (stream_pending(t->stream))
		log_info(NULL, "improper command pipelining after STARTTLS "
		    "from %s", t->dialog->client);
	stream_discard(t->stream);
	if (!session_tls_start(t->session, t->dialog->login[0] != '\0' ?
		DEADLINE_NEVER : t->login_by, &w)) {
		broken(t, STREAM_EOF);
		return false;
	}
	starttls_done(t->dialog);
	return true;
}

/* ---- a session ---- */

/* "PREGREET 15 after 0.12 from [192.0.2.7]:40213: EHLO...", as log readers know
 * it. */
static void
turn_away(struct talk *t, struct view early, int64_t begun)
{
	int64_t ms = clock_ms() - begun;

	log_info(NULL, "PREGREET %zu after %d.%02d from [%s]:%u: %s", early.n,
	    (int)(ms / 1000), (int)(ms % 1000 / 10), t->session->client,
	    t->session->port, log_quote(early));
	stream_printf(t->stream, "554 5.5.1 %s You speak before you are "
	    "greeted\r\n", t->dialog->house->hostname());
}

/* A client that speaks before it is greeted does not listen: after greet_wait
 * it is turned away, without that just noted. False ends the session. */
static bool
wait_for_early(struct talk *t)
{
	const struct dialog *d = t->dialog;
	int64_t begun = clock_ms();
	int64_t wait = service_settings()->greet_wait * 1000;
	struct view early;
	enum stream_end end;

	if (d->trusted || d->believed || d->secure)
		return true;
	if (d->protocol != PROTOCOL_SMTP)
		wait = 0;
	end = stream_peek(t->stream, &early, deadline_in(wait));
	if (end == STREAM_TIMEOUT)
		return true;
	if (end != STREAM_OK) {
		broken(t, end);
		return false;
	}
	if (wait > 0) {
		turn_away(t, early, begun);
		return false;
	}
	t->pipelining_logged = true;
	log_info(NULL, "improper command pipelining after CONNECT from %s",
	    d->client);
	return true;
}

static void
talk(struct talk *t)
{
	struct response greeting = dialog_greeting(t->dialog);
	enum then then = THEN_COMMAND;
	bool on = true;

	if (!wait_for_early(t)) {
		stream_flush(t->stream);
		return;
	}
	say(t, &greeting);
	while (on && then != THEN_CLOSE)
		if (then == THEN_DATA || then == THEN_CHUNK) {
			on = take_data(t);
			then = THEN_COMMAND;
		} else if (then == THEN_TLS) {
			on = take_tls(t);
			then = THEN_COMMAND;
		} else {
			on = take_command(t, &then);
		}
	if (t->hangs_up)
		stream_linger(t->stream);
	else
		stream_flush(t->stream);
}

void
smtpd_session_with(struct session *s, const struct house *house)
{
	struct dialog_client client = {
		.protocol = protocol_of(s->listener->settings),
		.ip = s->uid == UINT32_MAX ? s->client : "",
		.uid = s->uid,
		.number = s->number,
		.secure = tls_info(&s->stream) != NULL,
		.believed = session_is_believed(s),
		.session = s,
	};
	struct talk t = { .session = s, .stream = &s->stream,
		.login_by = DEADLINE_NEVER };
	struct str tally = { 0 };

	if (client.protocol == PROTOCOL_SUBMISSION && s->uid == UINT32_MAX)
		t.login_by = deadline_in(
		    service_settings()->login_timeout * 1000);
	s->stream.write_deadline_ms = timeout();
	t.dialog = dialog_new(&client, house);
	log_info(NULL, "connect from %s", t.dialog->client);
	talk(&t);
	dialog_tally(t.dialog, &tally);
	log_info(NULL, "disconnect from %s %s", t.dialog->client,
	    str_c(&tally));
	str_free(&tally);
	dialog_free(&t.dialog);
}

void
smtpd_session(struct session *s)
{
	smtpd_session_with(s, &house_real);
}
