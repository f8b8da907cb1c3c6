/* SPDX-License-Identifier: ISC */
/*
 * alias - list the aliases, set one, remove one
 *
 * The alias files are the truth, whoever wrote them: a command changes the lines
 * of one entry, wherever it stands, and leaves the others as they are.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/edit.h"
#include "ctl/output.h"
#include "ctl/user.h"
#include "lib/base/file.h"
#include "lib/mail/aliases.h"
#include "lib/proc/table_name.h"

#define FILE_MOST ((size_t)1 << 30)

/* ---- an entry in a text ---- */

struct entry {
	struct view key;	/* that is looked for */
	size_t line;		/* where its first one begins; 0: there is none */
};

static bool
match(void *arg, size_t line, struct view key, struct view items UNUSED)
{
	struct entry *e = arg;

	if (!view_eq(key, e->key))
		return true;
	e->line = line;
	return false;
}

static void
ignore(void *arg UNUSED, size_t line UNUSED, const char *sentence UNUSED)
{
}

/* The first entry of this name, which is the one that counts. */
static size_t
find_entry(struct view text, struct view key)
{
	struct entry e = { .key = key };
	struct aliases_sink sink = { match, ignore, &e };

	aliases_read(text, &sink);
	return e.line;
}

static bool
is_comment(struct view line)
{
	return view_trim(line).n == 0 || line.p[0] == '#';
}

/* The text without the lines of the entry, comments between them kept; new stands
 * in its place. */
static void
replace(struct view text, size_t line, struct view new, struct str *out)
{
	bool inside = false;

	for (size_t n = 1; text.n > 0; n++) {
		struct view rest = text, l = view_cut(&rest, '\n');
		bool next = l.n > 0 && (l.p[0] == ' ' || l.p[0] == '\t');

		if (n == line) {
			inside = true;
			str_add(out, new);
		} else if (!(inside && next && view_trim(l).n > 0)) {
			str_add(out, view_bytes(text.p, text.n - rest.n));
			inside = inside && is_comment(l);
		}
		text = rest;
	}
}

/* ---- what is asked for ---- */

struct wish {
	struct str text;	/* "name: targets\n" */
	struct str key;
	bool wrong;
};

static bool
take_key(void *arg, size_t line UNUSED, struct view key,
    struct view items UNUSED)
{
	str_add(&((struct wish *)arg)->key, key);
	return true;
}

static void
complain(void *arg, size_t line UNUSED, const char *sentence)
{
	ctl_fail(0, "%s", sentence);
	((struct wish *)arg)->wrong = true;
}

/* What the reader of the files would make of it, it has to be. */
static int
read_wish(struct wish *w)
{
	struct aliases_sink sink = { take_key, complain, w };

	for (size_t i = 0; i + 1 < w->text.n; i++)
		if ((unsigned char)w->text.p[i] < ' ')
			return ctl_fail(EX_DATAERR, "an alias cannot have "
			    "line ends or other controls");
	aliases_read(str_view(&w->text), &sink);
	if (w->wrong || w->key.n == 0)
		return EX_DATAERR;
	return 0;
}

static void
wish_free(struct wish *w)
{
	str_free(&w->text);
	str_free(&w->key);
}

/* ---- the files ---- */

/* The file that has the entry, by number; the number of files: none has. */
static size_t
find_file(const struct settings *s, struct view key)
{
	size_t i;

	for (i = 0; i < s->aliases.n; i++) {
		struct str text = { 0 };
		size_t line = 0;

		if (!table_name_has_kind(s->aliases.word[i]) &&
		    file_read(AT_FDCWD, s->aliases.word[i].p, FILE_MOST, &text))
			line = find_entry(str_view(&text), key);
		str_free(&text);
		if (line > 0)
			break;
	}
	return i;
}

/* The first that entries can be written to; the number of files: none. */
static size_t
first_file(const struct settings *s)
{
	size_t i = 0;

	while (i < s->aliases.n && table_name_has_kind(s->aliases.word[i]))
		i++;
	return i;
}

static int
failed(struct str *error)
{
	int code = ctl_fail(EX_CANTCREAT, "%s", str_c(error));

	str_free(error);
	return code;
}

/* new is empty: the entry goes. */
static int
change(struct ctl *ctl, const char *path, const struct wish *w,
    struct view new)
{
	struct str to = { 0 }, error = { 0 };
	struct edit e;
	struct view text;
	size_t line;
	bool ok;

	if (!edit_begin(&e, path, NULL, &error))
		return failed(&error);
	text = str_view(&e.text);
	line = find_entry(text, str_view(&w->key));
	if (line > 0) {
		replace(text, line, new, &to);
	} else {
		str_add(&to, text);
		if (text.n > 0 && text.p[text.n - 1] != '\n')
			str_addc(&to, '\n');
		str_add(&to, new);
	}
	ok = edit_commit(&e, &to, &error);
	str_free(&to);
	return ok ? user_tell_server(ctl, path) : failed(&error);
}

