/* SPDX-License-Identifier: ISC */
/*
 * lookups - read, compared by their stamps, and asked in turn
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text_index.h"
#include "lib/mail/table.h"
#include "lib/proc/table_name.h"
#include "router/answers.h"
#include "router/lookups.h"

#define COMPLAINTS_MOST 50	/* logged, of one file */

struct lookup {
	char *name, *path;
	const struct table_kind *kind;	/* of a name with a kind */
	struct str seen, tried;		/* stamps: last look, last reading */
	struct str text;		/* of the table, which points into it */
	void *table;			/* NULL: never read without a mistake */
};

struct complaints {
	const struct lookups *lookups;
	const struct lookup *lookup;
	size_t n;
};

static void
complain(void *arg, size_t line, const char *sentence)
{
	struct complaints *c = arg;

	if (++c->n > COMPLAINTS_MOST)
		return;
	if (line > 0)
		log_warning(c->lookups->subject, "%s:%zu: %s",
		    c->lookup->path, line, sentence);
	else
		log_warning(c->lookups->subject, "%s: %s", c->lookup->path,
		    sentence);
}

static void
drop_table(struct lookup *o)
{
	if (o->table != NULL)
		o->kind->close(o->table);
	o->table = NULL;
	str_free(&o->text);
}

static void
forget(struct lookup *o)
{
	drop_table(o);
	str_free(&o->seen);
	str_free(&o->tried);
	free(o->name);
	free(o->path);
}

/* Inline: what is behind its kind. */
static bool
read_text(const struct lookup *o, struct str *text)
{
	if (o->kind->is_inline) {
		str_add(text, view_skip(view_of(o->name),
		    table_name_kind(view_of(o->name))));
		return true;
	}
	return file_read(AT_FDCWD, o->path, o->kind->most, text);
}

static void
read_table(const struct lookups *l, struct lookup *o)
{
	struct complaints c = { l, o, 0 };
	const struct table_sink sink = { complain, &c, l->judge };
	struct str text = { 0 };
	void *table = NULL;

	if (!read_text(o, &text))
		log_error(l->subject, "%s: %s; it stays as it was", o->name,
		    strerror(errno));
	else
		table = o->kind->open(str_view(&text), &sink);
	if (c.n > 0)
		log_error(l->subject, "%s has %zu mistakes; it stays as it was",
		    o->name, c.n);
	if (table != NULL && c.n > 0) {
		o->kind->close(table);
		table = NULL;
	}
	if (table == NULL) {
		str_free(&text);
		return;
	}
	drop_table(o);
	o->text = text;
	o->table = table;
	log_info(l->subject, "%s: read", o->name);
}

static void
keep(struct str *to, const struct str *from)
{
	str_reset(to);
	str_add(to, str_view(from));
}

static void
look(const struct lookups *l, struct lookup *o, bool at_once)
{
	struct str stamp = { 0 };
	bool settled;

	str_adds(&stamp, "read\n");
	if (!o->kind->is_inline)
		text_index_stamp(o->path, &stamp);
	settled = view_eq(str_view(&stamp), str_view(&o->seen));
	keep(&o->seen, &stamp);
	if ((settled || at_once) &&
	    !view_eq(str_view(&stamp), str_view(&o->tried))) {
		keep(&o->tried, &stamp);
		read_table(l, o);
	}
	str_free(&stamp);
}

/* The one of this name as it is, taken out of the others; or a new one. */
static struct lookup
take(struct lookups *old, struct view name)
{
	struct lookup new = { .kind = NULL };
	struct str path = { 0 };
	struct view source = name;

	for (size_t i = 0; i < old->n; i++)
		if (view_is(name, old->one[i].name)) {
			new = old->one[i];
			old->one[i] = old->one[--old->n];
			return new;
		}
	new.name = xstrndup(name.p, name.n);
	new.kind = table_name_has_kind(name) ?
	    table_kind(view_of(new.name), &source) : &table_text;
	must(new.kind != NULL);
	table_path(new.kind, new.kind->is_inline ? VIEW_NONE : source, &path);
	new.path = xstrdup(str_c(&path));
	str_free(&path);
	return new;
}

void
lookups_take(struct lookups *l, const struct words *names, bool at_once)
{
	struct lookups new = *l;

	new.n = 0;
	new.at = NULL;
	new.one = xcalloc(names->n + 1, sizeof(*new.one));
	for (size_t i = 0; i < names->n; i++)
		if (l->plain || table_name_has_kind(names->word[i]))
			new.one[new.n++] = take(l, names->word[i]);
	lookups_free(l);
	*l = new;
	for (size_t i = 0; i < l->n; i++)
		look(l, &l->one[i], at_once);
}

/* A part, unless it is empty, is asked for where rows have keys. */
static enum kv_result
ask(struct lookups *l, const struct lookup *o, struct view key,
    struct view part, struct str *value)
{
	static const enum kv_result of[] = { [TABLE_NONE] = KV_NONE,
		[TABLE_FOUND] = KV_FOUND, [TABLE_LATER] = KV_TROUBLE };
	enum table_answer a = TABLE_NONE;

	if (o->table == NULL)
		return KV_TROUBLE;
	if (o->kind->is_remote)
		return answers_find(view_of(o->name), key, value);
	if (key.n > 0)
		a = o->kind->get(o->table, key, value, &l->line);
	if (a == TABLE_NONE && o->kind->by_key && part.n > 0)
		a = o->kind->get(o->table, part, value, &l->line);
	return of[a];
}

static void
tell_trouble(const struct lookups *l, const struct lookup *o, struct view key)
{
	log_warning(l->subject, "%s: %s key=%s", o->name,
	    o->table == NULL ? "has not been read yet" :
	    o->kind->is_remote ? "does not answer" :
	    "an expression takes too long", log_quote(key));
}

enum kv_result
lookups_find_either(struct lookups *l, struct view key, struct view part,
    struct str *value)
{
	enum kv_result r = KV_NONE;

	l->at = NULL;
	l->line = 0;
	for (size_t i = 0; r == KV_NONE && i < l->n; i++) {
		const struct lookup *o = &l->one[i];

		if (key.n == 0 && !o->kind->by_key)
			continue;
		r = ask(l, o, key, part, value);
		l->at = r == KV_NONE ? NULL : o;
		if (r == KV_TROUBLE)
			tell_trouble(l, o, key.n > 0 ? key : part);
	}
	return r;
}

enum kv_result
lookups_find(struct lookups *l, struct view key, struct str *value)
{
	return lookups_find_either(l, key, VIEW_NONE, value);
}

enum kv_result
lookups_find_part(struct lookups *l, struct view part, struct str *value)
{
	return lookups_find_either(l, VIEW_NONE, part, value);
}

void
lookups_place(const struct lookups *l, struct str *out)
{
	if (l->at != NULL)
		str_adds(out, l->at->name);
	if (l->at != NULL && l->line > 0)
		str_addf(out, ":%zu", l->line);
}

void
lookups_free(struct lookups *l)
{
	for (size_t i = 0; i < l->n; i++)
		forget(&l->one[i]);
	free(l->one);
	l->one = NULL;
	l->n = 0;
	l->at = NULL;
}
