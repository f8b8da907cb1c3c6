/* SPDX-License-Identifier: ISC */
/*
 * kv_bdb - what the halves of kv share, and nobody else sees
 *
 * kv.c opens, writes and flushes; kv_scan.c reads ranges. Another engine would
 * replace these three files and leave kv.h as it is.
 */
#ifndef BASE_KV_BDB_H
#define BASE_KV_BDB_H

#include <stdatomic.h>

#include <db.h>

#include "lib/base/kv.h"

struct kv_table {
	struct kv *k;
	DB *db;
	const char *name;
	DBT found;		/* grows; what kv_get lends */
	size_t room;
};

struct kv {
	DB_ENV *env;
	DB_TXN *txn;
	struct kv_table table[KV_TABLES_MOST];
	unsigned tables;
	bool empty;
	atomic_int error;	/* first that broke it, 0: sound */
	atomic_int last;	/* last error of any kind */
	char *dir;
};

/* Note a failure; true when there is none. */
bool kv_bdb_done(struct kv *k, int error);
/* The same, with "not there" as an answer. */
enum kv_result kv_bdb_result(struct kv *k, int error);

#endif
