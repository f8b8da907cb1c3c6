/* SPDX-License-Identifier: ISC */
/*
 * login - AUTH, one response per line
 *
 * auth does the exchange (lib/mail/sasl.h); here are its base64 and its replies.
 * A step that wants another line names itself by d->expect. Unknown user and
 * wrong password get the same words, and the lines in the log are those that
 * fail2ban's filter for Postfix reads. What a client sends is wiped.
 */
#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "smtpd/command.h"
#include "smtpd/login.h"

void
login_mechanisms(const struct dialog *d, struct str *out)
{
	d->house->sasl_offer(d, out);
}

bool
login_offered(const struct dialog *d)
{
	struct str names = { 0 };
	bool some;

	login_mechanisms(d, &names);
	some = names.n > 0;
	str_free(&names);
	return some;
}

void
login_give_up(struct dialog *d)
{
	d->expect = NULL;
	d->house->sasl_end(d);
}

/* ---- the log ---- */

/* "Invalid authentication mechanism" and "Connection lost" are words that log
 * readers tell from a guess. */
static void
log_failure(const struct dialog *d, const struct why *w)
{
	const char *class = "";

	if (w->verdict == VERDICT_LATER && strcmp(w->status, "7.0") != 0)
		class = "Connection lost to authentication server: ";
	else if (strcmp(w->status, "5.4") == 0)
		class = "Invalid authentication mechanism: ";
	log_warning(NULL, "%s: SASL %s authentication failed: %s%s, "
	    "sasl_username=%s", d->client, d->sasl.mechanism != NULL ?
	    d->sasl.mechanism : "unknown", class, w->text,
	    d->tried.n > 0 ? log_quote(d->tried) : "(unavailable)");
}

/* The name that a response claims, as far as it can be seen. */
static void
note_name(struct dialog *d, struct view response)
{
	const char *mechanism = d->sasl.mechanism;

	if (mechanism == NULL || d->tried.n > 0)
		return;
	if (strcmp(mechanism, "PLAIN") == 0)
		view_cut(&response, '\0');	/* whom to be */
	else if (strcmp(mechanism, "LOGIN") != 0)
		return;
	d->tried = arena_view(&d->tx.arena, view_cut(&response, '\0'));
	/* what LOGIN has behind an empty name is the password */
	if (d->tried.n == 0)
		d->tried = VIEW_LIT("(unavailable)");
}

/* ---- replies ---- */

static struct response
refused(struct dialog *d, const struct why *w)
{
	static const struct {
		const char *status;
		unsigned code;
		const char *enhanced;
	} codes[] = {
		{ "5.4", 504, "5.5.4" },	/* no such mechanism */
		{ "7.11", 538, "5.7.11" },	/* not on an open line */
		{ "5.2", 501, "5.5.2" },	/* malformed */
	};
	struct response r = response(535, "5.7.8",
	    "The name or the password is wrong");

	log_failure(d, w);
	if (w->verdict == VERDICT_LATER)
		r = response(454, "4.7.0", "Logins cannot be checked now");
	for (size_t i = 0; w->verdict == VERDICT_NEVER && i < nitems(codes);
	    i++)
		if (strcmp(w->status, codes[i].status) == 0)
			r = response(codes[i].code, codes[i].enhanced,
			    arena_copy(&d->command, view_of(w->text)));
	return r;
}

static struct response
done(struct dialog *d)
{
	d->login = arena_copy(&d->own, str_view(&d->sasl.user));
	if (d->session != NULL)
		d->session->stream.known = true;
	d->login_method = d->sasl.mechanism;
	return response(235, "2.7.0", "Welcome");
}

/* What auth says, as a reply. */
static struct response
answer(struct dialog *d, enum sasl_result result, const struct why *w)
{
	struct str challenge = { 0 };
	struct response r;

	if (result == SASL_CONTINUE) {
		encode_base64(&challenge, str_view(&d->sasl.challenge));
		r = response(334, "",
		    arena_copy(&d->command, str_view(&challenge)));
		str_free(&challenge);
		return r;
	}
	r = result == SASL_DONE ? done(d) : refused(d, w);
	login_give_up(d);
	return r;
}

static struct response
damaged(struct dialog *d, struct str *text)
{
	str_wipe(text);
	str_free(text);
	login_give_up(d);
	return response(501, "5.5.2", "That is not base64");
}

/* A line that answers a challenge. */
static struct response
step(struct dialog *d, struct view line)
{
	struct str text = { 0 };
	struct response r;
	struct why w;

	if (view_is(line, "*")) {
		login_give_up(d);
		return response(501, "5.7.0", "The login was given up");
	}
	if (!decode_base64(&text, line))
		return damaged(d, &text);
	note_name(d, str_view(&text));
	r = answer(d, d->house->sasl_answer(d, str_view(&text), &w), &w);
	d->expect = r.code == 334 ? step : NULL;
	str_wipe(&text);
	str_free(&text);
	return r;
}

/* ---- the command ---- */

static struct response
begin(struct dialog *d, struct view mechanism, struct view initial)
{
	struct str text = { 0 };
	struct view decoded;
	enum sasl_result result;
	struct response r;
	struct why w;

	/* "=" is an initial response of no octets */
	if (!view_is(initial, "=") && !decode_base64(&text, initial))
		return damaged(d, &text);
	decoded = str_view(&text);
	result = d->house->sasl_begin(d, mechanism,
	    initial.n > 0 ? &decoded : NULL, &w);
	if (initial.n > 0)
		note_name(d, decoded);
	r = answer(d, result, &w);
	d->expect = r.code == 334 ? step : NULL;
	str_wipe(&text);
	str_free(&text);
	return r;
}

struct response
command_auth(struct dialog *d, struct view args)
{
	struct view mechanism = view_word(&args);

	args = view_trim(args);
	if (d->login[0] != '\0')
		return response(503, "5.5.1", "You are logged in already");
	if (mechanism.n == 0)
		return response(501, "5.5.4",
		    "Syntax: AUTH mechanism [response]");
	dialog_reset(d);	/* the last try's name goes */
	d->tried = VIEW_NONE;
	if (login_offered(d))
		return begin(d, mechanism, args);
	if (!d->secure)
		return response(538, "5.7.11",
		    "Logins are taken in TLS only; STARTTLS comes first");
	return response(454, "4.7.0", "Logins cannot be checked now");
}
