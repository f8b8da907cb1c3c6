/* SPDX-License-Identifier: ISC */
/*
 * settings_rules - what the files of rules share (settings_check.c and others)
 */
#ifndef PROC_SETTINGS_RULES_H
#define PROC_SETTINGS_RULES_H

#include "lib/proc/settings_table.h"

void settings_complain(const struct setting_judge *j,
    const struct setting_spot *spot, const char *fmt, ...) PRINTF(3, 4);

/* About a setting outside of sections, and one of a listener; the sentence goes
 * on behind the name. */
#define complain_main(j, row, ...)                                             \
	settings_complain(j,                                                   \
	    &(struct setting_spot){ TABLE_MAIN, NULL, row }, row " " __VA_ARGS__)
#define complain_listener(j, l, row, ...)                                      \
	settings_complain(j,                                                   \
	    &(struct setting_spot){ TABLE_LISTENER, (l)->name, row },          \
	    row " " __VA_ARGS__)

/* Labels of letters, digits, hyphens and octets of UTF-8 between dots. */
bool settings_is_domain(struct view v);
/* More than any one owner of a network has: all of the internet, or a good part
 * of it. */
bool settings_is_everybody(const struct network *n);

/* The rules of mail that comes from others' clients and goes to other hosts. */
void settings_check_away(struct settings *s, const struct setting_judge *j);

#endif
