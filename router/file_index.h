/* SPDX-License-Identifier: ISC */
/*
 * file_index - text files of etc/ as a table
 *
 * Made again when a file has changed. When that fails, the table stays as it
 * was, also over a restart: bouncing mail, or sending it another way, because
 * a file is unreadable for a moment would be wrong. What is wrong inside a file
 * is logged with its line.
 */
#ifndef ROUTER_FILE_INDEX_H
#define ROUTER_FILE_INDEX_H

#include "lib/base/text_index.h"
#include "lib/proc/settings.h"

struct file_index;

struct file_kind {
	const char *subject;	/* of log lines */
	const char *form;	/* another one when entries change theirs */
	bool optional;		/* a missing file is as good as an empty one */
	bool strict;		/* one complaint, and the table stays */
	/* Read one text by file_index_add and file_index_complain. False when
	 * the former was. */
	bool (*read)(struct file_index *i, struct view text);
	/* The same of a part; text is NULL when it cannot be read. NULL: there
	 * are no parts. */
	bool (*part)(struct file_index *i, const char *path,
	    const struct view *text);
};

struct file_index *file_index_open(const char *dir,
    const struct file_kind *kind, struct why *w);
void file_index_close(struct file_index **i);

/* Look at the files, in order of precedence, and make the table again if it is
 * not theirs. False with the reason in w: as before. */
bool file_index_refresh(struct file_index *i, const struct words *files,
    struct why *w);
/* The same for every now and then: true, with nothing done, unless the files
 * have changed and then stayed as they are from one look to the next: whoever
 * writes them may not have finished. What has failed is tried again when the
 * files change, or after many looks. */
bool file_index_look(struct file_index *i, const struct words *files,
    struct why *w);

/* The first entry of a key counts. Of a key that is there: KV_FOUND. */
enum kv_result file_index_add(struct file_index *i, struct view key,
    struct view value);
/* column 0: the line as a whole. index is a struct file_index, and this can
 * stand in the sink of a reader. */
void file_index_complain(void *index, size_t line, size_t column,
    const char *sentence);
/* The file that is being read names another one, path: it is read as a part of
 * the table, once, after all files. False when there are too many of them. */
bool file_index_part(struct file_index *i, struct view path);

/* Append what stands for a line of the file that is being read, a few octets
 * for an entry to keep; line 0: the file as a whole. */
void file_index_place(struct file_index *i, size_t line, struct str *out);
/* Such a place in words: "file:line", appended. */
void file_index_tell(struct file_index *i, struct view place,
    struct str *out);

/* Borrowed until the next call. KV_TROUBLE as long as there is no table at
 * all. */
enum kv_result file_index_get(struct file_index *i, struct view key,
    struct view *value);
/* May any key begin with this? As long as there is no table, all. */
bool file_index_has(struct file_index *i, struct view prefix);
/* Call f with each entry whose key begins with this, in their order, until it
 * says false, as kv_each(). */
enum kv_result file_index_each(struct file_index *i, struct view prefix,
    bool (*f)(void *arg, struct view key, struct view value), void *arg);
/* Grows whenever the table has been made again; 1 before. */
unsigned file_index_age(const struct file_index *i);

#endif
