/* SPDX-License-Identifier: ISC */
/*
 * bdb - Berkeley DB: rows in transactions that are not synced
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <db.h>

#include "bench/limits/limits.h"

#define CACHE	(64 * MIB)

static DB_ENV *env;
static DB *db;

void bdb_start(void)
{
	const u_int32_t flags = DB_CREATE | DB_INIT_TXN | DB_INIT_LOCK | DB_INIT_LOG |
	    DB_INIT_MPOOL | DB_PRIVATE | DB_THREAD;
	char path[600];

	snprintf(path, sizeof(path), "%s/bdb", dir);
	mkdir(path, 0700);
	if (db_env_create(&env, 0) != 0 || env->set_lk_detect(env, DB_LOCK_DEFAULT) != 0 ||
	    env->set_cachesize(env, 0, CACHE, 1) != 0 || env->open(env, path, flags, 0600) != 0 ||
	    db_create(&db, env, 0) != 0 || db->open(db, NULL, "t.db", NULL, DB_BTREE,
	    DB_CREATE | DB_AUTO_COMMIT | DB_THREAD, 0600) != 0)
		die("Berkeley DB");
}

static bool put(const char *key, size_t len)
{
	char value[200];
	DBT k = { .data = (void *)key, .size = (u_int32_t)len };
	DBT v = { .data = value, .size = sizeof(value) };
	DB_TXN *t;

	memset(value, 'v', sizeof(value));
	if (env->txn_begin(env, NULL, &t, DB_TXN_NOSYNC) != 0)
		die("transaction");
	if (db->put(db, t, &k, &v, 0) == 0)
		return t->commit(t, 0) == 0;
	t->abort(t);
	return false;
}

void bdb_put(long n)
{
	char key[64];

	for (long i = 0; time_is_left(); i++) {
		size_t len = (size_t)snprintf(key, sizeof(key), "%ld.%ld.%ld", n, i, random());
		if (put(key, len))
			done++;
	}
}
