/* SPDX-License-Identifier: ISC */
/*
 * check - everything that can be said before a start, all at once
 *
 * Needs no server and changes nothing. A service manager runs it before each
 * start and reload.
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

#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/users.h"
#include "lib/base/file.h"
#include "lib/proc/role.h"

#define FILE_MOST	((size_t)1 << 30)

struct findings {
	const struct settings *s;
	struct str lines;
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

/* ---- tables ---- */

static void
check_users(struct findings *f)
{
	struct str text = { 0 }, name = { 0 }, where = { 0 };
	struct view rest;
	const char *wrong;

	if (!file_read(AT_FDCWD, f->s->users, FILE_MOST, &text))
		find(f, f->s->users, "cannot read the users: %s",
		    strerror(errno));
	rest = str_view(&text);
	for (unsigned line = 1; rest.n > 0; line++) {
		users_line_name(view_cut(&rest, '\n'), &name, &wrong);
		if (wrong == NULL)
			continue;
		str_reset(&where);
		str_addf(&where, "%s:%u", f->s->users, line);
		find(f, str_c(&where), "%s", wrong);
	}
	str_wipe(&text);
	str_free(&text);
	str_free(&name);
	str_free(&where);
}

/* "name: value"; a line that begins with a blank goes on with the last. */
static const char *
alias_fault(struct view line, bool first)
{
	struct view text = view_trim(line), name;

	if (text.n == 0 || text.p[0] == '#')
		return NULL;
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return first ? "there is no alias that this could continue" :
			       NULL;
	if (view_find(text, ':') == text.n)
		return "there is no colon behind the name";
	name = view_trim(view_cut(&text, ':'));
	return name.n > 0 ? NULL : "there is no name in front of the colon";
}

static void
check_alias_file(struct findings *f, const char *path)
{
	struct str text = { 0 }, where = { 0 };
	struct view rest;
	bool first = true;

	if (!file_read(AT_FDCWD, path, FILE_MOST, &text))
		find(f, path, "cannot read the aliases: %s", strerror(errno));
	rest = str_view(&text);
	for (unsigned line = 1; rest.n > 0; line++) {
		struct view l = view_cut(&rest, '\n');
		const char *fault = alias_fault(l, first);

		if (l.n > 0 && l.p[0] != '#')
			first = false;
		if (fault == NULL)
			continue;
		str_reset(&where);
		str_addf(&where, "%s:%u", path, line);
		find(f, str_c(&where), "%s", fault);
	}
	str_free(&text);
	str_free(&where);
}

static void
check_aliases(struct findings *f)
{
	for (size_t i = 0; i < f->s->aliases.n; i++)
		check_alias_file(f, f->s->aliases.word[i].p);
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
		"bounce" };
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
				    ROLE_AUTH)))
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

typedef void check_fn(struct findings *f);

static check_fn *const checks[] = {
	check_users,
	check_aliases,
	check_directories,
	check_programs,
	check_system_users,
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

static int
check(struct ctl *ctl)
{
	struct findings f = { 0 };
	size_t n;

	ctl->settings = settings_load(ctl->file, &f.lines);
	f.s = ctl->settings;
	for (size_t i = 0; f.s != NULL && i < nitems(checks); i++)
		checks[i](&f);
	n = f.lines.n;
	if (ctl_has(ctl, OPTION_JSON)) {
		output_json(json_pack("{s:s,s:b,s:o}", "file", ctl->file,
		    "fine", n == 0, "errors",
		    json_findings(str_view(&f.lines))));
	} else if (n > 0) {
		fputs(str_c(&f.lines), stderr);
	} else {
		printf("%s is in order\n", ctl->file);
	}
	str_free(&f.lines);
	return n == 0 ? 0 : EX_CONFIG;
}

const struct command check_commands[] = {
	{ "check", "", OPTION_JSON, 0, 0, check,
	    "are settings, tables, directories and programs in order" },
	{ 0 },
};
