/* SPDX-License-Identifier: ISC */
/*
 * settings_read - from text to a struct settings, with all errors at once
 *
 * Sections are collected in a list while reading and become arrays at the end.
 * For each value its place (file, line, column) is kept, so that a duplicate
 * names the first one and a check that fails later still points at the right
 * line. An included file starts outside sections; behind the include line the
 * including file goes on where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/sys/queue.h>

#include "lib/base/file.h"
#include "lib/proc/settings_table.h"
#include "lib/proc/settings_usual.h"

#define FILE_MOST	(4 << 20)
#define DEPTH_MOST	8	/* files that include each other */
#define FILES_MOST	256

struct place {
	const char *file;	/* NULL: not set */
	unsigned line, column;
};

struct section {
	STAILQ_ENTRY(section) link;
	const struct setting_table *table;
	const char *name;	/* NULL outside sections */
	struct place place;
	struct place *set;	/* of each row */
	void *values;
};

STAILQ_HEAD(sections, section);

struct reader {
	struct settings *s;
	struct str *errors;
	struct sections sections;	/* first: outside sections */
	struct section *now;
	struct place at;
	const char *dir;	/* of the file, absolute; NULL for plain text */
	unsigned depth, files;
	bool failed;
};

static void complain_at(struct reader *r, const struct place *at,
    const char *fmt, ...) PRINTF(3, 4);

static void
complain_at(struct reader *r, const struct place *at, const char *fmt, ...)
{
	va_list ap;

	str_addf(r->errors, "%s:%u:%u: ", at->file, at->line, at->column);
	va_start(ap, fmt);
	str_vaddf(r->errors, fmt, ap);
	va_end(ap);
	str_addc(r->errors, '\n');
	r->failed = true;
}

#define complain(r, ...) complain_at(r, &(r)->at, __VA_ARGS__)

static struct section *
section_new(struct reader *r, const struct setting_table *t, const char *name)
{
	struct arena *a = &r->s->arena;
	struct section *c = arena_zalloc(a, sizeof(*c));

	c->table = t;
	c->name = name;
	c->place = r->at;
	c->set = arena_zalloc(a, t->n * sizeof(*c->set));
	c->values = t->section == NULL ? r->s : arena_zalloc(a, t->size);
	if (t->section != NULL)	/* all of them begin with the name */
		*(const char **)c->values = name;
	setting_defaults(t, a, c->values);
	STAILQ_INSERT_TAIL(&r->sections, c, link);
	return c;
}

