/* SPDX-License-Identifier: ISC */
/*
 * content - the files with what mails say
 *
 * spool/content/XX/ID (lib/mail/spool.h). The 256 directories stay open, so
 * that a file is one system call away. content_sync(), content_sync_dir(),
 * content_restore(), content_replace() and content_remove() may block and may be
 * called in any thread. A small mail may have no file (kept.h).
 */
#ifndef QUEUE_CONTENT_H
#define QUEUE_CONTENT_H

#include "lib/base/str.h"
#include "lib/base/why.h"

#define CONTENT_SMALL	(64u << 10)	/* octets; stands in the journal first */

/* Open the directories below the spool, of which a descriptor with O_PATH is
 * enough; make those that master did not. False with errno set. */
bool content_start(int spool);
/* An id that was never used: the time, or one more than the last. */
uint64_t content_id(void);
/* Ids up to this one were used. */
void content_used(uint64_t id);

/* Is there space for so many octets? False with w filled. */
bool content_has_room(uint64_t announced, struct why *w);
/* A new empty file, open for reading and writing; -1 with w filled. announced:
 * octets that are to come, 0 when unknown. */
int content_create(uint64_t id, uint64_t announced, struct why *w);
/* Another name for the content of a mail, open for reading; -1 with w filled. */
int content_link(uint64_t of, uint64_t id, struct why *w);
/* For reading; -1 with errno set. */
int content_open(uint64_t id);
/* Is its file there, with this size? */
bool content_is_whole(uint64_t id, uint64_t size);
/* What cannot be removed now, the next start removes. */
bool content_remove(uint64_t id);

/* Begin to write it to the disk, without waiting. */
void content_push(int fd);
/* Has it this size, and is it on disk? */
bool content_sync(int fd, uint64_t size);
bool content_sync_dir(unsigned dir);
/* Append all of it to out if it has just this size. */
bool content_read(int fd, uint64_t size, struct str *out);
/* Write it again, where it stands if it is there, so that links to the file
 * are made whole, too. False with errno set. */
bool content_restore(uint64_t id, struct view content);
/* The same for a file of which a start believes the size: it gets its name when
 * all of it is on the disk. */
bool content_replace(uint64_t id, struct view content);
/* Everything written so far, and all names, of the spool's file system. False
 * with errno set: any of it may be lost, whatever a later call says. */
bool content_sync_all(void);

/* Call fn for every file; what it returns is done with it. */
enum content_fate { CONTENT_KEEP, CONTENT_REMOVE, CONTENT_LOST };
void content_each(enum content_fate (*fn)(void *arg, uint64_t id), void *arg);
/* spool/lost, where damaged and ownerless things are put aside. */
int content_lost_dir(void);

#endif
