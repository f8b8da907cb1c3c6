/* SPDX-License-Identifier: ISC */
/*
 * drop - where mail waits while the server is down
 *
 * <spool_dir>/drop belongs to the user of the queue; everybody may put files
 * into it and nobody else can list it (mode 1733). A file is
 *
 *	uid N			for the reader's information; the owner counts
 *	sender ADDRESS		empty for <>
 *	rcpt ADDRESS		one or more
 *				an empty line
 *	content in wire form
 */
#ifndef SENDMAIL_DROP_H
#define SENDMAIL_DROP_H

#include "sendmail/letter.h"

/* Write the letter for those recipients that were not refused; safe on disk
 * when it returns true. */
bool drop_write(const struct letter *l, const char *spool_dir,
    const struct caller *c, struct why *w);

/* A file read back, except what the content is preceded by. False when it is no
 * such file. Views point into text. */
bool drop_parse(struct letter *l, struct view text);

/* Hand everything that waits there to the server and remove it. Returns an exit
 * status. */
int drop_drain(const struct settings *s, const struct caller *c);

#endif
