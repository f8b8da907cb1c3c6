/* SPDX-License-Identifier: ISC */
/*
 * auth - who guesses passwords, and who is shut out for it
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/output.h"

static struct {
	json_t *all;		/* NULL: for people */
	struct table table;
} list;

static void
on_guesser(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_guesser *m)
{
	if (list.all != NULL) {
		json_array_append_new(list.all,
		    json_pack("{s:o,s:o,s:I,s:I,s:I}",
			"network", output_text(m->network),
			"account", output_text(m->account),
			"failures", (json_int_t)m->failures,
			"last", (json_int_t)m->last,
			"shut_out", (json_int_t)m->shut));
		return;
	}
	table_add(&list.table, "%s", output_clean(m->network));
	table_add(&list.table, "%s",
	    m->account.n > 0 ? output_clean(m->account) : "(all)");
	table_add(&list.table, "%u", m->failures);
	table_add(&list.table, "%llds", (long long)m->last);
	if (m->shut > 0)
		table_add(&list.table, "%llds", (long long)m->shut);
	else
		table_add(&list.table, "no");
}

static const struct handlers handlers = {
	.guesser = on_guesser,
	.closed = link_closed,
};

static int
ask(struct ctl *ctl, const struct message *m)
{
	struct channel *c;
	struct why w;
	int code = link_open(ctl, &handlers);

	if (code == 0)
		code = link_program(ROLE_AUTH, 0, &handlers, &c);
	if (code == 0 && !link_ask(c, m, &w))
		code = ctl_fail(w.verdict == VERDICT_LATER ? EX_TEMPFAIL :
							     EX_DATAERR,
		    "%s", w.text);
	return code;
}

static int
show(struct ctl *ctl)
{
	static const char *const heads[] = { "NETWORK", "ACCOUNT", "FAILURES",
		"LAST", "SHUT OUT" };
	struct message m = { .type = MSG_guess_list };
	int code;

	list.table.columns = nitems(heads);
	if (ctl_has(ctl, OPTION_JSON))
		list.all = json_array();
	for (size_t i = 0; i < nitems(heads); i++)
		table_add(&list.table, "%s", heads[i]);
	code = ask(ctl, &m);
	if (code != 0)
		return code;
	if (list.all != NULL)
		output_json(list.all);
	else
		table_print(&list.table);
	return 0;
}

static int
clear(struct ctl *ctl)
{
	struct message m = { .type = MSG_guess_clear };

	m.guess_clear.network = view_of(ctl->argc > 0 ? ctl->argv[0] : "");
	return ask(ctl, &m);
}

const struct command auth_commands[] = {
	{ "auth list", "", OPTION_JSON, 0, 0, show,
	    "who guessed passwords, and is shut out" },
	{ "auth clear", "[ADDRESS]", 0, 0, 1, clear,
	    "let an address in again; without one all" },
	{ 0 },
};
