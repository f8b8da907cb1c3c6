/* SPDX-License-Identifier: ISC */
/*
 * check_tables - reads them as router does
 *
 * A kind of Postfix's that there is not here would be the beginning of a file
 * name, which nobody means.
 */
#include <errno.h>
#include <fcntl.h>

#include "ctl/check_tables.h"
#include "lib/base/file.h"
#include "lib/mail/table.h"
#include "lib/proc/table_name.h"

#define FILE_MOST ((size_t)16 << 20)

struct check {
	const char *name;	/* of the setting */
	const char *table;
	struct str *errors;
};

static void
complain(void *arg, size_t line, const char *sentence)
{
	const struct check *c = arg;
	const char *path = table_name_path(c->table);

	if (path[0] == '\0')
		str_addf(c->errors, "%s: %s: %s\n", c->name, c->table,
		    sentence);
	else
		str_addf(c->errors, "%s:%zu: %s\n", path, line, sentence);
}

static void
read_table(struct check *c, const struct table_kind *kind, struct view text)
{
	const struct table_sink sink = { complain, c };
	void *table = kind->open(text, &sink);

	if (table == NULL)
		str_addf(c->errors, "%s: %s is too large\n", c->name,
		    c->table);
	else
		kind->close(table);
}

static void
check_table(struct check *c)
{
	struct str text = { 0 };
	struct view source;
	const struct table_kind *kind = table_kind(view_of(c->table), &source);

	if (kind->is_inline)
		read_table(c, kind, source);
	else if (!file_read(AT_FDCWD, source.p, FILE_MOST, &text))
		str_addf(c->errors, "%s: cannot read %s: %s\n", c->name,
		    c->table, strerror(errno));
	else
		read_table(c, kind, str_view(&text));
	str_free(&text);
}

/* A path may have been put before the name, as it is none from the root. */
static void
check_kind(struct check *c)
{
	static const char *const others[] = { "hash", "btree", "lmdb", "cdb",
		"dbm", "sdbm", "texthash", "static", "socketmap", "tcp", "ldap",
		"mysql", "pgsql", "sqlite", "proxy", "unix" };
	struct view rest = view_of(c->table), word = view_cut(&rest, ':');
	size_t slash = view_rfind(word, '/');

	if (slash < word.n)
		word = view_skip(word, slash + 1);
	for (size_t i = 0; rest.n > 0 && i < nitems(others); i++)
		if (view_is(word, others[i]))
			str_addf(c->errors, "%s: %s: is no kind of table that "
			    "there is here\n", c->name, others[i]);
}

/* Of addresses that are looked up in it. */
static void
check_name(struct check *c)
{
	const struct view file = view_of(c->table);

	if (view_starts(file, VIEW_LIT("cidr:")))
		str_addf(c->errors, "%s: %s: a cidr table has hosts, no mail "
		    "addresses\n", c->name, c->table);
	else if (table_name_has_kind(file))
		check_table(c);
	else
		check_kind(c);
}

void
check_tables(const struct settings *s, struct str *errors)
{
	struct check c = { "aliases", NULL, errors };

	for (size_t i = 0; i < s->aliases.n; i++) {
		c.table = s->aliases.word[i].p;
		check_name(&c);
	}
	c = (struct check){ "relay_recipients", s->relay_recipients, errors };
	if (c.table[0] != '\0')
		check_name(&c);
}
