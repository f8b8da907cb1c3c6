/* SPDX-License-Identifier: ISC */
/*
 * mailbox - list, check and rebuild the mailboxes of a user
 *
 * Goes through store like a reader: a grant makes this command's session the
 * user's, and ends with the link.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/mailbox.h"
#include "ctl/output.h"
#include "ctl/user.h"
#include "ctl/users.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/mail/address.h"
#include "lib/proc/fiber.h"
#include "lib/mail/users_file.h"
#include "lib/mail/uses.h"

static void
on_event(struct channel *c, uint32_t tag, struct msg_mailbox_event *m)
{
	(void)c;
	(void)tag;
	(void)m;	/* nothing is open here */
}

static const struct handlers handlers = {
	.mailbox_event = on_event,
	.closed = link_closed,
};

/* Store would make the mailbox of any name that it is told. */
static int
check_user(struct ctl *ctl, struct view name)
{
	const struct settings *s = ctl_settings(ctl);
	struct str text = { 0 };
	bool known = !file_read(AT_FDCWD, s->users, (size_t)1 << 30, &text) ||
	    users_find(str_view(&text), name, users_domain(s)).p != NULL;

	str_wipe(&text);
	str_free(&text);
	return known ? 0 :
		       ctl_fail(EX_NOUSER, "%.*s does not stand in %s",
			   VIEW(name), s->users);
}

int
mailbox_link(struct ctl *ctl, const char *given, struct channel **c)
{
	struct message grant = { .type = MSG_grant,
		.grant = { 0, MAILBOX_SESSION, VIEW_NONE } };
	struct str name = { 0 };
	uint32_t instance;
	struct why w;
	int code = user_name(given, &name);

	if (code == 0)
		code = check_user(ctl, str_view(&name));
	if (code == 0 && link_master() == NULL)
		code = link_open(ctl, &handlers);
	if (code == 0) {
		instance = user_instance(str_view(&name),
		    (uint32_t)ctl_settings(ctl)->store_instances);
		code = link_program(ROLE_STORE, instance, &handlers, c);
	}
	grant.grant.user = str_view(&name);
	if (code == 0 && !link_ask(*c, &grant, &w))
		code = ctl_fail(EX_NOUSER, "%s: %s", str_c(&name), w.text);
	str_free(&name);
	return code;
}

bool
mailbox_names(struct channel *c, struct reply *r, struct why *w)
{
	struct message m = { .type = MSG_mailbox_list,
		.mailbox_list = { MAILBOX_SESSION } };

	return link_call(c, &m, r, w) && reply_is(r, MSG_mailboxes, w);
}

/* ---- list ---- */

struct listing {
	struct channel *c;
	struct table table;
	json_t *all;
};

static json_t *
one_as_json(struct view name, struct view letters,
    const struct msg_mailbox_state *s, struct view uses)
{
	json_t *list = json_array();
	struct view word;

	while ((word = view_word(&uses)).n > 0)
		json_array_append_new(list, output_text(word));
	return json_pack("{s:o,s:I,s:I,s:I,s:I,s:I,s:b,s:o,s:o}", "mailbox",
	    output_text(name), "messages", (json_int_t)s->messages, "unseen",
	    (json_int_t)s->unseen, "size", (json_int_t)s->size, "uidvalidity",
	    (json_int_t)s->uidvalidity, "uidnext", (json_int_t)s->uidnext,
	    "subscribed", view_find(letters, 's') < letters.n, "id",
	    output_text(s->id), "uses", list);
}

static void
list_one(struct listing *l, struct view name, struct view letters)
{
	struct message m = { .type = MSG_mailbox_status,
		.mailbox_status = { MAILBOX_SESSION, name } };
	const struct msg_mailbox_state *s;
	struct str uses = { 0 };
	struct reply r;
	struct why w;

	if (view_find(letters, 'e') == letters.n)
		return;		/* subscribed, but not there */
	uses_put(&uses, uses_of_letters(letters));
	if (link_call(l->c, &m, &r, &w) &&
	    reply_is(&r, MSG_mailbox_state, &w)) {
		s = &r.m.mailbox_state;
		table_add(&l->table, "%u", s->messages);
		table_add(&l->table, "%u", s->unseen);
		table_add(&l->table, "%llu",
		    (unsigned long long)(s->size + 1023) / 1024);
		table_add(&l->table, "%s", uses.n > 0 ? uses.p : "-");
		table_add(&l->table, "%s", output_clean(name));
		json_array_append_new(l->all,
		    one_as_json(name, letters, s, str_view(&uses)));
	} else {
		ctl_fail(0, "%s: %s", output_clean(name), w.text);
	}
	reply_free(&r);
	str_free(&uses);
}

