/* SPDX-License-Identifier: ISC */
/*
 * backup_files - files that are copied, with what they have been
 *
 * Each directory of a backup that has files has a list of them, posthouse-sums:
 * "SHA256 OCTETS NAME" a line, in any order; a name may lead one directory down.
 * A message is known by its name without the flags (its base), which never
 * changes, and neither does its content: so what the backup before has is linked
 * and not copied.
 */
#ifndef CTL_BACKUP_FILES_H
#define CTL_BACKUP_FILES_H

#include <sys/stat.h>

#include "lib/base/str.h"

#define SUMS_NAME	"posthouse-sums"
#define SUM_HEX		65	/* of SHA-256, with its NUL */

struct sum {
	struct view name;	/* "cur/NAME:2,FS" */
	struct view base;	/* "NAME" */
	char hex[SUM_HEX];
	uint64_t size;
};

/* What a list says, by base. { 0 } is an empty one. */
struct sums {
	struct str text;
	struct sum *at;
	size_t n;
};

/* The list in this directory; false with errno set, ENOENT: there is none,
 * EBADMSG: it is none. */
bool sums_read(struct sums *s, int dir);
/* One line of it. */
bool sums_line(struct view line, struct sum *s);
const struct sum *sums_find(const struct sums *s, struct view base);
void sums_free(struct sums *s);
/* One more line. */
void sums_put(struct str *text, const char *hex, uint64_t size,
    const char *name);
/* The name without its directory and flags. */
struct view sums_base(struct view name);

/* Copy a file with its times; what was copied goes to hex and *size. mode: of the
 * new one. False with errno set; nothing is left then. */
bool files_copy(int from, const char *name, int to, const char *as,
    mode_t mode, char hex[SUM_HEX], uint64_t *size);
/* What a file is; false with errno set. */
bool files_sum(int dir, const char *name, char hex[SUM_HEX],
    uint64_t *size);
/* A directory, made if it is not there; -1 with errno set. */
int files_dir(int parent, const char *name);
/* With all that is in it. */
bool files_remove(int parent, const char *name);
/* Call fn for each name but . and .., false ends it. False with errno set when the
 * directory cannot be read; what fn said otherwise. */
bool files_each(int dir, const char *name, bool (*fn)(void *arg,
    const char *name), void *arg);

#endif
