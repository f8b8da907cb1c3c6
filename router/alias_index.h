/* SPDX-License-Identifier: ISC */
/*
 * alias_index - the alias files as a table
 *
 * Made again when a file has changed. When one cannot be read, the table stays
 * as it was: bouncing mail because a file is unreadable for a moment would be
 * wrong. What is wrong inside a file is logged with its line and passed over.
 */
#ifndef ROUTER_ALIAS_INDEX_H
#define ROUTER_ALIAS_INDEX_H

#include "lib/base/text_index.h"
#include "lib/proc/settings.h"

struct alias_index;

struct alias_index *alias_index_open(const char *dir, struct why *w);
void alias_index_close(struct alias_index **i);
/* Look at the files, in order of precedence, and make the table again if it is
 * not theirs. False with the reason in w: as before. */
bool alias_index_refresh(struct alias_index *i, const struct words *files,
    struct why *w);
/* The items of an alias (aliases.h), borrowed until the next call. KV_TROUBLE
 * as long as there is no table at all. */
enum kv_result alias_index_get(struct alias_index *i, struct view key,
    struct view *items);

#endif
