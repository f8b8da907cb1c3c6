/* SPDX-License-Identifier: ISC */
/*
 * minor - the commands that change nothing: RSET, NOOP, HELP, QUIT
 */
#include "lib/base/log.h"
#include "smtpd/command.h"
#include "smtpd/extension.h"

static struct response
no_arguments(struct dialog *d, const char *verb)
{
	return response_printf(&d->command, 501, "5.5.4",
	    "%s takes no argument", verb);
}

struct response
command_rset(struct dialog *d, struct view args)
{
	if (args.n > 0)
		return no_arguments(d, "RSET");
	dialog_reset(d);
	return response(250, "2.0.0", "Ok");
}

struct response
command_noop(struct dialog *d, struct view args)
{
	(void)d;
	(void)args;
	return response(250, "2.0.0", "Ok");
}

struct response
command_quit(struct dialog *d, struct view args)
{
	struct response r;

	if (args.n > 0)
		return no_arguments(d, "QUIT");
	r = response_printf(&d->command, 221, "2.0.0", "%s closes, good-bye",
	    d->house->hostname());
	r.then = THEN_CLOSE;
	return r;
}

/* Verbs that are there only while EHLO says so. */
static bool
in_offer(const struct dialog *d, const struct command *c)
{
	static const struct {
		command_fn *run;
		enum extension extension;
	} verbs[] = {
		{ command_auth, EXT_AUTH },
		{ command_starttls, EXT_STARTTLS },
		{ command_expn, EXT_EXPN },
		{ command_etrn, EXT_ETRN },
	};

	for (size_t i = 0; i < nitems(verbs); i++)
		if (c->run == verbs[i].run)
			return extension_offered(d, verbs[i].extension);
	return true;
}

static bool
is_offered(const struct dialog *d, const struct command *c)
{
	return c->run != NULL && c->help != NULL &&
	    (c->protocols & d->protocol) != 0 && in_offer(d, c);
}

static struct response
help_list(struct dialog *d)
{
	struct str text = { 0 };
	struct response r;

	str_adds(&text, "Commands here:");
	for (size_t i = 0; i < command_count(); i++)
		if (is_offered(d, command_at(i)))
			str_addf(&text, " %s", command_at(i)->verb);
	str_adds(&text, "\nHELP and a verb tells more about it.");
	r = response(214, "2.0.0", arena_copy(&d->command, str_view(&text)));
	str_free(&text);
	return r;
}

struct response
command_help(struct dialog *d, struct view args)
{
	const struct command *c;

	if (args.n == 0)
		return help_list(d);
	c = command_find(args);
	if (c == NULL || !is_offered(d, c))
		return response(504, "5.5.4",
		    "There is no help about that; HELP alone lists what is");
	return response_printf(&d->command, 214, "2.0.0", "%s\n%s", c->syntax,
	    c->help);
}

/* A web browser, or a page that makes one talk to us. */
struct response
command_foreign(struct dialog *d, struct view args)
{
	struct response r = response(554, "5.5.1",
	    "This is a mail server, it does not speak HTTP");

	(void)args;
	log_info(NULL, "HTTP request from %s", d->client);
	r.then = THEN_CLOSE;
	return r;
}
