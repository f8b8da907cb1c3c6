/* SPDX-License-Identifier: ISC */
/*
 * explain - where would mail for this address go, and by which line
 *
 * Asks the router that runs, as a client would be answered at RCPT: one from
 * outside, or that of --client. What an outsider may not send to is asked for
 * a second time, for those who may relay. A session is asked about command by
 * command.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/explain.h"
#include "ctl/output.h"
#include "lib/mail/address.h"
#include "lib/mail/hop.h"
#include "lib/proc/network.h"

static const struct handlers handlers = { .closed = link_closed,
	.guesser = explain_guesser };

static bool
ask(struct channel *c, const struct ctl *ctl, bool trusted, struct reply *r)
{
	const char *sender = ctl_value(ctl, OPTION_SENDER);
	const char *client = ctl_value(ctl, OPTION_CLIENT);
	const char *helo = ctl_value(ctl, OPTION_HELO);
	const char *login = ctl_value(ctl, OPTION_LOGIN);
	struct message m = { .type = MSG_route };
	struct why w;

	m.route.sender = view_of(sender != NULL ? sender : "");
	if (view_is(m.route.sender, "<>"))
		m.route.sender = VIEW_NONE;
	m.route.recipient = view_of(ctl->argv[0]);
	m.route.client = view_of(client != NULL ? client : "");
	m.route.helo = view_of(helo != NULL ? helo : "");
	m.route.login = view_of(login != NULL ? login : "");
	m.route.trusted = trusted;
	m.route.room = 1;
	if (link_call(c, &m, r, &w) && reply_is(r, MSG_routed, &w))
		return true;
	ctl_fail(EX_TEMPFAIL, "%s", w.text);
	return false;
}

/* ---- the sender elsewhere ---- */

/* Whether a target is another host by SMTP. */
static bool
goes_out(struct view targets)
{
	struct view transport, destination, address;
	bool out = false;

	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) && list_next(&targets, &address))
		out |= view_is(transport, "smtp") &&
		    !hop_delivers(destination);
	return out;
}

/* Tell what other hosts are told the sender is, where that is something else. */
static bool
explain_sender(struct channel *c, const struct ctl *ctl, json_t *j)
{
	const char *sender = ctl_value(ctl, OPTION_SENDER);
	struct message m = { .type = MSG_rewrite };
	struct str list = { 0 };
	struct view names, name;
	struct reply r;
	struct why w;
	bool ok;

	if (sender == NULL)
		return true;
	list_put(&list, view_of(sender));
	m.rewrite.addresses = str_view(&list);
	ok = link_call(c, &m, &r, &w) && reply_is(&r, MSG_rewritten, &w);
	if (!ok)
		ctl_fail(EX_TEMPFAIL, "%s", w.text);
	names = ok ? r.m.rewritten.addresses : VIEW_NONE;
	if (list_next(&names, &name) && name.n > 0) {
		if (j != NULL)
			json_object_set_new(j, "sender", output_text(name));
		else
			printf("other hosts see the sender %s\n",
			    output_clean(name));
	}
	reply_free(&r);
	str_free(&list);
	return ok;
}

/* What those are told who may relay, when others may not. */
static bool
ask_again(struct channel *c, const struct ctl *ctl, json_t *j, bool *out)
{
	struct reply r;
	bool ok = ask(c, ctl, true, &r);

	*out = ok && goes_out(r.m.routed.targets);
	if (ok && j != NULL)
		json_object_set_new(j, "relaying",
		    explain_json(ctl, &r.m.routed));
	else if (ok)
		explain_print(ctl, "for those who may relay", &r.m.routed);
	reply_free(&r);
	return ok;
}

