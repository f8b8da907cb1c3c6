/* SPDX-License-Identifier: ISC */
/*
 * explain - where would mail for this address go
 *
 * Asks the router that runs, as an outside client would be answered at RCPT.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "lib/mail/address.h"

static const struct handlers handlers = { .closed = link_closed };

static const char *
word_of(uint8_t verdict)
{
	return verdict == VERDICT_DONE	? "accepted" :
	    verdict == VERDICT_LATER ? "refused for now" :
				       "refused";
}

static void
print_targets(struct view targets)
{
	struct view transport, destination, address;

	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) && list_next(&targets, &address))
		printf("  by %s to %s (%s)\n", output_clean(transport),
		    output_clean(destination), output_clean(address));
}

static json_t *
json_targets(struct view targets)
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
		json_array_append_new(all, j);
	}
	return all;
}

static void
print_answer(struct ctl *ctl, const struct msg_routed *m)
{
	json_t *j;

	if (!ctl_has(ctl, OPTION_JSON)) {
		printf("%s: %s, %u.%.*s %s\n", ctl->argv[0],
		    word_of(m->verdict), m->verdict, VIEW(m->status),
		    output_clean(m->sentence));
		print_targets(m->targets);
		return;
	}
	j = json_object();
	json_object_set_new(j, "address", output_text(view_of(ctl->argv[0])));
	json_object_set_new(j, "verdict", json_string(word_of(m->verdict)));
	json_object_set_new(j, "class", json_integer(m->verdict));
	json_object_set_new(j, "status", output_text(m->status));
	json_object_set_new(j, "sentence", output_text(m->sentence));
	json_object_set_new(j, "targets", json_targets(m->targets));
	output_json(j);
}

static int
ask(struct ctl *ctl, struct channel *c)
{
	struct message m = { .type = MSG_route,
		.route = { VIEW_NONE, view_of(ctl->argv[0]), VIEW_NONE,
		    VIEW_NONE, 0 } };
	struct reply r;
	struct why w;
	int code = 0;

	if (link_call(c, &m, &r, &w) && reply_is(&r, MSG_routed, &w)) {
		print_answer(ctl, &r.m.routed);
		code = r.m.routed.verdict == VERDICT_DONE  ? 0 :
		    r.m.routed.verdict == VERDICT_LATER ? EX_TEMPFAIL :
							  EX_NOUSER;
	} else {
		code = ctl_fail(EX_TEMPFAIL, "%s", w.text);
	}
	reply_free(&r);
	return code;
}

static int
explain(struct ctl *ctl)
{
	struct arena arena = { 0 };
	struct address a;
	struct channel *c;
	bool fine = address_parse(view_of(ctl->argv[0]),
			ADDRESS_UTF8 | ADDRESS_LOCAL, &arena, &a) ==
	    ADDRESS_FINE;
	int code;

	arena_reset(&arena);
	if (!fine)
		return ctl_fail(EX_DATAERR, "%s is no mail address",
		    ctl->argv[0]);
	code = link_open(ctl, &handlers);
	if (code == 0)
		code = link_program(ROLE_ROUTER, 0, &handlers, &c);
	return code != 0 ? code : ask(ctl, c);
}

const struct command explain_commands[] = {
	{ "explain", "ADDRESS", OPTION_JSON, 1, 1, explain,
	    "where mail for this address would go" },
	{ 0 },
};
