/* SPDX-License-Identifier: ISC */
/*
 * explain - where would mail for this address go, and by which line
 *
 * Asks the router that runs, as a client would be answered at RCPT: one from
 * outside, or that of --client. What an outsider may not send to is asked for
 * a second time, for those who may relay. Rules are told by the line of the
 * access file, as it is now.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "lib/base/file.h"
#include "lib/mail/address.h"
#include "lib/proc/network.h"

#define ACCESS_FILE_MOST ((size_t)1 << 30)

static const struct handlers handlers = { .closed = link_closed };

static const char *
word_of(uint8_t verdict)
{
	return verdict == VERDICT_DONE	? "accepted" :
	    verdict == VERDICT_LATER ? "refused for now" :
				       "refused";
}

/* "12 *.example" as FILE:12 and the pattern; false when there is no line. */
static bool
take_line(struct view *lines, const struct ctl *ctl, struct str *file,
    struct view *pattern)
{
	struct view line, number;

	if (!list_next(lines, &line) || line.n == 0)
		return false;
	number = view_cut(&line, ' ');
	str_reset(file);
	str_addf(file, "%s:%.*s", ctl->settings->routes, VIEW(number));
	*pattern = line;
	return true;
}

static void
print_line(const struct ctl *ctl, struct view *lines)
{
	struct str file = { 0 };
	struct view pattern;

	if (take_line(lines, ctl, &file, &pattern))
		printf("    %s: %s\n", output_clean(str_view(&file)),
		    output_clean(pattern));
	str_free(&file);
}

/* The text of a line of the access file; empty when it is not there. */
static struct view
line_text(const struct ctl *ctl, struct view number, struct str *text)
{
	struct view rest, line = VIEW_NONE;
	uint64_t n;

	str_reset(text);
	if (!view_u64(number, UINT32_MAX, &n) || n == 0 ||
	    !file_read(AT_FDCWD, ctl->settings->access, ACCESS_FILE_MOST,
		text))
		return VIEW_NONE;
	for (rest = str_view(text); n > 0 && rest.n > 0; n--)
		line = view_cut(&rest, '\n');
	return n == 0 ? view_trim(line) : VIEW_NONE;
}

static void
print_rules(const struct ctl *ctl, struct view rules)
{
	struct str text = { 0 };
	struct view number;

	while (list_next(&rules, &number))
		printf("  rule %s:%.*s: %s\n", ctl->settings->access,
		    VIEW(number), output_clean(line_text(ctl, number, &text)));
	str_free(&text);
}

/* Those who get a copy, and what happens first. */
static void
print_extras(const struct msg_routed *m)
{
	struct view copies = m->copies, part[3];

	if (m->hold)
		printf("  held until posthouse queue release\n");
	if (m->discard)
		printf("  thrown away; the client is not told\n");
	while (list_next(&copies, &part[0]) && list_next(&copies, &part[1]) &&
	    list_next(&copies, &part[2]))
		printf("  a copy by %s to %s (%s)\n", output_clean(part[0]),
		    output_clean(part[1]), output_clean(part[2]));
}

static void
print_answer(const struct ctl *ctl, const char *who,
    const struct msg_routed *m)
{
	struct view targets = m->targets, lines = m->lines;
	struct view transport, destination, address;

	printf("%s: %s, %u.%.*s %s\n", who, word_of(m->verdict), m->verdict,
	    VIEW(m->status), output_clean(m->sentence));
	print_rules(ctl, m->rules);
	print_extras(m);
	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) &&
	    list_next(&targets, &address)) {
		printf("  by %s to %s (%s)\n", output_clean(transport),
		    output_clean(destination), output_clean(address));
		print_line(ctl, &lines);
	}
	while (lines.n > 0)
		print_line(ctl, &lines);
}

/* ---- the same as JSON ---- */

static void
json_line(const struct ctl *ctl, struct view *lines, json_t *j)
{
	struct str file = { 0 };
	struct view pattern;

	if (take_line(lines, ctl, &file, &pattern)) {
		json_object_set_new(j, "route", output_text(str_view(&file)));
		json_object_set_new(j, "pattern", output_text(pattern));
	}
	str_free(&file);
}

static json_t *
json_targets(const struct ctl *ctl, struct view targets, struct view *lines)
{
	struct view transport, destination, address;
	json_t *all = json_array();

	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) &&
	    list_next(&targets, &address)) {
		json_t *j = json_object();

		json_object_set_new(j, "transport", output_text(transport));
		json_object_set_new(j, "destination", output_text(destination));
		json_object_set_new(j, "address", output_text(address));
		json_line(ctl, lines, j);
		json_array_append_new(all, j);
	}
	return all;
}

