/* SPDX-License-Identifier: ISC */
/*
 * files - what decisions rest on: aliases, routes, recipients, access rules
 *
 * Each is a table of its own (router/file_index.h). They are read at the start,
 * when the administrator says so, and when they have changed.
 */
#ifndef ROUTER_FILES_H
#define ROUTER_FILES_H

#include "lib/base/kv.h"
#include "lib/proc/settings.h"

/* Open the tables; ends the program when that fails. Then look after the files
 * now and then. */
void files_begin(const struct settings *s);
/* Look at all files now. settings must live until the next call. */
void files_changed(const struct settings *s);
/* Give everything back: for tests. */
void files_end(void);

/* The functions that struct tables names; arg is not used. */
enum kv_result files_alias(void *arg, struct view key, struct view *items);
enum kv_result files_alias_table(void *arg, struct view key,
    struct view *items);
enum kv_result files_recipient_table(void *arg, struct view key);
enum kv_result files_canonical(void *arg, struct view key, bool part,
    struct view *value);
enum kv_result files_route(void *arg, struct view key, struct view *route);
enum kv_result files_recipient(void *arg, struct view key, struct view *line);
void files_place(void *arg, struct str *out);
enum kv_result files_rule(void *arg, struct view key, struct view *rule);
/* Rules without a key: what they are may change with the files. */
const struct patterns *files_patterns(void);
/* Are there any rules at all? */
bool files_have_rules(void);

#endif
