/* SPDX-License-Identifier: ISC */
/*
 * text_index - a table made from text files, made again when they changed
 *
 * The text files of etc/ are the truth; this is a copy of them that can be
 * searched without being held in memory. It keeps a stamp of the files that it
 * was made from. Making it again fills a second environment beside the one in
 * use and then takes its place: lookups go on meanwhile, and a crash leaves the
 * old table or none, never a half.
 */
#ifndef BASE_TEXT_INDEX_H
#define BASE_TEXT_INDEX_H

#include "lib/base/kv.h"

struct text_index;

/* Below dir stand the environments; it is made if it is missing. NULL with the
 * reason in w when the system refuses. */
struct text_index *text_index_open(const char *dir, struct why *w);
void text_index_close(struct text_index **t);

/* Append what tells two states of a file apart: name, device, inode, size and
 * times, or that there is none. */
void text_index_stamp(const char *path, struct str *out);
/* The table in use was made from files of this stamp. */
bool text_index_is_current(const struct text_index *t, struct view stamp);
/* The table in use: an empty one before the first commit, NULL while it cannot
 * be opened. Ask again after every commit. */
struct kv_table *text_index_table(struct text_index *t);
/* What the last commit kept beside the stamp; lives until the next one. */
struct view text_index_note(const struct text_index *t);

/* Make it again: begin, add in any order (ascending is fastest), commit. The
 * first entry of a key counts: KV_NONE when it was added, KV_FOUND when there
 * was one before. False and KV_TROUBLE: text_index_why; abort ends it. */
bool text_index_begin(struct text_index *t);
enum kv_result text_index_add(struct text_index *t, struct view key,
    struct view value);
bool text_index_commit(struct text_index *t, struct view stamp,
    struct view note);
void text_index_abort(struct text_index *t);
void text_index_why(const struct text_index *t, struct why *w);

#endif
