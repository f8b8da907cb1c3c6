/* SPDX-License-Identifier: ISC */
/*
 * pop2 - the loop of a POP2 session
 *
 * A connection that is lost, or silent for too long, removes nothing.
 */
#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "pop3d/content.h"
#include "pop3d/line.h"
#include "pop3d/pop2.h"

static bool
write_reply(struct pop2 *p, struct stream *s)
{
	if (p->reply.n > 0) {
		stream_write(s, str_view(&p->reply));
		stream_puts(s, "\r\n");
	}
	if (!p->send)
		return !s->failed;
	p->retr_count++;
	p->retr_octets += p->size;
	return content_send_exactly(s, p->content, p->size);
}

/* False when the session is over; p->end says why. */
static bool
next_command(struct pop2 *p, struct stream *s)
{
	bool outside = p->state == POP2_AUTH;
	struct view line;
	enum stream_end e = line_next(s, &line, POP2_LINE_MAX,
	    outside ? gate_deadline(&p->gate) : DEADLINE_NEVER,
	    &p->end);

	if (e == STREAM_OK)
		pop2_command(p, line);
	else if (e == STREAM_TOO_LONG)
		pop2_fail(p, "The line is too long");
	else if (e == STREAM_CANCELLED)
		stream_puts(s, "- The server is shutting down\r\n");
	if (outside)
		stream_wipe(s);
	return e == STREAM_OK || e == STREAM_TOO_LONG;
}

static void
log_end(const struct pop2 *p)
{
	struct str subject = { 0 };

	if (p->mailbox.user.n == 0) {
		gate_leave(&p->gate, "pop2-login", p->end);
		return;
	}
	str_addf(&subject, "pop2(%s)", log_quote(str_view(&p->mailbox.user)));
	log_info(str_c(&subject), "Disconnected: %s retr=%u/%llu, del=%u/%u, "
	    "size=%llu, session=<%s>", p->end, p->retr_count,
	    (unsigned long long)p->retr_octets, p->deleted, p->had_count,
	    (unsigned long long)p->had_octets, p->session->id);
	str_free(&subject);
}

void
pop2_session(struct session *s)
{
	struct stream *out = &s->stream;
	struct pop2 p;

	line_begin(&s->stream);
	pop2_begin(&p, s, service_settings()->login_timeout);
	p.mark_read = service_settings()->pop3_mark_read;
	stream_printf(out, "+ POP2 %s Posthouse server ready\r\n",
	    service_settings()->hostname);
	while (p.state != POP2_END && next_command(&p, out)) {
		if (p.state == POP2_END)
			mailbox_leave(&p.mailbox);
		if (write_reply(&p, out))
			continue;
		p.end = "Connection closed";
		break;
	}
	log_end(&p);
	pop2_free(&p);
}
