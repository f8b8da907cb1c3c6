/* SPDX-License-Identifier: ISC */
/*
 * content - reading messages
 *
 * Store opens the files, many at a time. Small ones are read whole into one
 * buffer that serves a command; of a large one the header is read, and the rest
 * is mapped only when its structure is asked for. The octets of a whole message
 * are passed from the file to the client in pieces.
 */
#ifndef IMAPD_CONTENT_H
#define IMAPD_CONTENT_H

#include "imapd/imap.h"
#include "lib/mail/cache.h"
#include "lib/mail/mime.h"
#include "lib/proc/message.h"

/* Up to FDS_MAX messages, opened together. */
struct contents {
	uint32_t n;
	uint32_t uid[FDS_MAX];
	int fd[FDS_MAX];	/* -1: it is gone */
};

/* Fill in n and uid before; fills in fd. False when store said no. */
bool contents_open(struct imap *im, struct contents *c, struct why *w);
/* The same of a mailbox that is open at store under this handle. */
bool contents_of(struct imap *im, uint32_t handle, struct contents *c,
    struct why *w);
void contents_close(struct contents *c);

/* The message that is being looked at. { 0 } before the first. */
struct content {
	int fd;				/* -1: not open */
	uint64_t size;
	struct str buffer;		/* its beginning, or all of it */
	struct view known[CACHE_KINDS];	/* of one that is not open; p NULL: not */
	struct view all;		/* p NULL until it was asked for */
	bool mapped;
	const struct mime_part *root;	/* NULL until it was asked for */
	struct arena arena;		/* for the root, and other work on it */
};

/* Begin with another message; fd stays the caller's and open. */
bool content_begin(struct content *c, int fd);
/* Begin with another message that is not open, of which this is known; when
 * its summary is, its header can be asked for. The views must last. */
void content_begin_known(struct content *c,
    const struct view known[CACHE_KINDS]);
bool content_is_open(const struct content *c);
/* Done with all of them: give the memory back. */
void content_free(struct content *c);

/* Views live until the next call. False when the file cannot be read. */
bool content_header(struct content *c, struct view *header);
bool content_all(struct content *c, struct view *all);
/* The parts; NULL when the file cannot be read. */
const struct mime_part *content_root(struct content *c);
/* Append octets as a literal may have them: without NUL. */
void content_show(struct str *out, struct view v);
/* Write a part of the message to the client, in pieces, so. False when it cannot be
 * read to that end, or when the client is gone. */
bool content_write(struct imap *im, struct content *c, struct mime_range r);

#endif
