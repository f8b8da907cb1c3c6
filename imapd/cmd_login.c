/* SPDX-License-Identifier: ISC */
/*
 * cmd_login - STARTTLS, LOGIN, AUTHENTICATE (RFC 9051 6.2, RFC 4959)
 *
 * What AUTHENTICATE exchanges with the client is base64 around what
 * lib/mail/gate.h passes to auth; nothing here knows a mechanism.
 */
#include "imapd/commands.h"
#include "imapd/login.h"
#include "imapd/reader.h"

/* The handshake follows the tagged answer (imapd/session.c). */
enum answer
cmd_starttls(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (im->gate.house->in_tls(im->session))
		return answer_bad(im, "TLS is on already");
	if (!im->gate.house->tls_offered(im->session))
		return answer_bad(im, "There is no TLS here");
	im->begins_tls = true;
	return answer_ok(im, "Begin TLS now");
}

enum answer
cmd_login(struct imap *im, struct parse *p)
{
	struct view user, password;

	parse_space(p);
	user = parse_astring(p);
	parse_space(p);
	password = parse_astring(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!im->gate.house->plain_allowed(im->session)) {
		gate_disallowed(&im->gate);
		return answer_no(im, "[PRIVACYREQUIRED] Passwords are not taken "
				     "without TLS");
	}
	return login_try(im, user, password);
}

/* ---- AUTHENTICATE ---- */

/* Send the challenge and take the response: in im->text, or NULL with the
 * sentence why not in *wrong. */
static bool
respond(struct imap *im, const char **wrong)
{
	enum read_end e;

	out_printf(im, "+ %s\r\n", str_c(&im->gate.challenge));
	str_wipe(&im->text);
	stream_wipe(&im->session->stream);
	if (!out_flush(im)) {
		*wrong = "Connection closed";
		return false;
	}
	e = reader_line(im);
	*wrong = e == READ_GONE ? "Connection closed" : im->wrong;
	return *wrong == NULL;
}

static enum answer
refused(struct imap *im, const struct why *w)
{
	if (w->verdict == VERDICT_NEVER && strcmp(w->status, "5.2") == 0)
		return answer_bad(im, "%s", w->text);
	return answer_why(im, w);
}

static enum answer
finish(struct imap *im, enum gate_step step, const struct why *w)
{
	const struct sasl *x = &im->gate.sasl;

	if (step == GATE_IN)
		return login_enter(im, str_view(&x->user), x->store);
	if (step == GATE_REFUSED)
		return refused(im, w);
	return answer_bad(im, step == GATE_CANCELLED ? "Cancelled" :
						       "Not base64, or too long");
}

enum answer
cmd_authenticate(struct imap *im, struct parse *p)
{
	struct why w = { .verdict = VERDICT_NEVER };
	struct view mechanism;
	const char *wrong = NULL;
	enum gate_step step;
	enum answer answer;

	parse_space(p);
	mechanism = parse_atom(p);
	if (parse_take(p, ' '))
		step = gate_begin(&im->gate, mechanism, &p->rest, &w);
	else if (parse_end(p))
		step = gate_begin(&im->gate, mechanism, NULL, &w);
	else
		return answer_syntax(im, p);
	while (step == GATE_MORE && respond(im, &wrong))
		step = gate_answer(&im->gate, str_view(&im->text), &w);
	answer = wrong ? answer_bad(im, "%s", wrong) : finish(im, step, &w);
	gate_end(&im->gate);
	return answer;
}
