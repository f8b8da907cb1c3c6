/* SPDX-License-Identifier: ISC */
/*
 * pop3 - the loop of a session: a line, a command, a reply
 *
 * Only QUIT removes messages. A client that goes away, is silent for too long
 * (RFC 1939 3: no reply then) or makes too many errors removes nothing.
 */
#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "pop3d/line.h"
#include "pop3d/pop3.h"

#define COMMANDS_TURN 64	/* pipelined; then it is the others' turn */

static bool
write_reply(struct pop3 *p, struct stream *s)
{
	const struct pop3_reply *r = &p->reply;

	stream_puts(s, r->more ? "+ " : r->ok ? "+OK " : "-ERR ");
	stream_write(s, str_view(&r->text));
	if (!stream_puts(s, "\r\n"))
		return false;
	return r->body == NULL || r->body(p, s);
}

/* False when the session is over; p->end says why. */
static bool
next_command(struct pop3 *p, struct stream *s)
{
	bool outside = p->state == POP3_AUTHORIZATION;
	struct view line;
	enum stream_end e = line_next(s, &line,
	    outside ? POP3_AUTH_MAX : POP3_LINE_MAX,
	    outside ? gate_deadline(&p->gate) : DEADLINE_NEVER, &p->end);

	if (e == STREAM_OK) {
		pop3_command(p, line);
		if (outside)
			stream_wipe(s);
	} else if (e == STREAM_TOO_LONG) {
		pop3_too_long(p);
	} else if (e == STREAM_CANCELLED) {
		stream_puts(s, p->session->evicted ?
			"-ERR [SYS/TEMP] Too many sessions, try later\r\n" :
			"-ERR [SYS/TEMP] The server is shutting down\r\n");
	}
	return e == STREAM_OK || e == STREAM_TOO_LONG;
}

/* The reply is out. False when the session is over. */
static bool
after_reply(struct pop3 *p)
{
	if (!p->begins_tls)
		return true;
	p->begins_tls = false;
	p->end = "Connection closed";
	return gate_start_tls(&p->gate);
}

static void
serve(struct pop3 *p, struct stream *s)
{
	uint64_t most = service_settings()->errors_max;
	unsigned commands = 0;

	while (p->state != POP3_END && next_command(p, s)) {
		if (++commands % COMMANDS_TURN == 0 && stream_pending(s))
			fiber_sleep(0);
		if (p->state == POP3_END)
			mailbox_leave(&p->mailbox);
		if (!write_reply(p, s)) {
			p->end = "Connection closed";
			return;
		}
		if (!after_reply(p))
			return;
		if (p->errors >= most && p->state != POP3_END) {
			p->end = "Too many errors";
			stream_puts(s, "-ERR Too many errors\r\n");
			return;
		}
	}
}

static void
log_end(const struct pop3 *p)
{
	struct str subject = { 0 };

	if (p->mailbox.user.n == 0) {
		gate_leave(&p->gate, "pop3-login", p->end);
		return;
	}
	str_addf(&subject, "pop3(%s)", log_quote(str_view(&p->mailbox.user)));
	log_info(str_c(&subject), "Disconnected: %s top=%u/%llu, "
	    "retr=%u/%llu, del=%u/%u, size=%llu, session=<%s>", p->end,
	    p->top_count, (unsigned long long)p->top_octets, p->retr_count,
	    (unsigned long long)p->retr_octets, p->deleted, p->had_count,
	    (unsigned long long)p->had_octets, p->session->id);
	str_free(&subject);
}

void
pop3_session(struct session *s)
{
	struct pop3 p;

	line_begin(&s->stream);
	pop3_begin(&p, s, service_settings()->login_timeout);
	options_take(&p.options, service_settings());
	pop3_stamp(&p, service_settings()->hostname);
	stream_printf(&s->stream, "+OK Posthouse POP3 server ready%s%s\r\n",
	    p.stamp.n > 0 ? " " : "", str_c(&p.stamp));
	serve(&p, &s->stream);
	log_end(&p);
	pop3_free(&p);
}
