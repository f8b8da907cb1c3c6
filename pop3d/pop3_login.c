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
#include "pop3d/login.h"
#include "pop3d/pop3.h"

bool
pop3_may_login(const struct pop3 *p UNUSED)
{
	return service_settings()->plain_logins;
}

void
pop3_user(struct pop3 *p, struct view args)
{
	if (!pop3_may_login(p)) {
		pop3_error(p, "AUTH", "Passwords are accepted in TLS only");
		return;
	}
	str_reset(&p->user);
	str_add(&p->user, view_trim(args));
	pop3_ok(p, "Password, please");
}

static bool
log_in(struct pop3 *p, struct view password)
{
	struct why w;

	if (!mailbox_login(&p->mailbox, p->session, "pop3",
		str_view(&p->user), password, &w)) {
		p->failures += w.verdict == VERDICT_NEVER;
		pop3_error(p, w.verdict == VERDICT_NEVER ? "AUTH" : "SYS/TEMP",
		    "%s", w.text);
		return false;
	}
	if (mailbox_open(&p->mailbox, VIEW_NONE, &w))
		return true;
	mailbox_logout(&p->mailbox);
	if (mailbox_in_use(&w))
		pop3_error(p, "IN-USE", "%s", w.text);
	else
		pop3_why(p, &w);
	return false;
}

void
pop3_pass(struct pop3 *p, struct view args)
{
	if (p->user.n == 0) {
		pop3_error(p, NULL, "USER first");
		return;
	}
	if (log_in(p, args)) {
		p->state = POP3_TRANSACTION;
		p->had_count = p->mailbox.count;
		p->had_octets = p->mailbox.octets;
		pop3_ok(p, "Logged in, %u messages", p->mailbox.count);
		login_log("pop3-login", p->session, &p->mailbox);
	}
	str_free(&p->user);
}

static bool
send_capabilities(struct pop3 *p, struct stream *s)
{
	stream_puts(s, "TOP\r\nUIDL\r\n");
	if (pop3_may_login(p))
		stream_puts(s, "USER\r\n");
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
