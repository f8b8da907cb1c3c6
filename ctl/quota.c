/* SPDX-License-Identifier: ISC */
/*
 * quota - what users keep, and what they may keep
 *
 * The limits of one user stand in the users file, unless an administrator set
 * others by IMAP, which the store has; what he keeps is known to the store, which
 * is asked as a reader would, with a grant.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/user.h"
#include "ctl/users.h"
#include "lib/base/file.h"
#include "lib/mail/address.h"
#include "lib/mail/quota.h"
#include "lib/mail/users_file.h"

#define STORES_MOST 64

static const struct handlers handlers = { .closed = link_closed };

/* ---- what is kept ---- */

struct showing {
	struct ctl *ctl;
	bool recount;
	struct channel *store[STORES_MOST];
	uint64_t session;	/* the last one */
	struct table table;
	json_t *all;
};

static int
open_store(struct showing *s, struct view user, struct channel **c)
{
	uint32_t n = user_instance(user,
	    (uint32_t)s->ctl->settings->store_instances);
	int code = 0;

	must(n < STORES_MOST);
	if (s->store[n] == NULL)
		code = link_program(ROLE_STORE, n, &handlers, &s->store[n]);
	*c = s->store[n];
	return code;
}

static void
put_limit(struct table *t, uint64_t n, unsigned unit)
{
	if (n == 0)
		table_add(t, "-");
	else
		table_add(t, "%llu", (unsigned long long)(n + unit - 1) / unit);
}

static void
add_row(struct showing *s, const struct msg_quota_state *q)
{
	table_add(&s->table, "%llu",
	    (unsigned long long)(q->octets + 1023) / 1024);
	put_limit(&s->table, q->octets_most, 1024);
	table_add(&s->table, "%llu", (unsigned long long)q->messages);
	put_limit(&s->table, q->messages_most, 1);
	table_add(&s->table, "%s", q->set ? "imap" : "");
	table_add(&s->table, "%s", q->full ? "full" : "");
	table_add(&s->table, "%s", output_clean(q->user));
	json_array_append_new(s->all,
	    json_pack("{s:o,s:I,s:I,s:I,s:I,s:b,s:b}", "user",
		output_text(q->user), "octets", (json_int_t)q->octets,
		"octets_most", (json_int_t)q->octets_most, "messages",
		(json_int_t)q->messages, "messages_most",
		(json_int_t)q->messages_most, "set_by_imap", q->set, "full",
		q->full));
}

/* Ask about one user; r.m.quota_state when the code is 0. */
static int
ask_one(struct showing *s, struct view user, struct message *m,
    struct reply *r)
{
	struct message grant = { .type = MSG_grant,
		.grant = { 0, ++s->session, user } };
	struct message end = { .type = MSG_session_end,
		.session_end = { s->session } };
	struct channel *c;
	struct why w;
	int code = open_store(s, user, &c);

	if (code != 0)
		return code;
	if (m->type == MSG_quota_get)
		m->quota_get.session = s->session;
	else
		m->quota_set.session = s->session;
	if (!link_ask(c, &grant, &w) || !link_call(c, m, r, &w) ||
	    !reply_is(r, MSG_quota_state, &w))
		return ctl_fail(EX_TEMPFAIL, "%s: %s", output_clean(user),
		    w.text);
	channel_send(c, &end);
	return 0;
}

static int
show_one(struct showing *s, struct view user)
{
	struct message get = { .type = MSG_quota_get,
		.quota_get.recount = s->recount };
	struct reply r = { .m.type = MSG_LIMIT };
	int code = ask_one(s, user, &get, &r);

	if (code == 0)
		add_row(s, &r.m.quota_state);
	reply_free(&r);
	return code;
}

/* All users of the file, or the one that is named, if he is there. */
static int
show_users(struct showing *s, struct view text, struct view only)
{
	struct view domain = users_domain(s->ctl->settings);
	struct users_line l = { 0 };
	int code = 0;

	if (only.n > 0 && users_find(text, only, domain).p == NULL)
		return ctl_fail(EX_NOUSER, "%s does not stand in %s",
		    output_clean(only), s->ctl->settings->users);
	if (only.n > 0)
		return show_one(s, only);
	while (code == 0 && text.n > 0)
		if (users_line(view_cut(&text, '\n'), domain, &l))
			code = show_one(s, str_view(&l.name));
	str_free(&l.name);
	return code;
}

static void
print(struct showing *s)
{
	if (ctl_has(s->ctl, OPTION_JSON))
		output_json(json_incref(s->all));
	else
		table_print(&s->table);
}

static int
show_with(struct ctl *ctl, bool recount)
{
	static const char *const titles[] = { "KBYTES", "LIMIT", "MESSAGES",
		"LIMIT", "", "", "USER" };
	const struct settings *set = ctl_settings(ctl);
	struct showing s = { .ctl = ctl, .recount = recount,
		.table.columns = nitems(titles), .all = json_array() };
	struct str text = { 0 }, only = { 0 };
	int code = ctl->argc > 0 ? user_name(ctl->argv[0], &only) : 0;

	for (size_t i = 0; i < nitems(titles); i++)
		table_add(&s.table, "%s", titles[i]);
	if (code == 0 &&
	    !file_read(AT_FDCWD, set->users, (size_t)1 << 30, &text))
		code = ctl_fail(EX_NOINPUT, "cannot read %s: %s", set->users,
		    strerror(errno));
	if (code == 0)
		code = link_open(ctl, &handlers);
	if (code == 0)
		code = show_users(&s, str_view(&text), str_view(&only));
	if (code == 0)
		print(&s);
	table_clear(&s.table);
	json_decref(s.all);
	str_wipe(&text);
	str_free(&text);
	str_free(&only);
	return code;
}

