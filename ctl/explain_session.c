/* SPDX-License-Identifier: ISC */
/*
 * explain_session - what a client gets before its RCPT
 *
 * Names and paths are read by the functions that smtpd has them read by, router
 * is asked what smtpd asks it, auth who is shut out. What depends on how busy
 * the server is, or on what the client has done before, is told by the settings
 * that decide it.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/explain.h"
#include "ctl/output.h"
#include "lib/mail/address.h"
#include "lib/mail/utf8.h"

/* What is known of a command. */
struct stage {
	const char *command, *argument;
	struct why why;
	const char *const *settings;	/* that decide, too; NULL ends them */
};

/* ---- the settings ---- */

struct listing {
	const struct explain_session *session;
	const char *const *names;
	json_t *all;
};

/* Of sections only those of listeners that such a client comes to. */
static bool
is_listener_for(const struct ctl *ctl, const char *section)
{
	const char *protocol = ctl_value(ctl, OPTION_LOGIN) != NULL ?
	    "submission" : "smtp";
	struct view name = view_of(section);
	const struct listener_settings *l;

	if (!view_is(view_cut(&name, ' '), "listener"))
		return false;
	l = settings_listener(ctl->settings, name.p);
	return l != NULL && strcmp(l->protocol, protocol) == 0 &&
	       strncmp(l->address, "unix:", 5) != 0;
}

static void
list_setting(void *arg, const char *section, const char *name,
    const char *value, bool is_default UNUSED, const char *sentence UNUSED)
{
	struct listing *l = arg;
	const char *const *wanted = l->names;
	struct str text = { 0 };

	while (*wanted != NULL && strcmp(*wanted, name) != 0)
		wanted++;
	if (*wanted == NULL || (section != NULL &&
	    !is_listener_for(l->session->ctl, section)))
		return;
	if (section != NULL)
		str_addf(&text, "[%s] ", section);
	str_addf(&text, "%s = %s", name, value);
	if (l->all != NULL)
		json_array_append_new(l->all, output_text(str_view(&text)));
	else
		printf("  %s\n", output_clean(str_view(&text)));
	str_free(&text);
}

/* ---- a stage ---- */

static int
tell(const struct explain_session *s, const struct stage *t)
{
	struct listing l = { s, t->settings, NULL };
	json_t *j = NULL;

	if (s->stages != NULL) {
		j = json_object();
		l.all = json_array();
		json_object_set_new(j, "command", json_string(t->command));
		json_object_set_new(j, "argument",
		    output_text(view_of(t->argument)));
		json_object_set_new(j, "verdict",
		    json_string(explain_word((uint8_t)t->why.verdict)));
		json_object_set_new(j, "class", json_integer(t->why.verdict));
		json_object_set_new(j, "status", json_string(t->why.status));
		json_object_set_new(j, "sentence",
		    output_text(view_of(t->why.text)));
		json_object_set_new(j, "settings", l.all);
		json_array_append_new(s->stages, j);
	} else {
		printf("%s %s: %s, ", t->command,
		    output_clean(view_of(t->argument)),
		    explain_word((uint8_t)t->why.verdict));
		if (t->why.verdict != VERDICT_DONE)
			printf("%u.%s ", (unsigned)t->why.verdict,
			    t->why.status);
		printf("%s\n", output_clean(view_of(t->why.text)));
	}
	settings_each(s->ctl->settings, list_setting, &l);
	return t->why.verdict == VERDICT_DONE ? 0 :
	    t->why.verdict == VERDICT_LATER ? EX_TEMPFAIL : EX_NOUSER;
}

/* ---- the stages ---- */

static int
at_connect(const struct explain_session *s)
{
	static const char *const settings[] = { "sessions",
		"processes", "sessions_per_client", "sessions_per_network",
		"session_rate", "greet_wait", "proxy", "proxy_clients", NULL };
	static const char *const settings_login[] = { "sessions", "processes",
		"sessions_per_client", "sessions_per_network", "session_rate",
		"proxy", "proxy_clients", "login_timeout", NULL };
	struct stage t = { .command = "CONNECT",
		.argument = ctl_value(s->ctl, OPTION_CLIENT),
		.settings = ctl_value(s->ctl, OPTION_LOGIN) != NULL ?
		    settings_login : settings };

	why_done(&t.why, "0.0", "unless one of these limits is reached; rules "
	    "about clients are asked at RCPT");
	return tell(s, &t);
}

static int
at_helo(const struct explain_session *s)
{
	static const char *const settings[] = { NULL };
	struct stage t = { .command = "EHLO",
		.argument = ctl_value(s->ctl, OPTION_HELO),
		.settings = settings };

	if (address_is_helo(view_of(t.argument), true))
		why_done(&t.why, "0.0", "HELO as well; rules about this name "
		    "are asked at RCPT");
	else
		why_never(&t.why, "5.4", "this is neither a name of a host nor "
		    "an address in brackets");
	return tell(s, &t);
}

