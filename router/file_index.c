/* SPDX-License-Identifier: ISC */
/*
 * file_index - files read into a text_index
 *
 * The first file that has a key wins, and within a file the first line; so
 * entries are added in order and later ones of the same key are refused. Two
 * stamps beside that of the table say what was tried in vain, and what the
 * last look saw. What is kept beside the stamp names the parts: files that
 * became known while others were read. Places have the number of a file, and
 * the name stands once, under a key that no line has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/proc/message.h"
#include "router/file_index.h"

#define FILE_MAX_SIZE	(256U << 20)
#define COMPLAINTS_MOST 50	/* logged, of one file */
#define PARTS_MOST	1000
#define PART_MAX_SIZE	(16U << 20)
#define LOOKS_AGAIN	12	/* before what has failed is tried again */

struct file_index {
	const struct file_kind *kind;
	struct text_index *index;
	struct str tried, seen;
	unsigned looks;		/* since tried */
	unsigned age;
	const char *file;	/* the one that is being read */
	unsigned number;	/* of all that were read, this one included */
	bool named;		/* the table has its name */
	struct str parts;	/* list: names of the table that is made */
	size_t parts_n;
	size_t entries, complaints;
};

void
file_index_complain(void *index, size_t line, size_t column,
    const char *sentence)
{
	struct file_index *i = index;

	if (++i->complaints > COMPLAINTS_MOST)
		return;
	if (column > 0)
		log_warning(i->kind->subject, "%s:%zu:%zu: %s", i->file, line,
		    column, sentence);
	else
		log_warning(i->kind->subject, "%s:%zu: %s", i->file, line,
		    sentence);
}

enum kv_result
file_index_add(struct file_index *i, struct view key, struct view value)
{
	enum kv_result k = text_index_add(i->index, key, value);

	i->entries += k == KV_NONE;
	return k;
}

static void
name_key(struct str *key, struct view number)
{
	str_addc(key, '\r');
	str_add(key, number);
}

void
file_index_place(struct file_index *i, size_t line, struct str *out)
{
	struct str key = { 0 };
	size_t begin = out->n;

	str_addf(out, "%u", i->number);
	if (!i->named) {
		name_key(&key, view_skip(str_view(out), begin));
		text_index_add(i->index, str_view(&key), view_of(i->file));
		str_free(&key);
		i->named = true;
	}
	str_addf(out, " %zu", line);
}

/* A missing file may be an empty one. */
static bool
read_file(const struct file_index *i, struct str *text, struct why *w)
{
	if (file_read(AT_FDCWD, i->file, FILE_MAX_SIZE, text))
		return true;
	if (errno != ENOENT || !i->kind->optional)
		return why_errno(w, i->file);
	log_info(i->kind->subject, "%s: no such file", i->file);
	return true;
}

static bool
read_text(struct file_index *i, struct view text, struct why *w)
{
	if (!i->kind->read(i, text)) {
		text_index_why(i->index, w);
		return false;
	}
	if (i->complaints > COMPLAINTS_MOST)
		log_warning(i->kind->subject, "%s: %zu more complaints",
		    i->file, i->complaints - COMPLAINTS_MOST);
	if (i->kind->strict && i->complaints > 0)
		return why_never(w, "3.5", "%s has %zu mistakes", i->file,
		    i->complaints);
	log_info(i->kind->subject, "%s: %zu entries", i->file, i->entries);
	return true;
}

static void
begin_file(struct file_index *i, const char *file)
{
	i->file = file;
	i->number++;
	i->named = false;
	i->entries = i->complaints = 0;
}

static bool
add_file(struct file_index *i, const char *file, struct why *w)
{
	struct str text = { 0 };
	bool ok;

	begin_file(i, file);
	ok = read_file(i, &text, w) && read_text(i, str_view(&text), w);
	str_free(&text);
	return ok;
}

static void
stamp_of_files(const struct file_index *i, const struct words *files,
    struct str *stamp)
{
	str_addf(stamp, "%s\n", i->kind->form);
	for (size_t n = 0; n < files->n; n++)
		text_index_stamp(files->word[n].p, stamp);
}

/* With the parts of the table in use. */
static void
stamp_of(const struct file_index *i, const struct words *files,
    struct str *stamp)
{
	struct view note = text_index_note(i->index), part;
	bool named = list_next(&note, &part);

	stamp_of_files(i, files, stamp);
	while (named && list_next(&note, &part)) {
		char *path = xstrndup(part.p, part.n);

		text_index_stamp(path, stamp);
		free(path);
	}
}

bool
file_index_part(struct file_index *i, struct view path)
{
	struct view parts = str_view(&i->parts), part;

	while (list_next(&parts, &part))
		if (view_eq(part, path))
			return true;
	if (i->parts_n >= PARTS_MOST)
		return false;
	list_put(&i->parts, path);
	i->parts_n++;
	return true;
}

/* One that cannot be read is no reason to stay with all the old ones. */
static bool
add_part(struct file_index *i, const char *path, struct why *w)
{
	struct str text = { 0 };
	struct view all;
	bool there, ok;

	begin_file(i, path);
	there = file_read(AT_FDCWD, path, PART_MAX_SIZE, &text);
	if (!there)
		log_warning(i->kind->subject, "%s: %s", path, strerror(errno));
	all = str_view(&text);
	ok = i->kind->part(i, path, there ? &all : NULL);
	if (!ok)
		text_index_why(i->index, w);
	str_free(&text);
	return ok;
}