/* before: of a session, what came before RCPT, or NULL. */
static int
ask_all(const struct ctl *ctl, struct channel *c, json_t *before)
{
	struct reply r;
	json_t *j = NULL;
	bool ok = ask(c, ctl, false, &r), refused, out;
	uint8_t verdict;

	if (!ok) {
		reply_free(&r);
		return EX_TEMPFAIL;
	}
	verdict = r.m.routed.verdict;
	out = goes_out(r.m.routed.targets);
	refused = verdict == VERDICT_NEVER && r.m.routed.lines.n == 0 &&
		  view_is(r.m.routed.status, "7.1") &&
		  ctl_value(ctl, OPTION_CLIENT) == NULL &&
		  r.m.routed.rules.n == 0;
	if (ctl_has(ctl, OPTION_JSON))
		j = explain_json(ctl, &r.m.routed);
	else
		explain_print(ctl, ctl->argv[0], &r.m.routed);
	reply_free(&r);
	ok = (!refused || ask_again(c, ctl, j, &out)) &&
	     (!out || explain_sender(c, ctl, j));
	if (before != NULL)
		json_object_set(j, "session", before);
	if (j != NULL)
		output_json(j);
	return !ok || verdict == VERDICT_LATER ? EX_TEMPFAIL :
	    verdict == VERDICT_DONE ? 0 : EX_NOUSER;
}

static bool
is_address(const char *text, unsigned allow)
{
	struct arena arena = { 0 };
	struct address a;
	bool fine = address_parse(view_of(text), allow, &arena, &a) ==
	    ADDRESS_FINE;

	arena_reset(&arena);
	return fine;
}

/* A link to router; a client that is none is told. */
static int
begin(struct ctl *ctl, struct channel **c)
{
	const char *client = ctl_value(ctl, OPTION_CLIENT);
	struct address16 a;
	int code;

	if (!is_address(ctl->argv[0], ADDRESS_UTF8 | ADDRESS_LOCAL))
		return ctl_fail(EX_DATAERR, "%s is no mail address",
		    ctl->argv[0]);
	if (client != NULL && !address16_parse(view_of(client), &a))
		return ctl_fail(EX_DATAERR, "%s is no IP address", client);
	ctl_settings(ctl);
	code = link_open(ctl, &handlers);
	return code != 0 ? code :
	    link_program(ROLE_ROUTER, 0, &handlers, c);
}

static int
explain(struct ctl *ctl)
{
	const char *sender = ctl_value(ctl, OPTION_SENDER);
	struct channel *c;
	int code;

	if (sender != NULL && !view_is(view_of(sender), "<>") &&
	    !is_address(sender, ADDRESS_UTF8))
		return ctl_fail(EX_DATAERR, "%s is no mail address", sender);
	code = begin(ctl, &c);
	return code != 0 ? code : ask_all(ctl, c, NULL);
}

/* One command of the session after the other, until one is refused. */
static int
explain_session(struct ctl *ctl)
{
	static const unsigned options[] = { OPTION_CLIENT, OPTION_HELO,
		OPTION_SENDER };
	struct explain_session s = { .ctl = ctl };
	int code;

	for (size_t i = 0; i < nitems(options); i++) {
		ctl->values[__builtin_ctz(options[i])] = ctl->argv[i];
		ctl->options |= options[i];
	}
	ctl->argv += nitems(options);
	ctl->argc -= (int)nitems(options);
	code = begin(ctl, &s.router);
	if (code != 0)
		return code;
	s.stages = ctl_has(ctl, OPTION_JSON) ? json_array() : NULL;
	code = explain_stages(&s);
	if (code == 0)
		code = ask_all(ctl, s.router, s.stages);
	else if (s.stages != NULL)
		output_json(json_pack("{s:O}", "session", s.stages));
	json_decref(s.stages);
	return code;
}

const struct command explain_commands[] = {
	{ "explain session", "IP-ADDRESS HELO SENDER RECIPIENT",
	    OPTION_JSON | OPTION_LOGIN, 4, 4, explain_session,
	    "what such a client would be told, command by command" },
	{ "explain", "ADDRESS", OPTION_JSON | OPTION_SENDER | OPTION_CLIENT |
	    OPTION_HELO | OPTION_LOGIN, 1, 1, explain,
	    "where mail for this address would go, and by which line" },
	{ 0 },
};
