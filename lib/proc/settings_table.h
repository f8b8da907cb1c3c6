/* SPDX-License-Identifier: ISC */
/*
 * settings_table - settings.def as rows, for the files of settings only
 *
 * A row knows where its value stands in its struct and which type reads and
 * writes it. Reader, writer and checks walk over rows and never name a setting
 * unless a rule is about that one.
 */
#ifndef PROC_SETTINGS_TABLE_H
#define PROC_SETTINGS_TABLE_H

#include "lib/proc/settings.h"

/* What a type needs beside the text. */
struct setting_place {
	struct arena *arena;
	const char *dir;	/* absolute; NULL: relative paths stay */
	struct str *problem;	/* a sentence when parse returns false */
};

struct setting_row;
struct setting_unit;
struct setting_type {
	const char *name;
	bool (*parse)(const struct setting_place *where, struct view text,
	    const struct setting_row *row, void *value);
	void (*format)(const void *value, struct str *out);
	const struct setting_unit *units;	/* of numbers */
};

extern const struct setting_type setting_type_text, setting_type_path,
    setting_type_address, setting_type_words, setting_type_paths,
    setting_type_networks, setting_type_count, setting_type_size,
    setting_type_time, setting_type_flag;

struct setting_row {
	const char *name;
	const struct setting_type *type;
	size_t offset;		/* in struct settings or of the section */
	const char *normal;	/* the default as text */
	uint64_t least, most;
	const char *sentence;
};

/* The rows of one kind of section. */
struct setting_table {
	const char *section;	/* "listener"; NULL: outside sections */
	const struct setting_row *row;
	size_t n;
	size_t size;		/* of the struct */
};

enum { TABLE_MAIN, TABLE_LISTENER, TABLE_DOMAIN, TABLES };
extern const struct setting_table setting_tables[TABLES];

static inline void *
setting_at(const struct setting_row *row, void *values)
{
	return (char *)values + row->offset;
}

/* The row with this name, NULL when there is none. */
const struct setting_row *setting_row(const struct setting_table *t,
    struct view name);
/* The name in the table that is most like a wrong one, or NULL. */
const char *setting_nearest(const struct setting_table *t, struct view name);
/* Every value its default. */
void setting_defaults(const struct setting_table *t, struct arena *a,
    void *values);

/* Where a check found fault. */
struct setting_spot {
	int table;
	const char *name;	/* of the section; NULL outside */
	const char *row;	/* NULL: the section as a whole */
};

struct setting_judge {
	void (*complain)(void *arg, const struct setting_spot *spot,
	    const char *sentence);
	void *arg;
};

/* Rules that a type does not know: what a text must look like, and what
 * concerns more than one value. */
void settings_check(struct settings *s, const struct setting_judge *j);
/* Empty values that stand for what the system has. */
void settings_from_system(struct settings *s);
/* Compute the digest, last of all. */
void settings_sign(struct settings *s);

#endif