/* Parts may name parts; the stamp of each is taken before it is read. */
static bool
add_parts(struct file_index *i, struct str *stamp, struct why *w)
{
	struct view part;
	bool ok = true;

	for (size_t at = 0; ok && at < i->parts.n;) {
		struct view rest = view_skip(str_view(&i->parts), at);
		char *path;

		must(list_next(&rest, &part));
		at = i->parts.n - rest.n;
		path = xstrndup(part.p, part.n);
		text_index_stamp(path, stamp);
		ok = add_part(i, path, w);
		free(path);
	}
	return ok;
}

static bool
add_files(struct file_index *i, const struct words *files, struct str *stamp,
    struct why *w)
{
	bool ok = text_index_begin(i->index);

	str_reset(&i->parts);
	i->parts_n = 0;
	i->number = 0;
	if (!ok)
		text_index_why(i->index, w);
	for (size_t n = 0; ok && n < files->n; n++)
		ok = add_file(i, files->word[n].p, w);
	return ok && add_parts(i, stamp, w);
}

static bool
make(struct file_index *i, const struct words *files, struct why *w)
{
	struct str stamp = { 0 }, note = { 0 };
	bool ok;

	stamp_of_files(i, files, &stamp);
	ok = add_files(i, files, &stamp, w);
	list_put(&note, VIEW_LIT("made"));
	str_add(&note, str_view(&i->parts));
	if (!ok) {
		text_index_abort(i->index);
	} else if (!text_index_commit(i->index, str_view(&stamp),
		       str_view(&note))) {
		text_index_why(i->index, w);
		ok = false;
	}
	i->age += ok;
	str_free(&stamp);
	str_free(&note);
	return ok;
}

struct file_index *
file_index_open(const char *dir, const struct file_kind *kind, struct why *w)
{
	struct file_index *i = xcalloc(1, sizeof(*i));

	i->kind = kind;
	i->age = 1;
	i->index = text_index_open(dir, w);
	if (i->index == NULL) {
		free(i);
		return NULL;
	}
	return i;
}

void
file_index_close(struct file_index **i)
{
	if (*i == NULL)
		return;
	text_index_close(&(*i)->index);
	str_free(&(*i)->tried);
	str_free(&(*i)->seen);
	str_free(&(*i)->parts);
	free(*i);
	*i = NULL;
}

static bool
refresh(struct file_index *i, const struct words *files, struct view stamp,
    struct why *w)
{
	bool ok = text_index_is_current(i->index, stamp) ||
		  make(i, files, w);

	str_reset(&i->tried);
	if (!ok)
		str_add(&i->tried, stamp);
	i->looks = 0;
	return ok;
}

bool
file_index_refresh(struct file_index *i, const struct words *files,
    struct why *w)
{
	struct str stamp = { 0 };
	bool ok;

	stamp_of(i, files, &stamp);
	ok = refresh(i, files, str_view(&stamp), w);
	str_free(&stamp);
	return ok;
}

/* Is it time to do something about this stamp? */
static bool
is_due(struct file_index *i, struct view stamp)
{
	bool settled = view_eq(stamp, str_view(&i->seen));

	str_reset(&i->seen);
	str_add(&i->seen, stamp);
	i->looks++;
	return settled && (i->looks >= LOOKS_AGAIN ||
	    !view_eq(stamp, str_view(&i->tried)));
}

bool
file_index_look(struct file_index *i, const struct words *files,
    struct why *w)
{
	struct str stamp = { 0 };
	struct view now;
	bool ok = true;

	stamp_of(i, files, &stamp);
	now = str_view(&stamp);
	if (is_due(i, now) && !text_index_is_current(i->index, now))
		ok = refresh(i, files, now, w);
	str_free(&stamp);
	return ok;
}

static struct kv_table *
table(struct file_index *i)
{
	return text_index_note(i->index).n > 0 ? text_index_table(i->index) :
						 NULL;
}

enum kv_result
file_index_get(struct file_index *i, struct view key, struct view *value)
{
	struct kv_table *t = table(i);

	return t == NULL ? KV_TROUBLE : kv_get(t, key, value);
}

void
file_index_tell(struct file_index *i, struct view place, struct str *out)
{
	struct str key = { 0 }, line = { 0 };
	struct view name;

	name_key(&key, view_cut(&place, ' '));
	/* what it points to is gone with the next question */
	if (!view_is(place, "0"))
		str_addf(&line, ":%.*s", VIEW(place));
	if (file_index_get(i, str_view(&key), &name) == KV_FOUND)
		str_add(out, name);
	str_add(out, str_view(&line));
	str_free(&line);
	str_free(&key);
}

unsigned
file_index_age(const struct file_index *i)
{
	return i->age;
}

bool
file_index_has(struct file_index *i, struct view prefix)
{
	struct kv_table *t = table(i);
	struct kv_cursor *c;
	bool has;

	if (t == NULL)
		return true;
	c = kv_cursor_open(t, prefix);
	has = c == NULL || kv_cursor_seek(c, VIEW_NONE) != KV_NONE;
	kv_cursor_close(&c);
	return has;
}

enum kv_result
file_index_each(struct file_index *i, struct view prefix,
    bool (*f)(void *arg, struct view key, struct view value), void *arg)
{
	struct kv_table *t = table(i);

	return t == NULL ? KV_TROUBLE : kv_each(t, prefix, f, arg);
}