static int
list(struct ctl *ctl)
{
	struct listing l = { .table.columns = 5, .all = json_array() };
	struct view names, name, letters;
	struct reply r;
	struct why w;
	int code = mailbox_link(ctl, ctl->argv[0], &l.c);

	if (code != 0)
		return code;
	if (!mailbox_names(l.c, &r, &w))
		return ctl_fail(EX_TEMPFAIL, "%s", w.text);
	table_add(&l.table, "MESSAGES");
	table_add(&l.table, "UNSEEN");
	table_add(&l.table, "KBYTES");
	table_add(&l.table, "FOR");
	table_add(&l.table, "MAILBOX");
	names = r.m.mailboxes.large < 0 ? r.m.mailboxes.names :
					  file_map(r.m.mailboxes.large);
	while (list_next(&names, &name) && list_next(&names, &letters))
		list_one(&l, name, letters);
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_incref(l.all));
	else
		table_print(&l.table);
	table_clear(&l.table);
	json_decref(l.all);
	reply_free(&r);
	return 0;
}

/* ---- rebuild ---- */

static struct loop_timer *clock_timer;
static int64_t began;

/* Somebody watches: show that it goes on. */
static void
show_time(void *unused)
{
	(void)unused;
	loop_timer_free(&clock_timer);
	clock_timer = loop_timer_new(1000, show_time, NULL);
	printf("\rreading the files, %lld s ",
	    (long long)(clock_ms() - began) / 1000);
	fflush(stdout);
}

static void
progress_begin(void)
{
	began = clock_ms();
	if (isatty(STDOUT_FILENO))
		show_time(NULL);
}

static void
progress_end(void)
{
	loop_timer_free(&clock_timer);
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K");
}

/* Or check. What store says of it is in w. */
static int
run_rebuild(struct ctl *ctl, bool check, struct why *w)
{
	struct message m = { .type = MSG_mailbox_rebuild,
		.mailbox_rebuild = { MAILBOX_SESSION, VIEW_NONE, check } };
	struct channel *c;
	bool fine;
	int code = mailbox_link(ctl, ctl->argv[0], &c);

	if (code != 0)
		return code;
	if (ctl->argc == 2)
		m.mailbox_rebuild.mailbox = view_of(ctl->argv[1]);
	progress_begin();
	fine = link_ask(c, &m, w);
	progress_end();
	if (!fine)
		return ctl_fail(w->verdict == VERDICT_LATER ? EX_TEMPFAIL :
							      EX_DATAERR,
		    "%s: %s", ctl->argv[0], w->text);
	return 0;
}

static int
rebuild(struct ctl *ctl)
{
	struct why w;
	int code = run_rebuild(ctl, false, &w);

	if (code == 0)
		printf("%s: index made again from the files in %lld ms\n",
		    ctl->argv[0], (long long)(clock_ms() - began));
	return code;
}

static int
check(struct ctl *ctl)
{
	struct why w;
	int code = run_rebuild(ctl, true, &w);

	if (code == 0)
		printf("%s: %s, index and files agree\n", ctl->argv[0],
		    w.text);
	return code;
}

const struct command mailbox_commands[] = {
	{ "mailbox list", "USER@DOMAIN", OPTION_JSON, 1, 1, list,
	    "the mailboxes of a user" },
	{ "mailbox check", "USER@DOMAIN [MAILBOX]", 0, 1, 2, check,
	    "do index and files agree?" },
	{ "mailbox rebuild", "USER@DOMAIN [MAILBOX]", 0, 1, 2, rebuild,
	    "make the index again from the files" },
	{ 0 },
};