static struct section *
section_find(struct reader *r, const char *section, const char *name)
{
	struct section *c = NULL;

	STAILQ_FOREACH(c, &r->sections, link) {
		if (section == NULL && c->name == NULL)
			return c;
		if (section != NULL && c->name != NULL &&
		    strcmp(c->table->section, section) == 0 &&
		    strcasecmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

static const struct setting_table *
table_named(struct view name)
{
	for (size_t i = 0; i < TABLES; i++)
		if (setting_tables[i].section != NULL &&
		    view_is(name, setting_tables[i].section))
			return &setting_tables[i];
	return NULL;
}

/* Letters, digits and what stands in domain names; octets of UTF-8, too. */
static bool
name_ok(struct view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!is_alnum(name.p[i]) && (name.p[i] & 0x80) == 0 &&
		    strchr("-_.", name.p[i]) == NULL)
			return false;
	return name.n > 0 && name.n <= 253;
}

/* "listener smtp" of "[listener smtp]" */
static void
read_section(struct reader *r, struct view inside)
{
	const struct setting_table *t = table_named(view_word(&inside));
	struct view name = view_trim(inside);
	struct section *c;
	char *copy;

	if (t == NULL || !name_ok(name)) {
		complain(r, "a section is [listener NAME] or [domain NAME], "
		    "the name of letters, digits, - _ and .");
		/* What follows belongs to it: judge it by its table. */
		t = t ? t : &setting_tables[TABLE_LISTENER];
		name = VIEW_LIT("?");
	}
	copy = arena_copy(&r->s->arena, name);
	for (char *p = copy; *p != '\0'; p++)
		*p = to_lower(*p);
	c = section_find(r, t->section, copy);
	if (c != NULL && name.p[0] != '?')
		complain(r, "[%s %s] begins already in %s:%u", t->section,
		    copy, c->place.file, c->place.line);
	r->now = section_new(r, t, copy);
}

/* Say where an unknown name may have been meant to stand. */
static void
complain_unknown(struct reader *r, struct view name)
{
	const struct setting_table *own = r->now->table;
	const char *near = setting_nearest(own, name);

	for (size_t i = 0; i < TABLES; i++) {
		const struct setting_table *t = &setting_tables[i];

		if (setting_row(t, name) == NULL)
			continue;
		if (t->section == NULL)
			complain(r, "%.*s belongs before the first section",
			    VIEW(name));
		else
			complain(r, "%.*s belongs into a [%s NAME] section",
			    VIEW(name), t->section);
		return;
	}
	if (near != NULL)
		complain(r, "unknown setting %.*s; did you mean %s?",
		    VIEW(name), near);
	else
		complain(r, "unknown setting %.*s; \"posthouse config show\" "
		    "lists all", VIEW(name));
}

static void
read_value(struct reader *r, struct view name, struct view value)
{
	const struct setting_row *row = setting_row(r->now->table, name);
	struct str problem = { 0 };
	struct setting_place where = { &r->s->arena, r->dir, &problem };
	struct place *set, here = r->at;

	if (row == NULL) {
		complain_unknown(r, name);
		return;
	}
	set = &r->now->set[row - r->now->table->row];
	if (set->file != NULL) {
		complain(r, "%s is set already in %s:%u", row->name, set->file,
		    set->line);
		return;
	}
	here.column += (unsigned)(value.p - name.p);
	*set = here;
	if (!row->type->parse(&where, value, row,
	    setting_at(row, r->now->values)))
		complain_at(r, &here, "%s %s", row->name, str_c(&problem));
	str_free(&problem);
}

static void read_file(struct reader *r, struct view name);

static void
read_line(struct reader *r, struct view line)
{
	struct view text = view_trim(line), rest = text, word;

	r->at.column = (unsigned)(text.p - line.p) + 1;
	if (text.n == 0 || text.p[0] == '#')
		return;
	if (text.p[0] == '[' && text.p[text.n - 1] == ']') {
		read_section(r, view_bytes(text.p + 1, text.n - 2));
		return;
	}
	word = view_word(&rest);
	if (view_is(word, "include") && view_find(rest, '=') == rest.n) {
		read_file(r, view_trim(rest));
		return;
	}
	rest = text;
	word = view_trim(view_cut(&rest, '='));
	if (word.n == text.n)
		complain(r, "neither \"name = value\" nor \"include FILE\" "
		    "nor [section NAME]");
	else
		read_value(r, word, view_trim(rest));
}

static bool
is_text(struct view line)
{
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < 32 && line.p[i] != '\t' &&
		    line.p[i] != '\r')
			return false;
	return true;
}

static void
read_text(struct reader *r, struct view text)
{
	if (view_starts(text, VIEW_LIT("\xef\xbb\xbf")))
		text = view_skip(text, 3);
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		r->at.line++;
		r->at.column = 1;
		if (is_text(line))
			read_line(r, line);
		else
			complain(r, "control characters do not belong here");
	}
}

/* The directory of a file, without links, absolute; NULL with errno. */
static const char *
directory_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - file);
	char *dir, full[PATH_MAX];

	dir = slash == NULL ? arena_copy(a, VIEW_LIT(".")) :
			      arena_copy(a, view_bytes(file, n ? n : 1));
	if (realpath(dir, full) == NULL)
		return NULL;
	return arena_copy(a, view_of(full));
}

static void
read_opened(struct reader *r, const char *file, struct view text)
{
	struct reader outer = *r;

	r->at = (struct place){ .file = file };
	r->dir = directory_of(&r->s->arena, file);
	r->depth++;
	r->now = STAILQ_FIRST(&r->sections);
	read_text(r, text);
	r->at = outer.at;
	r->dir = outer.dir;
	r->depth = outer.depth;
	r->now = outer.now;
}

