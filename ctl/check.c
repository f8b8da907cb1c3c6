/* SPDX-License-Identifier: ISC */
/*
 * check - everything that can be said before a start, all at once
 *
 * Needs no server and changes nothing. A service manager runs it before each
 * start and reload: a line of a table that the server passes over is a warning
 * and hinders neither.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/check.h"
#include "ctl/check_access.h"
#include "ctl/check_dns.h"
#include "ctl/check_logins.h"
#include "ctl/check_routes.h"
#include "ctl/check_tables.h"
#include "ctl/check_tls.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "lib/base/file.h"
#include "lib/mail/aliases.h"
#include "lib/mail/sasl_table.h"
#include "lib/mail/users_file.h"
#include "lib/proc/message.h"
#include "lib/proc/role.h"
#include "lib/proc/table_name.h"

#define FILE_MOST	((size_t)1 << 30)

struct findings {
	const struct settings *s;
	struct str lines;	/* errors */
	struct str warnings;
};

static void find(struct findings *f, const char *where, const char *fmt, ...)
    PRINTF(3, 4);

static void
find(struct findings *f, const char *where, const char *fmt, ...)
{
	va_list ap;

	str_addf(&f->lines, "%s: ", where);
	va_start(ap, fmt);
	str_vaddf(&f->lines, fmt, ap);
	va_end(ap);
	str_addc(&f->lines, '\n');
}

/* ---- tables, read as auth and router do ---- */

static void
warn(struct findings *f, const char *path, struct view line)
{
	str_addf(&f->warnings, "%s:%.*s\n", path, VIEW(line));
}

static void
check_users(struct findings *f)
{
	struct users_file file = { 0 };
	struct str text = { 0 };
	struct view all;

	if (!file_read(AT_FDCWD, f->s->users, FILE_MOST, &text))
		find(f, f->s->users, "cannot read the users: %s",
		    strerror(errno));
	else if (!users_file_read(&file, str_view(&text),
		     users_domain(f->s)))
		find(f, f->s->users, "there are too many users");
	all = str_view(&file.complaints);
	while (all.n > 0)
		warn(f, f->s->users, view_cut(&all, '\n'));
	users_file_free(&file);
	str_wipe(&text);
	str_free(&text);
}

static void
check_mechanisms(struct findings *f)
{
	const struct words *w = &f->s->sasl_mechanisms;

	for (size_t i = 0; i < w->n; i++)
		if (sasl_mechanism(w->word[i]) == NULL)
			find(f, "sasl_mechanisms", "%.*s is no way to log in "
			    "that there is", VIEW(w->word[i]));
}

struct alias_file {
	struct findings *findings;
	const char *path;
};

static void
warn_alias(void *arg, size_t line, const char *sentence)
{
	const struct alias_file *a = arg;
	struct str text = { 0 };

	str_addf(&text, "%zu: %s", line, sentence);
	warn(a->findings, a->path, str_view(&text));
	str_free(&text);
}

/* A list that is included: what is wrong with itself, router logs. */
static void
check_list(struct alias_file *a, size_t line, struct view path)
{
	struct str text = { 0 };
	char *name = xstrndup(path.p, path.n);

	if (!aliases_may_include(&a->findings->s->aliases, path))
		str_addf(&text, "%s is not below the directory of an alias "
		    "file, and router reads no other", name);
	else if (access(name, R_OK) < 0)
		str_addf(&text, "%s: %s", name, strerror(errno));
	if (text.n > 0)
		warn_alias(a, line, str_c(&text));
	free(name);
	str_free(&text);
}

/* master does not believe such a file. */
static bool
is_open_to_others(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 &&
	    ((st.st_uid != 0 && st.st_uid != geteuid()) ||
		(st.st_mode & S_IWOTH) != 0 ||
		((st.st_mode & S_IWGRP) != 0 && st.st_gid != 0));
}

