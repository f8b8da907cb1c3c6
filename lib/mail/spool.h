/* SPDX-License-Identifier: ISC */
/*
 * spool - how content files of the queue are named
 *
 * A mail id is a moment in microseconds since 1970, never used twice. Its text
 * form, in logs, replies and file names, is 16 upper-case hexadecimal digits.
 * The content of a mail is the file "XX/ID" below spool/content. XX changes
 * about once a second, so that mails which came together share a directory and
 * one sync of it makes all their names durable.
 */
#ifndef MAIL_SPOOL_H
#define MAIL_SPOOL_H

#include "lib/base/view.h"

#define SPOOL_ID_SIZE	17	/* with the NUL */
#define SPOOL_NAME_MAX	24
#define SPOOL_DIRS	256
#define SPOOL_KEPT	(16u << 10)	/* octets; up to here no file is needed */

/* The number of the directory, 0 to SPOOL_DIRS - 1. */
static inline unsigned
spool_dir(uint64_t mail)
{
	return (unsigned)(mail >> 20) % SPOOL_DIRS;
}

/* "XX/ID", relative to spool/content; XX in lower case. Returns out. */
char *spool_name(uint64_t mail, char out[SPOOL_NAME_MAX]);
/* The text form alone. Returns out. */
char *spool_id(uint64_t mail, char out[SPOOL_ID_SIZE]);
/* Back from the text form, either case; false for anything else and 0. */
bool spool_id_parse(struct view text, uint64_t *mail);

#endif