static void
read_file(struct reader *r, struct view name)
{
	struct arena *a = &r->s->arena;
	const char *file = arena_copy(a, name);
	struct str text = { 0 };

	if (r->depth > 0 && r->dir == NULL) {
		complain(r, "include works in files only");
		return;
	}
	if (r->depth > 0 && name.n > 0 && name.p[0] != '/')
		file = arena_printf(a, "%s/%s", r->dir, file);
	if (r->depth >= DEPTH_MOST || r->files++ >= FILES_MOST)
		complain(r, "too many files include each other, the last %s",
		    file);
	else if (!file_read(AT_FDCWD, file, FILE_MOST, &text))
		complain(r, "cannot read %s: %s", file[0] ? file : "\"\"",
		    strerror(errno));
	else
		read_opened(r, file, str_view(&text));
	str_free(&text);
}

/* Put the sections of one table into an array; returns their number. */
static size_t
gather(struct reader *r, int table, void **array)
{
	const struct setting_table *t = &setting_tables[table];
	struct section *c;
	size_t n = 0;
	char *to;

	STAILQ_FOREACH(c, &r->sections, link)
		n += c->table == t;
	*array = to = arena_alloc(&r->s->arena, n * t->size);
	STAILQ_FOREACH(c, &r->sections, link)
		if (c->table == t) {
			memcpy(to, c->values, t->size);
			to += t->size;
		}
	return n;
}

/* sendmail's way in is always there; its address is the rule's, see check. */
static void
add_submit(struct reader *r)
{
	struct section *c = section_find(r, "listener", "submit");
	struct listener_settings *l;

	if (c == NULL)
		c = section_new(r, &setting_tables[TABLE_LISTENER], "submit");
	l = c->values;
	if (l->address[0] == '\0')
		l->address = arena_printf(&r->s->arena, "unix:%s/submit",
		    r->s->run_dir);
}

/* Point at the value if the file sets it, at its section otherwise. */
static void
complain_checked(void *arg, const struct setting_spot *spot,
    const char *sentence)
{
	struct reader *r = arg;
	const struct setting_table *t = &setting_tables[spot->table];
	struct section *c = section_find(r, t->section, spot->name);
	const struct setting_row *row = spot->row == NULL ? NULL :
	    setting_row(t, view_of(spot->row));
	const struct place *at = &c->place;

	if (row != NULL && c->set[row - t->row].file != NULL)
		at = &c->set[row - t->row];
	complain_at(r, at, "%s", sentence);
}

static bool
has_listener(struct reader *r)
{
	struct section *c;

	STAILQ_FOREACH(c, &r->sections, link)
		if (c->table == &setting_tables[TABLE_LISTENER])
			return true;
	return false;
}

static void
add_usual(struct reader *r)
{
	r->at = (struct place){ .file = "the usual listeners" };
	read_text(r, settings_usual(r->s));
}

static struct settings *
reader_end(struct reader *r)
{
	struct setting_judge judge = { complain_checked, r };

	if (!r->failed) {
		add_submit(r);
		r->s->listener_count = gather(r, TABLE_LISTENER,
		    (void **)&r->s->listener);
		r->s->domain_count = gather(r, TABLE_DOMAIN,
		    (void **)&r->s->domain);
		settings_check(r->s, &judge);
	}
	if (r->failed)
		settings_free(&r->s);
	else
		settings_sign(r->s);
	return r->s;
}

static void
reader_begin(struct reader *r, const char *file, struct str *errors)
{
	*r = (struct reader){ .s = xcalloc(1, sizeof(*r->s)),
		.errors = errors };
	STAILQ_INIT(&r->sections);
	r->at = (struct place){ file, 1, 1 };
	r->now = section_new(r, &setting_tables[TABLE_MAIN], NULL);
}

struct settings *
settings_parse(struct view text, struct str *errors)
{
	struct reader r;

	reader_begin(&r, "settings", errors);
	r.depth = 1;
	r.at.line = 0;
	read_text(&r, text);
	return reader_end(&r);
}

struct settings *
settings_load(const char *file, struct str *errors)
{
	struct reader r;

	reader_begin(&r, file, errors);
	read_file(&r, view_of(file));
	settings_from_system(r.s);
	if (!r.failed && !has_listener(&r))
		add_usual(&r);
	return reader_end(&r);
}