static json_t *
json_rules(const struct ctl *ctl, struct view rules)
{
	json_t *all = json_array();
	struct str text = { 0 };
	struct view number;

	while (list_next(&rules, &number)) {
		json_t *j = json_object();
		struct str where = { 0 };

		str_addf(&where, "%s:%.*s", ctl->settings->access,
		    VIEW(number));
		json_object_set_new(j, "rule", output_text(str_view(&where)));
		json_object_set_new(j, "text",
		    output_text(line_text(ctl, number, &text)));
		json_array_append_new(all, j);
		str_free(&where);
	}
	str_free(&text);
	return all;
}

static json_t *
json_answer(const struct ctl *ctl, const struct msg_routed *m)
{
	struct view lines = m->lines, none = VIEW_NONE;
	json_t *j = json_object();

	json_object_set_new(j, "address", output_text(view_of(ctl->argv[0])));
	json_object_set_new(j, "verdict", json_string(word_of(m->verdict)));
	json_object_set_new(j, "class", json_integer(m->verdict));
	json_object_set_new(j, "status", output_text(m->status));
	json_object_set_new(j, "sentence", output_text(m->sentence));
	json_object_set_new(j, "rules", json_rules(ctl, m->rules));
	json_object_set_new(j, "hold", json_boolean(m->hold));
	json_object_set_new(j, "discard", json_boolean(m->discard));
	json_object_set_new(j, "copies", json_targets(ctl, m->copies, &none));
	json_object_set_new(j, "targets",
	    json_targets(ctl, m->targets, &lines));
	if (lines.n > 0)
		json_line(ctl, &lines, j);
	return j;
}

/* ---- questions ---- */

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

/* What those are told who may relay, when others may not. */
static bool
ask_again(struct channel *c, const struct ctl *ctl, json_t *j)
{
	struct reply r;
	bool ok = ask(c, ctl, true, &r);

	if (ok && j != NULL)
		json_object_set_new(j, "relaying",
		    json_answer(ctl, &r.m.routed));
	else if (ok)
		print_answer(ctl, "for those who may relay", &r.m.routed);
	reply_free(&r);
	return ok;
}

static int
ask_all(const struct ctl *ctl, struct channel *c)
{
	struct reply r;
	json_t *j = NULL;
	bool ok = ask(c, ctl, false, &r), refused;
	uint8_t verdict;

	if (!ok) {
		reply_free(&r);
		return EX_TEMPFAIL;
	}
	verdict = r.m.routed.verdict;
	refused = verdict == VERDICT_NEVER && r.m.routed.lines.n == 0 &&
		  view_is(r.m.routed.status, "7.1") &&
		  ctl_value(ctl, OPTION_CLIENT) == NULL &&
		  r.m.routed.rules.n == 0;
	if (ctl_has(ctl, OPTION_JSON))
		j = json_answer(ctl, &r.m.routed);
	else
		print_answer(ctl, ctl->argv[0], &r.m.routed);
	reply_free(&r);
	ok = !refused || ask_again(c, ctl, j);
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

static int
explain(struct ctl *ctl)
{
	const char *sender = ctl_value(ctl, OPTION_SENDER);
	const char *client = ctl_value(ctl, OPTION_CLIENT);
	struct address16 a;
	struct channel *c;
	int code;

	if (!is_address(ctl->argv[0], ADDRESS_UTF8 | ADDRESS_LOCAL))
		return ctl_fail(EX_DATAERR, "%s is no mail address",
		    ctl->argv[0]);
	if (sender != NULL && !view_is(view_of(sender), "<>") &&
	    !is_address(sender, ADDRESS_UTF8))
		return ctl_fail(EX_DATAERR, "%s is no mail address", sender);
	if (client != NULL && !address16_parse(view_of(client), &a))
		return ctl_fail(EX_DATAERR, "%s is no IP address", client);
	ctl_settings(ctl);
	code = link_open(ctl, &handlers);
	if (code == 0)
		code = link_program(ROLE_ROUTER, 0, &handlers, &c);
	return code != 0 ? code : ask_all(ctl, c);
}

/* The same, by what a session would say. */
static int
explain_session(struct ctl *ctl)
{
	static const unsigned options[] = { OPTION_CLIENT, OPTION_HELO,
		OPTION_SENDER };

	for (size_t i = 0; i < nitems(options); i++) {
		ctl->values[__builtin_ctz(options[i])] = ctl->argv[i];
		ctl->options |= options[i];
	}
	ctl->argv += nitems(options);
	ctl->argc -= (int)nitems(options);
	return explain(ctl);
}

const struct command explain_commands[] = {
	{ "explain session", "IP-ADDRESS HELO SENDER RECIPIENT", OPTION_JSON,
	    4, 4, explain_session, "what such a client would be told" },
	{ "explain", "ADDRESS", OPTION_JSON | OPTION_SENDER | OPTION_CLIENT |
	    OPTION_HELO | OPTION_LOGIN, 1, 1, explain,
	    "where mail for this address would go, and by which line" },
	{ 0 },
};
