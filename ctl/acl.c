/* SPDX-License-Identifier: ISC */
/*
 * acl - who may do what with a mailbox
 *
 * Goes through store with the rights of the owner, who always may change them.
 */
#include <sysexits.h>

#include "ctl/mailbox.h"
#include "ctl/output.h"
#include "lib/mail/rights.h"

static void
add_row(struct table *t, json_t *all, struct view identifier,
    struct view letters)
{
	table_add(t, "%s", output_clean(identifier));
	table_add(t, "%s", output_clean(letters));
	json_array_append_new(all, json_pack("{s:o,s:o}", "identifier",
	    output_text(identifier), "rights", output_text(letters)));
}

static void
print_list(struct ctl *ctl, const struct msg_acl *a)
{
	struct table t = { .columns = 2 };
	struct view rest = a->entries, identifier, letters;
	json_t *all = json_array();

	table_add(&t, "IDENTIFIER");
	table_add(&t, "RIGHTS");
	while (list_next(&rest, &identifier) && list_next(&rest, &letters))
		add_row(&t, all, identifier, letters);
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_incref(all));
	else
		table_print(&t);
	table_clear(&t);
	json_decref(all);
}

static int
refused(struct ctl *ctl, const struct why *w)
{
	return ctl_fail(w->verdict == VERDICT_LATER ? EX_TEMPFAIL : EX_DATAERR,
	    "%s: %s", ctl->argv[1], w->text);
}

static int
show(struct ctl *ctl)
{
	struct message m = { .type = MSG_acl_get,
		.acl_get = { .session = MAILBOX_SESSION,
		    .mailbox = view_of(ctl->argv[1]) } };
	struct channel *c;
	struct reply r;
	struct why w;
	int code = mailbox_link(ctl, ctl->argv[0], &c);

	if (code != 0)
		return code;
	if (link_call(c, &m, &r, &w) && reply_is(&r, MSG_acl, &w))
		print_list(ctl, &r.m.acl);
	else
		code = refused(ctl, &w);
	reply_free(&r);
	return code;
}

static int
change(struct ctl *ctl, bool remove)
{
	struct message m = { .type = MSG_acl_set,
		.acl_set = { .session = MAILBOX_SESSION,
		    .mailbox = view_of(ctl->argv[1]),
		    .identifier = view_of(ctl->argv[2]), .remove = remove,
		    .rights = remove ? VIEW_NONE : view_of(ctl->argv[3]) } };
	struct channel *c;
	struct why w;
	int code = mailbox_link(ctl, ctl->argv[0], &c);

	if (code == 0 && !link_ask(c, &m, &w))
		code = refused(ctl, &w);
	return code;
}

static int
set(struct ctl *ctl)
{
	uint32_t rights = 0;

	if (!rights_change(view_of(ctl->argv[3]), &rights))
		return ctl_fail(EX_USAGE, "%s: rights are letters of "
		    "lrswipkxteacd, perhaps behind + or -", ctl->argv[3]);
	return change(ctl, false);
}

static int
delete(struct ctl *ctl)
{
	return change(ctl, true);
}

const struct command acl_commands[] = {
	{ "mailbox acl show", "USER@DOMAIN MAILBOX", OPTION_JSON, 2, 2, show,
	    "who may do what with a mailbox" },
	{ "mailbox acl set", "USER@DOMAIN MAILBOX IDENTIFIER RIGHTS", 0, 4, 4,
	    set, "give rights" },
	{ "mailbox acl delete", "USER@DOMAIN MAILBOX IDENTIFIER", 0, 3, 3,
	    delete, "take one out of the list" },
	{ 0 },
};
