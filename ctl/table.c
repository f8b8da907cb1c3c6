/* SPDX-License-Identifier: ISC */
/*
 * table - what a table says about a key, as the server would look it up
 *
 * A plain path, or one of kind text, is a file of keys and values, read as
 * postmap -q does. What is wrong in a table is told, and the rest is asked: to
 * have no mistake is what posthouse check is for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/postfix.h"
#include "lib/base/file.h"
#include "lib/mail/table.h"
#include "lib/proc/table_name.h"

#define FILE_MOST ((size_t)1 << 30)

static void
complain(void *arg, size_t line, const char *sentence)
{
	ctl_fail(0, "%s:%zu: %s", (const char *)arg, line, sentence);
}

static enum table_answer
look_up(const struct table_kind *kind, struct view text, struct ctl *ctl,
    struct str *value)
{
	const struct table_sink sink = { complain,
		(void *)(uintptr_t)ctl->argv[0], NULL };
	const struct view key = view_of(ctl->argv[1]);
	enum table_answer a;
	void *table;
	size_t line;

	if (kind == NULL)
		return postmap_find(text, key, value) ? TABLE_FOUND :
							TABLE_NONE;
	table = kind->open(text, &sink);
	if (table == NULL)
		return TABLE_LATER;
	a = kind->get(table, key, value, &line);
	kind->close(table);
	return a;
}

static void
print_json(const struct ctl *ctl, enum table_answer a, struct view value)
{
	json_t *j = json_object();

	json_object_set_new(j, "table", output_text(view_of(ctl->argv[0])));
	json_object_set_new(j, "key", output_text(view_of(ctl->argv[1])));
	json_object_set_new(j, "value", a == TABLE_FOUND ? output_text(value) :
							   json_null());
	json_object_set_new(j, "limit", json_boolean(a == TABLE_LATER));
	output_json(j);
}

static int
print_answer(const struct ctl *ctl, enum table_answer a, struct view value)
{
	if (ctl_has(ctl, OPTION_JSON))
		print_json(ctl, a, value);
	else if (a == TABLE_FOUND)
		printf("%.*s\n", VIEW(value));
	if (a == TABLE_LATER)
		return ctl_fail(EX_TEMPFAIL, "%s: an expression takes too long "
		    "for %s", ctl->argv[0], ctl->argv[1]);
	return a == TABLE_FOUND ? 0 : EX_NOUSER;
}

static int
query(struct ctl *ctl)
{
	const char *name = ctl->argv[0];
	struct str text = { 0 }, value = { 0 };
	struct view source;
	const struct table_kind *kind = table_kind(view_of(name), &source);
	enum table_answer a;
	int code;

	if (kind == NULL || !kind->is_inline) {
		if (!file_read(AT_FDCWD, table_name_path(name), FILE_MOST,
			&text))
			return ctl_fail(EX_NOINPUT, "%s: %s", name,
			    strerror(errno));
		source = str_view(&text);
	}
	a = look_up(kind, source, ctl, &value);
	code = print_answer(ctl, a, str_view(&value));
	str_free(&text);
	str_free(&value);
	return code;
}

const struct command table_commands[] = {
	{ "table query", "TABLE KEY", OPTION_JSON, 2, 2, query,
	    "what a table says about a key" },
	{ 0 },
};
