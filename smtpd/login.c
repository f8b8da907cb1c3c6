/* SPDX-License-Identifier: ISC */
/*
 * login - AUTH, one response per line
 *
 * Each step takes a base64 line and names the next one by d->expect. What the
 * client sends is decoded into strings that are wiped as soon as auth has
 * answered. A wrong password costs time: the reply waits a second.
 */
#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "lib/proc/fiber.h"
#include "smtpd/command.h"
#include "smtpd/login.h"

#define PENALTY 1000	/* ms */

bool
login_offered(const struct dialog *d)
{
	return d->protocol == PROTOCOL_SUBMISSION &&
	    d->house->settings()->plain_logins;
}

static struct response
failed(struct dialog *d, const char *mechanism, const struct why *w)
{
	log_warning(NULL, "%s: SASL %s authentication failed: %s", d->client,
	    mechanism, w->text);
	if (w->verdict == VERDICT_LATER)
		return response(454, "4.7.0", "Logins cannot be checked now");
	if (fiber_self() != NULL)
		fiber_sleep(PENALTY);
	return response(535, "5.7.8", "The name or the password is wrong");
}

static struct response
check(struct dialog *d, const char *mechanism, struct view user,
    struct view password)
{
	struct why w;

	if (!d->house->login(d, user, password, &w))
		return failed(d, mechanism, &w);
	return response(235, "2.7.0", "Welcome");
}

/* True with the decoded line in out; else *r tells. */
static bool
take_line(struct dialog *d, struct view line, struct str *out,
    struct response *r)
{
	d->expect = NULL;
	if (view_is(line, "*"))
		*r = response(501, "5.7.0", "The login was given up");
	else if (!decode_base64(out, line))
		*r = response(501, "5.5.2", "That is not base64");
	else
		return true;
	return false;
}

/* authzid NUL authcid NUL password */
static struct response
plain(struct dialog *d, struct view line)
{
	struct str text = { 0 };
	struct response r;

	if (take_line(d, line, &text, &r)) {
		struct view password = str_view(&text), as, user;

		as = view_cut(&password, '\0');
		user = view_cut(&password, '\0');
		if (user.n == 0 || (as.n > 0 && !view_eq(as, user)))
			r = response(501, "5.5.2",
			    "PLAIN is NUL, name, NUL, password in base64");
		else
			r = check(d, "PLAIN", user, password);
	}
	str_wipe(&text);
	str_free(&text);
	return r;
}

static struct response
login_password(struct dialog *d, struct view line)
{
	struct str text = { 0 };
	struct response r;

	if (take_line(d, line, &text, &r))
		r = check(d, "LOGIN", view_of(d->login_name), str_view(&text));
	str_wipe(&text);
	str_free(&text);
	return r;
}

static struct response
login_user(struct dialog *d, struct view line)
{
	struct str text = { 0 };
	struct response r;

	if (take_line(d, line, &text, &r)) {
		d->login_name = arena_copy(&d->tx.arena, str_view(&text));
		d->expect = login_password;
		r = response(334, "", "UGFzc3dvcmQ6");
	}
	str_free(&text);
	return r;
}

static const struct {
	const char *name, *challenge;
	struct response (*step)(struct dialog *, struct view);
} mechanisms[] = {
	{ "PLAIN", "", plain },
	{ "LOGIN", "VXNlcm5hbWU6", login_user },
};

struct response
command_auth(struct dialog *d, struct view args)
{
	struct view name = view_word(&args);

	args = view_trim(args);
	if (d->login[0] != '\0')
		return response(503, "5.5.1", "You are logged in already");
	if (!login_offered(d))
		return response(538, "5.7.11",
		    "Passwords are not taken on an open line");
	dialog_reset(d);	/* the last try's name goes */
	for (size_t i = 0; i < nitems(mechanisms); i++) {
		if (!view_isi(name, mechanisms[i].name))
			continue;
		if (args.n > 0)
			return mechanisms[i].step(d,
			    view_is(args, "=") ? VIEW_NONE : args);
		d->expect = mechanisms[i].step;
		return response(334, "", mechanisms[i].challenge);
	}
	return response(504, "5.5.4", "The mechanisms here: PLAIN LOGIN");
}
