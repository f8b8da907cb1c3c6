/* SPDX-License-Identifier: ISC */
/*
 * table - a lookup table "kind:source", as Postfix names them
 *
 * A kind is a row of functions in a file of its own. The source has been read by
 * the caller: tables know no files. What is wrong in a line goes to a sink with
 * its number and the line gives no entry. A table is made once and asked often;
 * its memory is a small multiple of its text.
 */
#ifndef MAIL_TABLE_H
#define MAIL_TABLE_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

#define TABLE_ENTRIES_MAX 1000000

struct table_sink {
	void (*complain)(void *arg, size_t line, const char *sentence);
	void *arg;
	/* What is wrong with a row that has a key of its own, or NULL. Without
	 * it, all are right. */
	const char *(*judge)(struct view key, struct view value);
};

enum table_answer {
	TABLE_NONE,
	TABLE_FOUND,
	TABLE_LATER	/* it cannot be told: a limit was reached */
};

struct table_kind {
	const char *name;
	bool is_inline;		/* the source is the text itself */
	bool by_key;		/* a row has a key, and no pattern */
	bool is_remote;		/* lib/mail/table_socket.h; get is NULL */
	const char *suffix;	/* of the file, behind the source; NULL: none */
	size_t most;		/* octets of a file */
	/* text must outlive the table. Line 0 of a complaint is the file as a
	 * whole; NULL follows one when nothing of it can be used. */
	void *(*open)(struct view text, const struct table_sink *sink);
	/* The value of key is appended to value. line: of what was found, or of
	 * what could not be told; of an inline table, which pair. */
	enum table_answer (*get)(const void *table, struct view key,
	    struct str *value, size_t *line);
	void (*close)(void *table);
};

/* Split "kind:source"; NULL when there is no such kind, then *source is as it
 * was. */
const struct table_kind *table_kind(struct view name, struct view *source);
/* The same among these n kinds alone. */
const struct table_kind *table_among(const struct table_kind *const *kinds,
    size_t n, struct view name, struct view *source);

/* The file that a table of this kind is read from; appended. */
void table_path(const struct table_kind *kind, struct view source,
    struct str *out);

#define TABLE_FILE_MOST ((size_t)16 << 20)	/* of a kind that is a text */

/* A file without a kind, "KEY VALUE" on each line. */
extern const struct table_kind table_text;
extern const struct table_kind table_btree, table_cidr, table_hash,
    table_inline, table_pcre, table_regexp, table_socketmap, table_tcp;

#endif