/* Somebody has to run it, or to own the file. */
static void
check_target(struct alias_file *a, size_t line)
{
	const char *user = a->findings->s->alias_user;
	const struct passwd *pw = getpwnam(user);
	struct str text = { 0 };

	if (pw == NULL)
		str_addf(&text, "commands and files need the system user %s "
		    "(setting alias_user), which does not exist", user);
	else if (pw->pw_uid == 0 || pw->pw_gid == 0)
		str_addf(&text, "commands and files are never root's: set "
		    "alias_user");
	else if (geteuid() != 0 && pw->pw_uid != geteuid())
		str_addf(&text, "commands and files are %s's (setting "
		    "alias_user), whom only a server of root can become",
		    user);
	else if (is_open_to_others(a->path))
		str_adds(&text, "commands and files are not carried out, as "
		    "others than root can write this file");
	if (text.n > 0)
		warn_alias(a, line, str_c(&text));
	str_free(&text);
}

static bool
pass_alias(void *arg, size_t line, struct view key UNUSED, struct view items)
{
	struct view item;

	while (list_next(&items, &item))
		if (item.p[0] == ALIAS_INCLUDE)
			check_list(arg, line, view_skip(item, 1));
		else if (item.p[0] == ALIAS_COMMAND ||
		    item.p[0] == ALIAS_FILE)
			check_target(arg, line);
	return true;
}

static void
check_alias_file(struct findings *f, const char *path)
{
	struct alias_file a = { f, path };
	const struct aliases_sink sink = { pass_alias, warn_alias, &a };
	struct str text = { 0 };

	if (!file_read(AT_FDCWD, path, FILE_MOST, &text)) {
		if (errno == ENOENT)
			warn(f, path, VIEW_LIT(" there is no such file"));
		else
			find(f, path, "cannot read the aliases: %s",
			    strerror(errno));
	}
	aliases_read(str_view(&text), &sink);
	str_free(&text);
}

static void
check_aliases(struct findings *f)
{
	for (size_t i = 0; i < f->s->aliases.n; i++)
		if (!table_name_has_kind(f->s->aliases.word[i]))
			check_alias_file(f, f->s->aliases.word[i].p);
}

static void
check_certificates(struct findings *f)
{
	check_tls(f->s, &f->lines, &f->warnings);
}

static void
check_trust(struct findings *f)
{
	check_logins(f->s, &f->lines, &f->warnings);
}

static void
check_names(struct findings *f)
{
	check_dns(f->s, &f->lines, &f->warnings);
}

static void
check_ways(struct findings *f)
{
	check_access(f->s, &f->lines);
	check_tables(f->s, &f->lines, &f->warnings);
	check_routes(f->s, &f->lines, &f->warnings);
}

/* ---- files ---- */

/* What exists must be a directory; what does not, master makes. */
static void
check_directories(struct findings *f)
{
	static const char *const names[] = { "spool_dir", "mail_dir",
		"state_dir", "run_dir" };

	for (size_t i = 0; i < nitems(names); i++) {
		const char *path = settings_path(f->s, names[i]);
		struct stat st;

		if (path[0] != '/')
			find(f, names[i], "%s is no absolute path", path);
		else if (stat(path, &st) < 0 && errno != ENOENT)
			find(f, names[i], "%s: %s", path, strerror(errno));
		else if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
			find(f, names[i], "%s is no directory", path);
	}
}

static void
check_programs(struct findings *f)
{
	static const char *const needed[] = { "master", "smtpd", "pop3d",
		"imapd", "router", "auth", "queue", "local", "store",
		"bounce", "keys", "resolver", "deliver" };
	struct str path = { 0 };

	for (size_t i = 0; i < nitems(needed); i++) {
		str_reset(&path);
		str_addf(&path, "%s/%s", f->s->program_dir, needed[i]);
		if (access(str_c(&path), X_OK) < 0)
			find(f, str_c(&path), "%s; see program_dir",
			    strerror(errno));
	}
	str_free(&path);
}

