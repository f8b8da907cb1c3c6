/* SPDX-License-Identifier: ISC */
/*
 * pop3_login - who it is, what is on offer, and the end
 *
 * The mailbox is locked against other POP sessions between PASS and the end
 * (RFC 1939 5). A login whose mailbox cannot be had is no login: the session
 * stays where it was.
 */
#include "lib/base/clock.h"
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

/* AUTH is for what a name and a password can be wrong about (RFC 3206). */
void
pop3_refuse(struct pop3 *p, const struct why *w)
{
	bool password = strcmp(w->status, "7.8") == 0 ||
	    strcmp(w->status, "7.11") == 0;

	if (w->verdict != VERDICT_LATER)
		pop3_error(p, password ? "AUTH" : NULL, "%s", w->text);
	else if (strcmp(w->status, SASL_TOO_OFTEN) == 0)
		pop3_error(p, "LOGIN-DELAY", "%s", w->text);
	else
		pop3_error(p, "SYS/TEMP", "%s", w->text);
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
		pop3_refuse(p, &w);
	str_free(&p->user);
}

/* What settings promise about time (RFC 2449 6.5, 6.7). */
static void
send_times(struct pop3 *p, struct stream *s)
{
	if (p->options.login_delay > 0)
		stream_printf(s, "LOGIN-DELAY %lld\r\n",
		    (long long)p->options.login_delay);
	if (p->options.expire_days < 0)
		stream_puts(s, "EXPIRE NEVER\r\n");
	else
		stream_printf(s, "EXPIRE %lld\r\n",
		    (long long)p->options.expire_days);
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
	stream_puts(s, "RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
		       "UTF8 USER\r\nLANG\r\n");
	send_times(p, s);
	return stream_puts(s, "IMPLEMENTATION Posthouse-" POSTHOUSE_VERSION
			      "\r\n.\r\n");
}

void
pop3_capa(struct pop3 *p, struct view args UNUSED)
{
	pop3_ok(p, "Capabilities follow");
	p->reply.body = send_capabilities;
}

/* Mark what was read and has been here long enough. */
static void
mark_expired(struct pop3 *p)
{
	int64_t days = p->options.expire_days;
	int64_t until = clock_wall() - days * 86400;
	struct mailbox *m = &p->mailbox;
	struct record r;

	for (uint32_t n = 1; days >= 0 && n <= m->count; n++) {
		mailbox_message(m, n, &r);
		if (days == 0 ? mailbox_is_fetched(m, n) :
				mailbox_is_read(m, n) && r.saved <= until)
			mailbox_mark(m, n);
	}
}

static void
not_removed(struct pop3 *p, const struct why *w)
{
	if (why_is_unknown(w))
		pop3_error(p, "SYS/TEMP", "The deleted messages may or may not "
		    "have been removed: %s", w->text);
	else
		pop3_error(p, "SYS/TEMP",
		    "The deleted messages were not removed: %s", w->text);
}

void
pop3_quit(struct pop3 *p, struct view args UNUSED)
{
	uint32_t marked;
	struct why w;

	p->end = "Logged out";
	mark_expired(p);
	marked = p->mailbox.marked;
	if (p->options.mark_read)
		mailbox_set_seen(&p->mailbox);
	if (mailbox_apply(&p->mailbox, &w)) {
		p->deleted = marked;
		pop3_ok(p, "Good bye");
	} else {
		not_removed(p, &w);
	}
	p->state = POP3_END;
}