static int
show(struct ctl *ctl)
{
	return show_with(ctl, false);
}

static int
recount(struct ctl *ctl)
{
	return show_with(ctl, true);
}

/* ---- what may be kept ---- */

/* The fields that say something of limits are written anew; others stay. */
static void
put_extra(struct str *to, struct view extra, const struct quota_limits *q)
{
	const char *blank = "";

	while (extra.n > 0) {
		struct view word = view_word(&extra), rest = word;
		struct view name = view_cut(&rest, '=');

		if (word.n == 0 || view_isi(name, "quota") ||
		    view_isi(name, "quota_messages") ||
		    view_isi(name, "userdb_quota_rule"))
			continue;
		str_addf(to, "%s%.*s", blank, VIEW(word));
		blank = " ";
	}
	if (q->octets != QUOTA_UNSAID)
		str_addf(to, "%squota=%llu", blank,
		    (unsigned long long)q->octets);
	if (q->messages != QUOTA_UNSAID)
		str_addf(to, "%squota_messages=%llu",
		    q->octets != QUOTA_UNSAID ? " " : blank,
		    (unsigned long long)q->messages);
}

/* Name and secret, five fields that mean nothing here, and the extra ones. */
static void
edit_limits(const struct user_edit *e, struct view text, struct str *to)
{
	size_t at = (size_t)(e->line.p - text.p);
	struct view rest = e->line, line = view_cut(&rest, '\n');
	const char *end = line.n < e->line.n ? "\n" : "";

	if (line.n > 0 && line.p[line.n - 1] == '\r') {
		line.n--;
		end = "\r\n";
	}
	str_add(to, view_bytes(text.p, at));
	for (int i = 0; i < 7; i++) {
		str_add(to, view_cut(&line, ':'));
		str_addc(to, ':');
	}
	put_extra(to, line, e->more);
	str_adds(to, end);
	str_add(to, view_skip(text, at + e->line.n));
}

/* "2G", "none", or "default" for what is said of the domain or of all. */
static bool
parse_limit(const char *given, bool octets, uint64_t *n)
{
	struct view v = view_of(given);

	*n = view_is(v, "default") ? QUOTA_UNSAID : 0;
	return view_is(v, "default") || view_is(v, "none") ||
	    (octets ? view_size(v, QUOTA_MOST, n) : view_u64(v, QUOTA_MOST, n));
}

/* What was set by IMAP would go before it. */
static int
forget_set(struct ctl *ctl, struct view user)
{
	struct showing s = { .ctl = ctl };
	struct message get = { .type = MSG_quota_get };
	struct message set = { .type = MSG_quota_set,
		.quota_set = { .mailbox = VIEW_LIT("INBOX"),
		    .octets = QUOTA_UNSAID, .messages = QUOTA_UNSAID } };
	struct reply r = { .m.type = MSG_LIMIT };
	int code;

	if (!link_try(ctl, &handlers)) {
		if (ctl_settings(ctl)->imap_quota_admins.n > 0)
			fprintf(stderr, "%s: no server runs here: a limit that "
			    "was set by IMAP still goes before this one\n",
			    ctl->self);
		return 0;
	}
	code = ask_one(&s, user, &get, &r);
	if (code == 0 && r.m.quota_state.set) {
		reply_free(&r);
		r.m.type = MSG_LIMIT;
		code = ask_one(&s, user, &set, &r);
	}
	reply_free(&r);
	return code;
}

static int
set(struct ctl *ctl)
{
	struct quota_limits q = { QUOTA_UNSAID, QUOTA_UNSAID };
	struct user_edit e = { .more = &q };
	struct str name = { 0 };
	int code = user_name(ctl->argv[0], &name);

	if (code == 0 && !parse_limit(ctl->argv[1], true, &q.octets))
		code = ctl_fail(EX_DATAERR, "%s is no size, as 2G, 500M, none "
		    "or default are", ctl->argv[1]);
	if (code == 0 && ctl->argc > 2 &&
	    !parse_limit(ctl->argv[2], false, &q.messages))
		code = ctl_fail(EX_DATAERR, "%s is no number of messages, none "
		    "or default", ctl->argv[2]);
	e.name = str_view(&name);
	if (code == 0)
		code = user_apply(ctl,
		    &(struct user_change){ edit_limits, true }, &e);
	if (code == 0)
		code = user_tell_server(ctl, ctl->settings->users);
	if (code == 0)
		code = forget_set(ctl, str_view(&name));
	str_free(&name);
	return code;
}

const struct command quota_commands[] = {
	{ "quota show", "[USER@DOMAIN]", OPTION_JSON, 0, 1, show,
	    "what users keep, and what they may keep" },
	{ "quota set", "USER@DOMAIN SIZE [MESSAGES]", 0, 2, 3, set,
	    "limits of a user: 2G, none or default" },
	{ "quota recount", "[USER@DOMAIN]", OPTION_JSON, 0, 1, recount,
	    "add up again from the mailboxes, and show it" },
	{ 0 },
};
