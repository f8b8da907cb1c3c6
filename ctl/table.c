/* SPDX-License-Identifier: ISC */
/*
 * table - what a table says about a key, as the server would look it up
 *
 * A plain path, or one of kind text, is a file of keys and values, read as
 * postmap -q does. What is wrong in a table is told, and the rest is asked: to
 * have no mistake is what posthouse check is for. A database is built from such a
 * text, or stays as it was.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/map.h"
#include "ctl/output.h"
#include "ctl/remote.h"
#include "lib/base/file.h"
#include "lib/base/kv_map.h"
#include "lib/mail/table.h"
#include "lib/proc/table_name.h"

#define FILE_MOST ((size_t)1 << 30)

static void
complain(void *arg, size_t line, const char *sentence)
{
	if (line > 0)
		ctl_fail(0, "%s:%zu: %s", (const char *)arg, line, sentence);
	else
		ctl_fail(0, "%s: %s", (const char *)arg, sentence);
}

static enum table_answer
look_up(const struct table_kind *kind, struct view text, struct ctl *ctl,
    struct str *value)
{
	const struct table_sink sink = { complain,
		(void *)(uintptr_t)ctl->argv[0], NULL };
	const struct view key = view_of(ctl->argv[1]);
	enum table_answer a = TABLE_LATER;
	void *table;
	size_t line;

	if (kind == NULL)
		return map_find(text, key, value) ? TABLE_FOUND :
							TABLE_NONE;
	table = kind->open(text, &sink);
	if (table == NULL)
		exit(EX_DATAERR);	/* what is wrong has been told */
	if (kind->is_remote)
		a = remote_query(table, key, value);
	else
		a = kind->get(table, key, value, &line);
	kind->close(table);
	if (a == TABLE_LATER && !kind->is_remote) {
		str_reset(value);
		str_addf(value, "an expression takes too long for %s",
		    ctl->argv[1]);
	}
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
		return ctl_fail(EX_TEMPFAIL, "%s: %.*s", ctl->argv[0],
		    VIEW(value));
	return a == TABLE_FOUND ? 0 : EX_NOUSER;
}

static int
read_source(const char *name, const struct table_kind *kind,
    struct view source, struct str *text)
{
	struct str path = { 0 };
	int code = 0;

	if (kind == NULL)
		str_adds(&path, table_name_path(name));
	else
		table_path(kind, source, &path);
	if (!file_read(AT_FDCWD, str_c(&path),
		kind != NULL ? kind->most : FILE_MOST, text))
		code = ctl_fail(EX_NOINPUT, "cannot read %s: %s%s", path.p,
		    strerror(errno), errno == ENOENT && kind != NULL &&
		    kind->suffix != NULL ? "; posthouse table build makes it" :
					   "");
	str_free(&path);
	return code;
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
		code = read_source(name, kind, source, &text);
		if (code != 0)
			return code;
		source = str_view(&text);
	}
	a = look_up(kind, source, ctl, &value);
	code = print_answer(ctl, a, str_view(&value));
	str_free(&text);
	str_free(&value);
	return code;
}

/* ---- building ---- */

/* In lower case, as it will be asked for. */
static enum kv_result
put_entry(struct kv_map *map, const struct map_entry *e, struct why *w)
{
	struct str key = { 0 };
	enum kv_result r;

	for (size_t i = 0; i < e->key.n; i++)
		str_addc(&key, to_lower(e->key.p[i]));
	r = kv_map_put(map, str_view(&key), e->value, w);
	str_free(&key);
	return r;
}

/* False when there are mistakes, or w has the reason of something else. */
static bool
fill(struct kv_map *map, const char *file, struct view text, struct why *w)
{
	struct map_entry e = { .key = VIEW_NONE };
	enum kv_result r = KV_NONE;
	size_t wrong = 0;

	while (r != KV_TROUBLE && map_next(&text, &e)) {
		if (e.key.n == 0 || e.value.n == 0) {
			ctl_fail(0, "%s:%zu: A line is a key and a value",
			    file, e.line);
			wrong++;
			continue;
		}
		r = put_entry(map, &e, w);
		if (r == KV_FOUND)
			ctl_fail(0, "%s:%zu: %.*s exists already; the first "
			    "one counts", file, e.line, VIEW(e.key));
	}
	str_free(&e.text);
	if (r != KV_TROUBLE && wrong > 0)
		why_never(w, "3.5", "%s has %zu mistakes", file, wrong);
	return r != KV_TROUBLE && wrong == 0;
}

static int
build_file(const char *file, const char *target, enum kv_map_kind kind)
{
	struct str text = { 0 };
	struct kv_map *map;
	struct stat st;
	struct why w;
	bool ok;

	if (stat(file, &st) != 0 ||
	    !file_read(AT_FDCWD, file, FILE_MOST, &text))
		return ctl_fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	map = kv_map_new(target, kind, st.st_mode & 0777, &w);
	ok = map != NULL && fill(map, file, str_view(&text), &w);
	if (ok)
		ok = kv_map_commit(&map, &w);
	else if (map != NULL)
		kv_map_abort(&map);
	str_free(&text);
	return ok ? 0 : ctl_fail(w.verdict == VERDICT_NEVER ? EX_DATAERR :
		EX_CANTCREAT, "%s; %s stays as it was", w.text, target);
}

static int
build(struct ctl *ctl)
{
	static const struct {
		const struct table_kind *kind;
		enum kv_map_kind made;
	} kinds[] = { { &table_hash, KV_MAP_HASH },
		{ &table_btree, KV_MAP_BTREE } };
	struct str target = { 0 };
	struct view file;
	const struct table_kind *kind = table_kind(view_of(ctl->argv[0]),
	    &file);
	int code = -1;

	for (size_t i = 0; i < nitems(kinds); i++)
		if (kind == kinds[i].kind) {
			table_path(kind, file, &target);
			code = build_file(file.p, str_c(&target),
			    kinds[i].made);
		}
	str_free(&target);
	return code >= 0 ? code : ctl_fail(EX_USAGE, "%s is neither hash:FILE "
	    "nor btree:FILE", ctl->argv[0]);
}

const struct command table_commands[] = {
	{ "table build", "TABLE", 0, 1, 1, build,
	    "make the database of hash:FILE or btree:FILE" },
	{ "table query", "TABLE KEY", OPTION_JSON, 2, 2, query,
	    "what a table says about a key" },
	{ 0 },
};
