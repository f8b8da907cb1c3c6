/* SPDX-License-Identifier: ISC */
/*
 * user - add, remove and list users, and set their passwords
 *
 * The users file is the only truth: a command changes it and then tells the
 * server to look at it. It works as well while no server runs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/password.h"
#include "ctl/user.h"
#include "ctl/edit.h"
#include "ctl/users.h"
#include "lib/base/file.h"
#include "lib/mail/address.h"
#include "lib/mail/users_file.h"

static const struct handlers handlers = { .closed = link_closed };

/* A server that runs reads the tables again. */
int
user_tell_server(struct ctl *ctl, const char *path)
{
	struct message m = { .type = MSG_reload };
	struct why w;

	if (!link_try(ctl, &handlers) || link_ask(link_master(), &m, &w))
		return 0;
	return ctl_fail(EX_TEMPFAIL, "%s is changed, but the server has not "
	    "taken it over: %s; \"%s reload\" shows all",
	    path, w.text, ctl->self);
}

static int
check_name(struct ctl *ctl, const struct address *a)
{
	const struct settings *s = ctl_settings(ctl);
	struct view user, detail;

	if (a->literal || !settings_has_domain(s, a->domain))
		return ctl_fail(EX_DATAERR, "%.*s is not among the domains in "
		    "%s; add it there first", VIEW(a->domain), ctl->file);
	if (address_detail(a->local, s->recipient_delimiter, &user, &detail))
		return ctl_fail(EX_DATAERR, "a user name cannot contain %s: "
		    "mail for %.*s%c... goes to the user %.*s",
		    s->recipient_delimiter, VIEW(user), user.p[user.n],
		    VIEW(user));
	for (size_t i = 0; i < a->local.n; i++)
		if ((unsigned char)a->local.p[i] <= ' ' ||
		    strchr(":/\\\"\x7f", a->local.p[i]) != NULL)
			return ctl_fail(EX_DATAERR, "a user name cannot have "
			    "blanks, controls, : / \\ or quotes");
	return 0;
}

static bool
parse_name(const char *given, struct arena *arena, struct address *a)
{
	return address_parse(view_of(given), ADDRESS_UTF8, arena, a) ==
		ADDRESS_FINE && a->domain.n > 0;
}

int
user_name(const char *given, struct str *name)
{
	struct arena arena = { 0 };
	struct address a;
	bool fine = parse_name(given, &arena, &a);

	if (fine)
		address_canonical_user(name, &a);
	arena_reset(&arena);
	return fine ? 0 : ctl_fail(EX_DATAERR, "%s is not of the form "
	    "user@domain", given);
}

/* Of a user who is to be added. */
static int
get_new_name(struct ctl *ctl, struct str *name)
{
	int code = user_name(ctl->argv[0], name);
	struct arena arena = { 0 };
	struct address a;

	if (code == 0 && parse_name(ctl->argv[0], &arena, &a))
		code = check_name(ctl, &a);
	arena_reset(&arena);
	return code;
}

/* ---- edits: from the old text to the new, with the line of the user ---- */

static void
edit_add(const struct user_edit *e, struct view text, struct str *to)
{
	str_add(to, text);
	if (text.n > 0 && text.p[text.n - 1] != '\n')
		str_addc(to, '\n');
	str_addf(to, "%.*s:%.*s\n", VIEW(e->name), VIEW(e->secret));
}

static void
edit_delete(const struct user_edit *e, struct view text, struct str *to)
{
	size_t at = (size_t)(e->line.p - text.p);

	str_add(to, view_bytes(text.p, at));
	str_add(to, view_skip(text, at + e->line.n));
}

/* The second field changes; further ones and the line end stay. */
static void
edit_passwd(const struct user_edit *e, struct view text, struct str *to)
{
	struct view rest = e->line;
	size_t at = (size_t)(e->line.p - text.p), n;

	view_cut(&rest, ':');
	for (n = 0; n < rest.n && strchr(":\r\n", rest.p[n]) == NULL; n++)
		;
	rest = view_skip(rest, n);
	str_add(to, view_bytes(text.p, at));
	str_addf(to, "%.*s:%.*s", VIEW(e->name), VIEW(e->secret));
	str_add(to, rest);
	str_add(to, view_skip(text, at + e->line.n));
}