/* Who is shut out for wrong passwords, as auth has it. */
static struct {
	struct address16 client;
	const char *login;
	int64_t seconds;
} shut;

void
explain_guesser(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_guesser *m)
{
	struct network n;

	if (network_parse(m->network, &n) && network_has(&n, &shut.client) &&
	    (m->account.n == 0 || view_eqi(m->account, view_of(shut.login))) &&
	    m->shut > shut.seconds)
		shut.seconds = m->shut;
}

static int
at_auth(const struct explain_session *s)
{
	static const char *const settings[] = { "login_failures",
		"login_lockout", NULL };
	static const struct handlers handlers = { .closed = link_closed,
		.guesser = explain_guesser };
	struct stage t = { .command = "AUTH", .settings = settings,
		.argument = ctl_value(s->ctl, OPTION_LOGIN) };
	struct message m = { .type = MSG_guess_list };
	struct channel *auth;
	int code;

	shut.login = t.argument;
	address16_parse(view_of(ctl_value(s->ctl, OPTION_CLIENT)),
	    &shut.client);
	code = link_program(ROLE_AUTH, 0, &handlers, &auth);
	if (code != 0)
		return code;
	if (!link_ask(auth, &m, &t.why))
		return ctl_fail(EX_TEMPFAIL, "%s", t.why.text);
	if (shut.seconds > 0)
		why_later(&t.why, "7.0", "shut out for %lld seconds more, "
		    "whatever the password", (long long)shut.seconds);
	else
		why_done(&t.why, "7.0", "with the right password: neither this "
		    "address nor this account from it is shut out");
	return tell(s, &t);
}

/* True, or what is wrong with a path between MAIL or RCPT and its
 * parameters. */
static bool
read_path(const char *address, bool sender, struct why *w)
{
	struct arena arena = { 0 };
	struct str text = { 0 };
	enum address_error e;
	struct address a;
	struct view in;

	if (sender && strcmp(address, "<>") == 0)
		address = "";
	str_addf(&text, "<%s>", address);
	in = str_view(&text);
	e = address_path(&in, sender ? ADDRESS_OF_MAIL :
	    ADDRESS_OF_RCPT | ADDRESS_UTF8, &arena, &a);
	if (e == ADDRESS_FINE && in.n > 0)
		e = ADDRESS_SYNTAX;
	arena_reset(&arena);
	str_free(&text);
	return e == ADDRESS_FINE || address_why(e, sender, w);
}

/* True, or router says that this login does not send as that. */
static bool
may_send(const struct explain_session *s, const char *sender, struct why *w)
{
	struct message m = { .type = MSG_may_send };
	const char *login = ctl_value(s->ctl, OPTION_LOGIN);

	if (login == NULL)
		return true;
	m.may_send.login = view_of(login);
	m.may_send.sender = strcmp(sender, "<>") == 0 ? VIEW_NONE :
							view_of(sender);
	m.may_send.client = view_of(ctl_value(s->ctl, OPTION_CLIENT));
	return link_ask(s->router, &m, w);
}

static int
at_mail(const struct explain_session *s)
{
	static const char *const settings[] = { "message_size_limit", NULL };
	static const char *const settings_login[] = { "sender_login",
		"user_rate", "message_size_limit", NULL };
	struct stage t = { .command = "MAIL",
		.argument = ctl_value(s->ctl, OPTION_SENDER),
		.settings = ctl_value(s->ctl, OPTION_LOGIN) != NULL ?
		    settings_login : settings };

	if (read_path(t.argument, true, &t.why) &&
	    may_send(s, t.argument, &t.why))
		why_done(&t.why, "1.0", "%s; rules about senders are asked at "
		    "RCPT", utf8_is_ascii(view_of(t.argument)) ?
		    "with or without SMTPUTF8" : "with SMTPUTF8");
	return tell(s, &t);
}

static int
at_rcpt(const struct explain_session *s)
{
	static const char *const settings[] = { "access", "recipients_max",
		"errors_max", "tarpit", NULL };
	struct stage t = { .command = "RCPT", .argument = s->ctl->argv[0],
		.settings = settings };

	if (read_path(t.argument, false, &t.why))
		why_done(&t.why, "1.5", "as far as its form goes, %s",
		    utf8_is_ascii(view_of(t.argument)) ? "and this decides:" :
		    "after SMTPUTF8, and this decides:");
	return tell(s, &t);
}

int
explain_stages(const struct explain_session *s)
{
	int code = at_connect(s);

	if (code == 0)
		code = at_helo(s);
	if (code == 0 && ctl_value(s->ctl, OPTION_LOGIN) != NULL)
		code = at_auth(s);
	if (code == 0)
		code = at_mail(s);
	return code != 0 ? code : at_rcpt(s);
}
