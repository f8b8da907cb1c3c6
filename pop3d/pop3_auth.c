/* SPDX-License-Identifier: ISC */
/*
 * pop3_auth - STLS (RFC 2595), AUTH (RFC 5034), APOP (RFC 1939 7)
 *
 * AUTH goes on line by line: each reply that begins with "+ " carries a
 * challenge, and the client's next line belongs to it, whatever it looks like.
 * Without a mechanism AUTH lists them, as clients from before CAPA expect.
 *
 * APOP is an exchange whose challenge stands in the greeting.
 */
#include <stdlib.h>

#include "lib/proc/service.h"
#include "pop3d/pop3.h"

#define APOP VIEW_LIT("APOP")

/* The handshake follows the reply (pop3d/pop3.c). What the client has said so
 * far counts no more. */
void
pop3_stls(struct pop3 *p, struct view args UNUSED)
{
	if (p->gate.house->in_tls(p->session)) {
		pop3_error(p, NULL, "TLS is on already");
	} else if (p->utf8) {
		/* RFC 6856 2.1 */
		pop3_error(p, NULL, "STLS comes before UTF8");
	} else if (!p->gate.house->tls_offered(p->session)) {
		pop3_error(p, NULL, "There is no TLS here");
	} else {
		pop3_ok(p, "Begin TLS now");
		str_free(&p->user);
		p->begins_tls = true;
	}
}

/* ---- AUTH ---- */

static bool
send_mechanisms(struct pop3 *p, struct stream *s)
{
	struct str names = { 0 };

	p->gate.house->offer(p->session, "\r\n", &names);
	if (names.n > 0) {
		stream_write(s, view_skip(str_view(&names), 2));
		stream_puts(s, "\r\n");
	}
	str_free(&names);
	return stream_puts(s, ".\r\n");
}

static void
challenge(struct pop3 *p)
{
	pop3_ok(p, "%s", str_c(&p->gate.challenge));
	p->reply.more = true;
	p->responds = true;
}

static void
take(struct pop3 *p, enum gate_step step, const struct why *w)
{
	const struct sasl *x = &p->gate.sasl;

	if (step == GATE_MORE) {
		challenge(p);
		return;
	}
	p->responds = false;
	if (step == GATE_IN) {
		mailbox_enter(&p->mailbox, p->session, str_view(&x->user),
		    x->store);
		mailbox_want(&p->mailbox, str_view(&x->mailbox));
		pop3_enter(p);
	} else if (step == GATE_REFUSED) {
		pop3_refuse(p, w);
	} else {
		pop3_error(p, NULL, "%s", step == GATE_CANCELLED ?
			"Cancelled" : "Not base64, or too long");
	}
	gate_end(&p->gate);
}

void
pop3_response(struct pop3 *p, struct view line)
{
	struct why w = { .verdict = VERDICT_NEVER };

	take(p, gate_answer(&p->gate, line, &w), &w);
}

void
pop3_auth(struct pop3 *p, struct view args)
{
	struct why w = { .verdict = VERDICT_NEVER };
	struct view mechanism = view_word(&args), initial = view_word(&args);

	if (mechanism.n == 0) {
		pop3_ok(p, "Ways to log in follow");
		p->reply.body = send_mechanisms;
		return;
	}
	take(p, gate_begin(&p->gate, mechanism,
	    initial.n > 0 ? &initial : NULL, &w), &w);
}

/* ---- APOP ---- */

void
pop3_stamp(struct pop3 *p, const char *host)
{
	uint64_t chance;

	arc4random_buf(&chance, sizeof(chance));
	if (p->gate.house->offers(p->session, APOP))
		str_addf(&p->stamp, "<%s.%llx@%s>", p->session->id,
		    (unsigned long long)chance, host);
}

void
pop3_apop(struct pop3 *p, struct view args)
{
	struct why w = { .verdict = VERDICT_NEVER };
	struct str response = { 0 };

	if (p->stamp.n == 0) {
		pop3_error(p, NULL, "There is no APOP here");
		return;
	}
	str_add(&response, str_view(&p->stamp));
	str_addc(&response, '\0');
	str_add(&response, view_word(&args));
	str_addc(&response, '\0');
	str_add(&response, view_word(&args));
	take(p, gate_apop(&p->gate, str_view(&response), &w), &w);
	str_free(&response);
}
