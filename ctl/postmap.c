/* SPDX-License-Identifier: ISC */
/*
 * postmap - look a key up in a table, as "postmap -q" does
 *
 * The table is read as text, whatever type of index the script names: there are
 * no indexes here to be made first, and none that can be out of date. Other kinds
 * are those of lib/mail/table.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/map.h"
#include "ctl/postfix.h"
#include "ctl/remote.h"
#include "lib/base/file.h"
#include "lib/mail/table.h"

#define TABLE_MOST	((size_t)1 << 30)
#define USAGE	"usage: postmap -q key [file_type:]file_name; nothing else is " \
	"answered here"

/* A text of keys and values, unless it is of another kind. */
struct source {
	struct view text;
	const struct table_kind *kind;
	void *table;
};

static bool
find(const struct source *s, struct view key, struct str *value)
{
	enum table_answer a;
	size_t line;

	if (s->kind == NULL)
		return map_find(s->text, key, value);
	if (s->kind->is_remote)
		a = remote_query(s->table, key, value);
	else
		a = s->kind->get(s->table, key, value, &line);
	if (a == TABLE_LATER && s->kind->is_remote)
		fprintf(stderr, "postmap: warning: no answer for %.*s: %s\n",
		    VIEW(key), str_c(value));
	else if (a == TABLE_LATER)
		fprintf(stderr, "postmap: warning: an expression takes too "
		    "long for %.*s\n", VIEW(key));
	return a == TABLE_FOUND;
}

/* A key of the standard input is told with its value. */
static int
ask_all(const struct source *s)
{
	char key[4096];
	int code = 1;

	while (fgets(key, sizeof(key), stdin) != NULL) {
		struct str value = { 0 };

		key[strcspn(key, "\r\n")] = '\0';
		if (find(s, view_of(key), &value)) {
			printf("%s\t%s\n", key, str_c(&value));
			code = 0;
		}
		str_free(&value);
	}
	return code;
}

static int
ask_one(const struct source *s, const char *key)
{
	struct str value = { 0 };
	bool found = find(s, view_of(key), &value);

	if (found)
		puts(str_c(&value));
	str_free(&value);
	return found ? 0 : 1;
}

/* The types whose source is a text of this form. */
static const char *
path_of(const char *table)
{
	static const char *const types[] = { "hash", "texthash", "btree",
		"lmdb", "cdb", "dbm", "sdbm" };
	size_t n = strcspn(table, ":");

	if (table[n] == '\0')
		return table;
	for (size_t i = 0; i < nitems(types); i++)
		if (strlen(types[i]) == n && memcmp(types[i], table, n) == 0)
			return table + n + 1;
	return NULL;
}

static void
warn_line(void *arg, size_t line, const char *sentence)
{
	fprintf(stderr, "postmap: warning: %s, line %zu: %s\n",
	    (const char *)arg, line, sentence);
}

static int
ask(struct source *s, char *name, const char *key)
{
	const struct table_sink sink = { warn_line, name, NULL };
	int code;

	if (s->kind != NULL)
		s->table = s->kind->open(s->text, &sink);
	if (s->kind != NULL && s->table == NULL)
		return 1;
	code = strcmp(key, "-") == 0 ? ask_all(s) : ask_one(s, key);
	if (s->kind != NULL)
		s->kind->close(s->table);
	return code;
}

int
postmap_run(struct ctl *ctl UNUSED, int argc, char **argv)
{
	struct str text = { 0 };
	struct source s = { 0 };
	const char *key = NULL, *path;
	int flag, code;

	while ((flag = getopt(argc, argv, "c:q:v")) != -1)
		if (flag == 'q')
			key = optarg;
		else if (flag == '?')
			return postfix_fatal(1, USAGE);
	if (key == NULL || optind + 1 != argc)
		return postfix_fatal(1, USAGE);
	s.kind = table_kind(view_of(argv[optind]), &s.text);
	if (s.kind != NULL && s.kind->suffix != NULL)
		s.kind = NULL;	/* the text it was made from */
	if (s.kind != NULL && s.kind->is_inline)
		return ask(&s, argv[optind], key);
	path = s.kind != NULL ? s.text.p : path_of(argv[optind]);
	if (path == NULL)
		return postfix_fatal(1, "unsupported dictionary type: %.*s",
		    (int)strcspn(argv[optind], ":"), argv[optind]);
	if (!file_read(AT_FDCWD, path, TABLE_MOST, &text))
		return postfix_fatal(1, "open database %s: %s", path, strerror(errno));
	s.text = str_view(&text);
	code = ask(&s, argv[optind], key);
	str_free(&text);
	return code;
}
