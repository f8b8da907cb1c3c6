/* SPDX-License-Identifier: ISC */
/*
 * check_tables - reads them as router does
 *
 * A kind of Postfix's that there is not here would be the beginning of a file
 * name, which nobody means.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "ctl/check_tables.h"
#include "ctl/remote.h"
#include "lib/base/file.h"
#include "lib/mail/canonical.h"
#include "lib/mail/table.h"
#include "lib/mail/table_client.h"
#include "lib/proc/table_name.h"

struct check {
	const char *name;	/* of the setting */
	const char *table;
	const char *path;	/* of its file */
	struct str *errors, *warnings;
	const char *(*judge)(struct view key, struct view value);
};

static void
complain(void *arg, size_t line, const char *sentence)
{
	const struct check *c = arg;
	const char *path = table_name_path(c->table);

	if (line == 0)
		str_addf(c->errors, "%s: %s: %s\n", c->name, c->path,
		    sentence);
	else if (path[0] == '\0')
		str_addf(c->errors, "%s: %s: %s\n", c->name, c->table,
		    sentence);
	else
		str_addf(c->errors, "%s:%zu: %s\n", path, line, sentence);
}

static void
read_table(struct check *c, const struct table_kind *kind, struct view text)
{
	const struct table_sink sink = { complain, c, c->judge };
	void *table = kind->open(text, &sink);

	if (table != NULL)
		kind->close(table);
}

static bool
is_newer(const char *text, const char *made)
{
	struct stat a, b;

	return stat(text, &a) == 0 && stat(made, &b) == 0 &&
	       (a.st_mtim.tv_sec > b.st_mtim.tv_sec ||
		   (a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
		       a.st_mtim.tv_nsec > b.st_mtim.tv_nsec));
}

/* Whoever answers there may be started later: a warning. */
static void
check_remote(struct check *c, const struct table_kind *kind,
    struct view source)
{
	const struct table_sink sink = { complain, c, NULL };
	struct table_socket *t = kind->open(source, &sink);
	const char *wrong = t == NULL ? NULL : table_client_check(t);
	struct str reason = { 0 };

	if (wrong != NULL)
		complain(c, 1, wrong);
	else if (t != NULL && !remote_reach(t, &reason))
		str_addf(c->warnings, "%s: nobody answers for %s: %s\n",
		    c->name, c->table, str_c(&reason));
	if (t != NULL)
		kind->close(t);
	str_free(&reason);
}

static void
check_table(struct check *c, const struct table_kind *kind)
{
	struct view source = view_of(c->table);
	struct str text = { 0 }, path = { 0 };

	source = view_skip(source, table_name_kind(source));
	table_path(kind, source, &path);
	c->path = str_c(&path);
	if (kind->suffix != NULL && is_newer(source.p, c->path))
		str_addf(c->warnings, "%s: %s is newer than %s; posthouse "
		    "table build makes that anew\n", c->name, source.p,
		    c->path);
	if (kind->is_remote)
		check_remote(c, kind, source);
	else if (kind->is_inline)
		read_table(c, kind, source);
	else if (!file_read(AT_FDCWD, c->path, kind->most, &text))
		str_addf(c->errors, "%s: cannot read %s: %s: %s\n", c->name,
		    c->table, c->path, strerror(errno));
	else
		read_table(c, kind, str_view(&text));
	str_free(&path);
	str_free(&text);
}

/* A path may have been put before the name, as it is none from the root. */
static bool
check_kind(struct check *c)
{
	static const char *const others[] = { "lmdb", "cdb", "dbm", "sdbm",
		"texthash", "static", "ldap", "mysql", "pgsql", "sqlite",
		"proxy", "unix" };
	struct view rest = view_of(c->table), word = view_cut(&rest, ':');
	size_t slash = view_rfind(word, '/');

	if (slash < word.n)
		word = view_skip(word, slash + 1);
	for (size_t i = 0; rest.n > 0 && i < nitems(others); i++) {
		if (!view_is(word, others[i]))
			continue;
		str_addf(c->errors, "%s: %s: is no kind of table that there is "
		    "here\n", c->name, others[i]);
		return false;
	}
	return true;
}

/* Of addresses that are looked up in it. plain: what a file without a kind is;
 * NULL: something else looks at it. */
static void
check_name(struct check *c, const struct table_kind *plain)
{
	const struct view file = view_of(c->table);
	struct view source;

	if (view_starts(file, VIEW_LIT("cidr:")))
		str_addf(c->errors, "%s: %s: a cidr table has hosts, no mail "
		    "addresses\n", c->name, c->table);
	else if (table_name_has_kind(file))
		check_table(c, table_kind(file, &source));
	else if (check_kind(c) && plain != NULL)
		check_table(c, plain);
}

static void
check_list(struct check c, const struct words *tables,
    const struct table_kind *plain)
{
	for (size_t i = 0; i < tables->n; i++) {
		c.table = tables->word[i].p;
		check_name(&c, plain);
	}
}

void
check_tables(const struct settings *s, struct str *errors,
    struct str *warnings)
{
	struct check c = { .name = "aliases", .errors = errors,
		.warnings = warnings };

	check_list(c, &s->aliases, NULL);
	c.name = "relay_recipients";
	c.table = s->relay_recipients;
	if (c.table[0] != '\0')
		check_name(&c, NULL);
	c.name = "canonical";
	c.judge = canonical_judge;
	check_list(c, &s->canonical, &table_text);
}
