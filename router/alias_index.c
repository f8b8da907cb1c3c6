/* SPDX-License-Identifier: ISC */
/*
 * alias_index - alias files read into a text_index
 *
 * The first file that has an alias wins, and within a file the first line; so
 * entries are added in order and later ones of the same name are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/aliases.h"
#include "router/alias_index.h"

#define FILE_MAX_SIZE	(256U << 20)
#define COMPLAINTS_MOST 50	/* logged, of one file */

struct alias_index {
	struct text_index *index;
};

/* One file being read. */
struct reading {
	struct alias_index *i;
	const char *file;
	size_t entries, complaints;
};

static void
complain(void *arg, size_t line, const char *sentence)
{
	struct reading *r = arg;

	if (++r->complaints <= COMPLAINTS_MOST)
		log_warning("aliases", "%s:%zu: %s", r->file, line, sentence);
}

static bool
add(void *arg, size_t line, struct view key, struct view items)
{
	struct reading *r = arg;
	enum kv_result k = text_index_add(r->i->index, key, items);

	if (k == KV_FOUND)
		log_warning("aliases", "%s:%zu: alias %s exists already; "
		    "the first one counts", r->file, line, log_quote(key));
	r->entries += k == KV_NONE;
	return k != KV_TROUBLE;
}

/* A missing file is an empty one. */
static bool
read_file(const char *file, struct str *text, struct why *w)
{
	if (file_read(AT_FDCWD, file, FILE_MAX_SIZE, text))
		return true;
	if (errno == ENOENT) {
		log_warning("aliases", "%s: no such file", file);
		return true;
	}
	return why_errno(w, file);
}

static bool
add_file(struct alias_index *i, const char *file, struct why *w)
{
	struct reading r = { .i = i, .file = file };
	const struct aliases_sink sink = { add, complain, &r };
	struct str text = { 0 };
	bool ok = read_file(file, &text, w);

	if (ok && !aliases_read(str_view(&text), &sink)) {
		text_index_why(i->index, w);
		ok = false;
	}
	if (ok)
		log_info("aliases", "%s: %zu aliases", file, r.entries);
	if (r.complaints > COMPLAINTS_MOST)
		log_warning("aliases", "%s: %zu more complaints", file,
		    r.complaints - COMPLAINTS_MOST);
	str_free(&text);
	return ok;
}

static bool
make(struct alias_index *i, const struct words *files, struct view stamp,
    struct why *w)
{
	bool ok = text_index_begin(i->index);

	if (!ok)
		text_index_why(i->index, w);
	for (size_t n = 0; ok && n < files->n; n++)
		ok = add_file(i, files->word[n].p, w);
	if (!ok) {
		text_index_abort(i->index);
		return false;
	}
	if (!text_index_commit(i->index, stamp, VIEW_LIT("made"))) {
		text_index_why(i->index, w);
		return false;
	}
	return true;
}

struct alias_index *
alias_index_open(const char *dir, struct why *w)
{
	struct alias_index *i = xcalloc(1, sizeof(*i));

	i->index = text_index_open(dir, w);
	if (i->index == NULL) {
		free(i);
		return NULL;
	}
	return i;
}

void
alias_index_close(struct alias_index **i)
{
	if (*i == NULL)
		return;
	text_index_close(&(*i)->index);
	free(*i);
	*i = NULL;
}

bool
alias_index_refresh(struct alias_index *i, const struct words *files,
    struct why *w)
{
	struct str stamp = { 0 };
	bool ok = true;

	str_adds(&stamp, "aliases 1\n");	/* of the form of an entry */
	for (size_t n = 0; n < files->n; n++)
		text_index_stamp(files->word[n].p, &stamp);
	if (!text_index_is_current(i->index, str_view(&stamp)))
		ok = make(i, files, str_view(&stamp), w);
	str_free(&stamp);
	return ok;
}

enum kv_result
alias_index_get(struct alias_index *i, struct view key, struct view *items)
{
	struct kv_table *t = text_index_table(i->index);

	if (t == NULL || text_index_note(i->index).n == 0)
		return KV_TROUBLE;
	return kv_get(t, key, items);
}
