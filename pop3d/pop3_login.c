/* SPDX-License-Identifier: ISC */
/*
 * pop3_login - who it is, what is on offer, and the end
 *
 * The mailbox is locked against other POP sessions between PASS and the end
 * (RFC 1939 5). A login whose mailbox cannot be had is no login: the session
 * stays where it was.
 */
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/proc/service.h"
#include "pop3d/pop3.h"

void
pop3_user(struct pop3 *p, struct view args)
{
	if (!p->gate.house->plain_allowed(p->session)) {
		gate_disallowed(&p->gate);
		pop3_error(p, "AUTH", "Passwords are accepted in TLS only");
		return;
	}
	str_reset(&p->user);
	str_add(&p->user, view_trim(args));
	pop3_ok(p, "Password, please");
}

void
pop3_enter(struct pop3 *p)
{
	struct why w;

	if (mailbox_open(&p->mailbox, VIEW_NONE, &w)) {
		p->state = POP3_TRANSACTION;
		p->had_count = p->mailbox.count;
		p->had_octets = p->mailbox.octets;
		pop3_ok(p, "Logged in, %u messages", p->mailbox.count);
		gate_enter(&p->gate, "pop3-login", str_view(&p->mailbox.user));
		return;
	}
	mailbox_logout(&p->mailbox);
	if (mailbox_in_use(&w))
		pop3_error(p, "IN-USE", "%s", w.text);
	else
		pop3_why(p, &w);
}

void
pop3_pass(struct pop3 *p, struct view args)
{
	struct why w;

	if (p->user.n == 0)
		pop3_error(p, NULL, "USER first");
	else if (mailbox_login(&p->mailbox, &p->gate, str_view(&p->user), args,
		    &w))
		pop3_enter(p);
	else
		pop3_error(p, w.verdict == VERDICT_NEVER ? "AUTH" : "SYS/TEMP",
		    "%s", w.text);
	str_free(&p->user);
}

static bool
send_capabilities(struct pop3 *p, struct stream *s)
{
	const struct gate_house *house = p->gate.house;
	struct str names = { 0 };

	stream_puts(s, "TOP\r\nUIDL\r\n");
	if (house->tls_offered(p->session) && p->state == POP3_AUTHORIZATION)
		stream_puts(s, "STLS\r\n");
	if (house->plain_allowed(p->session))
		stream_puts(s, "USER\r\n");
	house->offer(p->session, " ", &names);
	if (names.n > 0)
		stream_printf(s, "SASL%s\r\n", str_c(&names));
	str_free(&names);
	return stream_puts(s, "RESP-CODES\r\n"
			      "AUTH-RESP-CODE\r\n"
			      "PIPELINING\r\n"
			      "EXPIRE NEVER\r\n"
			      "IMPLEMENTATION Posthouse-" POSTHOUSE_VERSION
			      "\r\n.\r\n");
}

void
pop3_capa(struct pop3 *p, struct view args UNUSED)
{
	pop3_ok(p, "Capabilities follow");
	p->reply.body = send_capabilities;
}

void
pop3_quit(struct pop3 *p, struct view args UNUSED)
{
	uint32_t marked = p->mailbox.marked;
	struct why w;

	p->end = "Logged out";
	if (mailbox_apply(&p->mailbox, &w)) {
		p->deleted = marked;
		pop3_ok(p, "Good bye");
	} else {
		pop3_error(p, "SYS/TEMP",
		    "Some deleted messages were not removed: %s", w.text);
	}
	p->state = POP3_END;
}