static int
no_files(const struct ctl *ctl)
{
	return ctl_fail(EX_CONFIG, "%s names no alias file; set \"aliases\"",
	    ctl->file);
}

static int
set(struct ctl *ctl)
{
	const struct settings *s = ctl_settings(ctl);
	struct wish w = { 0 };
	size_t i;
	int code;

	if (first_file(s) == s->aliases.n)
		return no_files(ctl);
	str_addf(&w.text, "%s:", ctl->argv[0]);
	for (int n = 1; n < ctl->argc; n++)
		str_addf(&w.text, "%s %s", n > 1 ? "," : "", ctl->argv[n]);
	str_addc(&w.text, '\n');
	code = read_wish(&w);
	if (code == 0) {
		i = find_file(s, str_view(&w.key));
		if (i == s->aliases.n)
			i = first_file(s);
		code = change(ctl, s->aliases.word[i].p, &w,
		    str_view(&w.text));
	}
	wish_free(&w);
	return code;
}

static int
delete(struct ctl *ctl)
{
	const struct settings *s = ctl_settings(ctl);
	struct wish w = { 0 };
	size_t i;
	int code;

	str_addf(&w.text, "%s: nobody\n", ctl->argv[0]);
	code = read_wish(&w);
	i = code == 0 ? find_file(s, str_view(&w.key)) : 0;
	if (code == 0 && i == s->aliases.n)
		code = ctl_fail(EX_NOUSER, "there is no alias %s",
		    str_c(&w.key));
	if (code == 0)
		code = change(ctl, s->aliases.word[i].p, &w, VIEW_NONE);
	wish_free(&w);
	return code;
}

/* ---- list ---- */

struct listing {
	const char *path;
	struct view text;
	struct table table;
	json_t *all;
};

/* What stands behind the colon, continued lines joined. */
static void
join_targets(struct view text, size_t line, struct str *out)
{
	bool first = true;
	size_t n;

	while (--line > 0)
		view_cut(&text, '\n');
	for (; text.n > 0; first = false) {
		struct view l = view_cut(&text, '\n');
		bool next = l.n > 0 && (l.p[0] == ' ' || l.p[0] == '\t');

		if (!first && is_comment(l))
			continue;
		if (!first && !next)
			break;
		if (first && l.n > 0 && l.p[0] == '"') {
			l = view_skip(l, 1);
			l = view_skip(l, view_find(l, '"'));
		}
		n = first ? view_find(l, ':') : 0;
		if (first)
			l = view_skip(l, n + (n < l.n));
		str_addf(out, "%s%.*s", first ? "" : " ", VIEW(view_trim(l)));
	}
}

static bool
list_entry(void *arg, size_t line, struct view key, struct view items UNUSED)
{
	struct listing *l = arg;
	struct str targets = { 0 };

	join_targets(l->text, line, &targets);
	table_add(&l->table, "%s", output_clean(key));
	table_add(&l->table, "%s:%zu", l->path, line);
	table_add(&l->table, "%s", output_clean(str_view(&targets)));
	json_array_append_new(l->all, json_pack("{s:o,s:o,s:s,s:I}", "alias",
	    output_text(key), "targets", output_text(str_view(&targets)),
	    "file", l->path, "line", (json_int_t)line));
	str_free(&targets);
	return true;
}

static void
list_complaint(void *arg, size_t line, const char *sentence)
{
	struct listing *l = arg;

	ctl_fail(0, "%s:%zu: %s", l->path, line, sentence);
}

static int
list(struct ctl *ctl)
{
	const struct words *files = &ctl_settings(ctl)->aliases;
	struct listing l = { .table.columns = 3, .all = json_array() };
	struct aliases_sink sink = { list_entry, list_complaint, &l };
	int code = 0;

	for (size_t i = 0; i < files->n; i++) {
		struct str text = { 0 };

		l.path = files->word[i].p;
		if (!file_read(AT_FDCWD, l.path, FILE_MOST, &text))
			code = ctl_fail(EX_NOINPUT, "cannot read %s", l.path);
		l.text = str_view(&text);
		aliases_read(l.text, &sink);
		str_free(&text);
	}
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_incref(l.all));
	else
		table_print(&l.table);
	table_clear(&l.table);
	json_decref(l.all);
	return code;
}

const struct command alias_commands[] = {
	{ "alias set", "NAME TARGET...", 0, 2, 1000, set,
	    "mail for this name goes there" },
	{ "alias del", "NAME", 0, 1, 1, delete, "the alias goes" },
	{ "alias list", "", OPTION_JSON, 0, 0, list,
	    "all aliases, and where they stand" },
	{ 0 },
};