int
user_apply(struct ctl *ctl, const struct user_change *c, struct user_edit *e)
{
	struct edit file;
	struct str to = { 0 }, error = { 0 };
	int code = 0;

	if (!edit_begin(&file, ctl_settings(ctl)->users, USERS_GROUP, &error)) {
		code = ctl_fail(EX_NOPERM, "%s", str_c(&error));
		str_free(&error);
		return code;
	}
	e->line = users_find(str_view(&file.text), e->name,
	    users_domain(ctl->settings));
	if ((e->line.p != NULL) != c->must_exist) {
		code = ctl_fail(c->must_exist ? EX_NOUSER : EX_CANTCREAT,
		    "%.*s %s in %s", VIEW(e->name),
		    c->must_exist ? "does not stand" : "stands already",
		    file.path);
		edit_abort(&file);
	} else {
		c->edit(e, str_view(&file.text), &to);
		if (!edit_commit(&file, &to, &error))
			code = ctl_fail(EX_CANTCREAT, "%s", str_c(&error));
	}
	str_wipe(&to);
	str_free(&to);
	str_free(&error);
	return code;
}

static int
get_secret(struct ctl *ctl, struct str *hash)
{
	struct str password = { 0 }, error = { 0 };
	bool (*make)(const struct str *, struct str *, struct str *) =
	    ctl_has(ctl, OPTION_SCRAM) ? password_scram : password_hash;
	int code = 0;

	if (!password_get(ctl_has(ctl, OPTION_PASSWORD_STDIN), &password,
		&error) ||
	    !make(&password, hash, &error))
		code = ctl_fail(EX_DATAERR, "%s", str_c(&error));
	str_wipe(&password);
	str_free(&password);
	str_free(&error);
	return code;
}

static int
with_secret(struct ctl *ctl, const struct user_change *c)
{
	struct str name = { 0 }, hash = { 0 };
	struct user_edit e;
	int code = c->must_exist ? user_name(ctl->argv[0], &name) :
				   get_new_name(ctl, &name);

	if (code == 0)
		code = get_secret(ctl, &hash);
	e = (struct user_edit){ .name = str_view(&name),
		.secret = str_view(&hash) };
	if (code == 0)
		code = user_apply(ctl, c, &e);
	str_wipe(&hash);
	str_free(&hash);
	str_free(&name);
	return code != 0 ? code : user_tell_server(ctl, ctl->settings->users);
}

static int
add(struct ctl *ctl)
{
	return with_secret(ctl, &(struct user_change){ edit_add, false });
}

static int
passwd(struct ctl *ctl)
{
	return with_secret(ctl, &(struct user_change){ edit_passwd, true });
}

static int
delete(struct ctl *ctl)
{
	struct str name = { 0 };
	struct user_edit e = { 0 };
	int code = user_name(ctl->argv[0], &name);

	e.name = str_view(&name);
	if (code == 0)
		code = user_apply(ctl, &(struct user_change){ edit_delete, true }, &e);
	if (code == 0)
		printf("%s can receive and log in no more; the mail below %s "
		       "stays\n", str_c(&name), ctl->settings->mail_dir);
	str_free(&name);
	return code != 0 ? code : user_tell_server(ctl, ctl->settings->users);
}

static int
list(struct ctl *ctl)
{
	const struct settings *s = ctl_settings(ctl);
	struct users_line l = { 0 };
	struct str text = { 0 };
	json_t *all = json_array();
	struct view rest;

	if (!file_read(AT_FDCWD, s->users, (size_t)1 << 30, &text))
		return ctl_fail(EX_NOINPUT, "cannot read %s", s->users);
	rest = str_view(&text);
	while (rest.n > 0) {
		if (!users_line(view_cut(&rest, '\n'), users_domain(s), &l))
			continue;
		if (ctl_has(ctl, OPTION_JSON))
			json_array_append_new(all,
			    json_pack("{s:o}", "user",
				output_text(str_view(&l.name))));
		else
			puts(str_c(&l.name));
	}
	if (ctl_has(ctl, OPTION_JSON))
		output_json(all);
	else
		json_decref(all);
	str_wipe(&text);
	str_free(&text);
	str_free(&l.name);
	return 0;
}

const struct command user_commands[] = {
	{ "user add", "USER@DOMAIN", OPTION_PASSWORD_STDIN | OPTION_SCRAM,
	    1, 1, add,
	    "a new user; asks for the password" },
	{ "user del", "USER@DOMAIN", 0, 1, 1, delete,
	    "the user goes, the mail stays" },
	{ "user passwd", "USER@DOMAIN",
	    OPTION_PASSWORD_STDIN | OPTION_SCRAM, 1, 1, passwd,
	    "a new password" },
	{ "user list", "", OPTION_JSON, 0, 0, list, "all users" },
	{ 0 },
};
