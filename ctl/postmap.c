/* SPDX-License-Identifier: ISC */
/*
 * postmap - look a key up in a table, as "postmap -q" does
 *
 * The table is read as text, whatever type of index the script names: there are
 * no indexes here to be made first, and none that can be out of date.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/postfix.h"
#include "lib/base/file.h"

#define TABLE_MOST	((size_t)1 << 30)
#define USAGE	"usage: postmap -q key [file_type:]file_name; nothing else is " \
	"answered here"

static bool
goes_on(struct view text)
{
	return text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t');
}

bool
postmap_find(struct view text, struct view key, struct str *value)
{
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');
		struct view name = view_word(&line);
		bool found;

		if (name.n == 0 || name.p[0] == '#')
			continue;
		if (name.p[name.n - 1] == ':')
			name.n--;
		found = view_eqi(name, key);
		if (found)
			str_add(value, view_trim(line));
		while (goes_on(text)) {
			line = view_cut(&text, '\n');
			if (found)
				str_addf(value, "%.*s", VIEW(line));
		}
		if (found)
			return true;
	}
	return false;
}

/* A key of the standard input is told with its value. */
static int
ask_all(struct view text)
{
	char key[4096];
	int code = 1;

	while (fgets(key, sizeof(key), stdin) != NULL) {
		struct str value = { 0 };

		key[strcspn(key, "\r\n")] = '\0';
		if (postmap_find(text, view_of(key), &value)) {
			printf("%s\t%s\n", key, str_c(&value));
			code = 0;
		}
		str_free(&value);
	}
	return code;
}

static int
ask_one(struct view text, const char *key)
{
	struct str value = { 0 };
	bool found = postmap_find(text, view_of(key), &value);

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

int
postmap_run(struct ctl *ctl UNUSED, int argc, char **argv)
{
	struct str text = { 0 };
	const char *key = NULL, *path;
	int flag, code;

	while ((flag = getopt(argc, argv, "c:q:v")) != -1)
		if (flag == 'q')
			key = optarg;
		else if (flag == '?')
			return postfix_fatal(1, USAGE);
	if (key == NULL || optind + 1 != argc)
		return postfix_fatal(1, USAGE);
	path = path_of(argv[optind]);
	if (path == NULL)
		return postfix_fatal(1, "unsupported dictionary type: %.*s",
		    (int)strcspn(argv[optind], ":"), argv[optind]);
	if (!file_read(AT_FDCWD, path, TABLE_MOST, &text))
		return postfix_fatal(1, "open database %s: %s", path, strerror(errno));
	code = strcmp(key, "-") == 0 ? ask_all(str_view(&text)) :
				       ask_one(str_view(&text), key);
	str_free(&text);
	return code;
}
