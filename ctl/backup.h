/* SPDX-License-Identifier: ISC */
/*
 * backup - a directory of backups, each of which is whole
 *
 * DIR/20261126T203000Z is a backup: settings/ with the files by their whole
 * paths, spool/, mail/<domain>/<local>/ as in mail_dir, and the list
 * posthouse-backup, which stands for all others (ctl/backup_files.h). While it is
 * made it has another name, which ends in .part.
 */
#ifndef CTL_BACKUP_H
#define CTL_BACKUP_H

#include "lib/base/str.h"

#define BACKUP_LIST	"posthouse-backup"
#define BACKUP_TITLE	"posthouse backup 1\n"

/* The backup at this path, or the newest in that directory; its descriptor, or -1
 * after a complaint. Its name goes to path. */
int backup_open(const char *dir, struct str *path);
/* Compare it with its lists, all or what is below this path in it. Says what is
 * wrong, and how much was looked at; a code of sysexits.h. */
int backup_verify(int set, struct view below);

#endif
