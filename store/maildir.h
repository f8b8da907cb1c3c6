/* SPDX-License-Identifier: ISC */
/*
 * maildir - directories of users and mailboxes
 *
 * Everything is opened below mail_dir and never through a symbolic link, so
 * that a link planted by whoever else may write there leads nowhere. The calls
 * that sync or read whole directories are jobs: struct in, struct out, for a
 * thread of the pool. Errors are errno.
 */
#ifndef STORE_MAILDIR_H
#define STORE_MAILDIR_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/mail/place.h"

#define MAILDIR_UIDVALIDITY	"posthouse-uidvalidity"
#define MAILDIR_KEYWORDS	"posthouse-keywords"
#define MAILDIR_ATTRIBUTES	"posthouse-mailbox"
#define MAILDIR_SEEN		"posthouse-seen"
#define MAILDIR_UIDLS		"posthouse-uidls"
#define MAILDIR_SUBSCRIPTIONS	"subscriptions"
#define MAILDIR_TRASH		"posthouse-trash-"
#define MAILDIR_IMPORT		"posthouse-import"	/* in the user's */
#define MAILDIR_FILE_MAX	65536	/* of the little text files */
#define ATTRIBUTES_FILE_MAX	(1024 * 1024)	/* a stranger's may be larger */

/* Before confinement. */
bool maildir_begin(const char *mail_dir);
/* Sync the file system that mail_dir is on; in a thread. False with errno. */
bool maildir_sync(void);

/* A directory as a path below mail_dir: the user's, plus a folder (".a.b" or
 * ""), plus a part ("cur", "" ...). False: names too long. */
bool maildir_path(struct str *out, struct view user, struct view folder,
    const char *part);
/* Open such a directory for reading and as a base; -1 with errno. */
int maildir_open(const char *path);
/* A file in an open directory, for reading, no links followed. */
int maildir_open_file(int dirfd, const char *name);
/* All of such a file, of at most max octets; false with errno. */
bool maildir_read(int dirfd, const char *name, size_t max, struct str *out);
bool maildir_missing(int error);	/* ENOENT, ENOTDIR */

/* Make a mailbox directory with cur, new, tmp and its UIDVALIDITY, and all
 * above it, synced up to mail_dir. Existing parts stay as they are. */
struct maildir_create {
	const char *path;	/* of the mailbox */
	uint32_t uidvalidity;
	struct view attributes;	/* posthouse-mailbox; empty: leave it */
	int error;
};
void maildir_create_run(void *arg);

/* One message file that a scan saw. */
struct maildir_file {
	const char *name;
	struct place_message m;	/* views into name */
	uint64_t size;
	int64_t date;		/* of its last change */
	bool fresh;		/* lies in new/ */
};

/* Read cur/ and new/ and the text files. */
struct maildir_scan {
	const char *path;
	const char *host;
	bool stat_all;		/* else only what has no UID or no size */
	struct arena arena;	/* what follows lives here */
	bool clear_tmp;		/* remove what a crash left there */
	struct maildir_file *files;
	size_t count, cap;
	uint32_t uidvalidity, uidnext;	/* 0: the file was not there */
	struct str keywords;	/* as list_put */
	int error;
};
void maildir_scan_run(void *arg);
void maildir_scan_free(struct maildir_scan *s);

/* Give files their proper names in cur/; lone line feeds become CR LF in what
 * comes from elsewhere. Then sync. What is converted is replaced under its old
 * name first, so that a crash leaves each message once. */
struct maildir_rename {
	const struct maildir_file *from;
	struct str to;
	uint64_t size;		/* 0 or the new size, when it was converted */
	bool convert;
	int error;
};
struct maildir_adopt {
	const char *path;
	const char *host;
	struct maildir_rename *renames;
	size_t count;
	int error;
};
void maildir_adopt_run(void *arg);

/* Replace a text file in a mailbox directory, synced. */
struct maildir_write {
	const char *path;
	const char *name;
	struct view text;
	int error;
};
void maildir_write_run(void *arg);
void maildir_uidvalidity_text(struct str *out, uint32_t uidvalidity,
    uint32_t uidnext);
/* What the text does not tell stays as it is. */
void maildir_uidvalidity_read(struct view text, uint32_t *uidvalidity,
    uint32_t *uidnext);

/* Names of the mailbox directories of a user, in list_put form. */
struct maildir_list {
	const char *path;	/* the user's */
	struct str folders;	/* "" first if there is an INBOX */
	struct str validities;	/* UIDVALIDITY of each, 0: it tells none */
	struct str attributes;	/* posthouse-mailbox of each */
	struct str trash;	/* leftovers of removed mailboxes */
	int error;
};
void maildir_list_run(void *arg);
void maildir_list_free(struct maildir_list *l);

/* Rename directories within the user's, synced together; missing ones are
 * fine. */
struct maildir_move {
	const char *path;	/* the user's */
	struct view names;	/* a list: old name, new name, ... */
	int error;
};
void maildir_move_run(void *arg);
/* Remove a mailbox directory with all its files. */
struct maildir_remove {
	const char *path;	/* the user's */
	const char *name;
	int error;
};
void maildir_remove_run(void *arg);

#endif