static void
check_system_users(struct findings *f)
{
	struct str user = { 0 };

	if (!f->s->drop_privileges || geteuid() != 0)
		return;
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (!(1u << i & (ROLE_SESSIONS | ROLE_BOUNCE | ROLE_LOCAL |
				    ROLE_ROUTER | ROLE_QUEUE | ROLE_STORE |
				    ROLE_AUTH | ROLE_KEYS |
				    ROLE_RESOLVER)))
			continue;
		str_reset(&user);
		str_addf(&user, "posthouse-%s", role_name(1u << i));
		if (getpwnam(str_c(&user)) == NULL)
			find(f, "drop_privileges", "there is no system user "
			    "%s: make it as INSTALL says", str_c(&user));
	}
	if (getgrnam("posthouse") == NULL)
		find(f, "drop_privileges", "there is no system group "
		    "posthouse: make it as INSTALL says");
	str_free(&user);
}

/* Programs that auth asks, where the settings want them. */
static void
check_helpers(struct findings *f)
{
	const char *oauth = f->s->oauth_program;
	struct str pam = { 0 };

	str_addf(&pam, "%s/pam", f->s->program_dir);
	if (f->s->system_users && access(str_c(&pam), X_OK) < 0)
		find(f, str_c(&pam), "%s; system_users needs it",
		    strerror(errno));
	if (f->s->system_users && access("/etc/pam.d/posthouse", F_OK) < 0)
		str_adds(&f->warnings, "system_users: there is no "
		    "/etc/pam.d/posthouse, PAM falls back to its service "
		    "other\n");
	if (oauth[0] != '\0' && access(oauth, X_OK) < 0)
		find(f, "oauth_program", "%s: %s", oauth, strerror(errno));
	if (oauth[0] != '\0' && f->s->drop_privileges && geteuid() == 0 &&
	    getpwnam("posthouse-oauth") == NULL)
		find(f, "oauth_program", "there is no system user "
		    "posthouse-oauth: make it as INSTALL says");
	str_free(&pam);
}

typedef void check_fn(struct findings *f);

static check_fn *const checks[] = {
	check_users,
	check_mechanisms,
	check_aliases,
	check_certificates,
	check_names,
	check_trust,
	check_ways,
	check_directories,
	check_programs,
	check_system_users,
	check_helpers,
};

static json_t *
json_findings(struct view lines)
{
	json_t *all = json_array();

	while (lines.n > 0)
		json_array_append_new(all,
		    output_text(view_cut(&lines, '\n')));
	return all;
}

static void
print_findings(const struct ctl *ctl, const struct findings *f)
{
	struct view all = str_view(&f->warnings);

	while (all.n > 0) {
		struct view line = view_cut(&all, '\n');

		fprintf(stderr, "warning: %.*s\n", VIEW(line));
	}
	fputs(str_c(&f->lines), stderr);
	if (f->lines.n == 0)
		printf("%s is in order\n", ctl->file);
}

void
check_all(const struct settings *s, struct str *errors, struct str *warnings)
{
	struct findings f = { .s = s, .lines = *errors, .warnings = *warnings };

	for (size_t i = 0; i < nitems(checks); i++)
		checks[i](&f);
	*errors = f.lines;
	*warnings = f.warnings;
}

static int
check(struct ctl *ctl)
{
	struct findings f = { 0 };
	bool fine;

	ctl->settings = settings_load(ctl->file, &f.lines);
	if (ctl->settings != NULL)
		check_all(ctl->settings, &f.lines, &f.warnings);
	fine = f.lines.n == 0;
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_pack("{s:s,s:b,s:o,s:o}", "file", ctl->file,
		    "fine", fine, "errors",
		    json_findings(str_view(&f.lines)), "warnings",
		    json_findings(str_view(&f.warnings))));
	else
		print_findings(ctl, &f);
	str_free(&f.lines);
	str_free(&f.warnings);
	return fine ? 0 : EX_CONFIG;
}

const struct command check_commands[] = {
	{ "check", "", OPTION_JSON, 0, 0, check,
	    "are settings, tables, directories and programs in order" },
	{ 0 },
};
