/* SPDX-License-Identifier: ISC */
/*
 * kv - an environment of Berkeley DB 5.3, private to one process
 *
 * Private (DB_PRIVATE): regions live on the heap, so there are no shared files
 * to go stale and no other process to wait for. No lock table: one thread does
 * everything, and what runs beside it (log flush, checkpoint) needs only the
 * latches that DB_THREAD brings. All tables are databases in one file with page
 * checksums, so that they are damaged, lost or copied together, never singly.
 *
 * Recovery runs at every start, from the last checkpoint on. Whatever it or
 * the opening of a table refuses makes the directory a <dir>.damaged-<time>.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/kv_bdb.h"
#include "lib/base/log.h"

#define TABLES_FILE "tables.db"
#define CONDEMNED   "condemned"
/* Holds four chunks of rows; what does not fit has pages of its own, and for each
 * that goes free the log is synced. */
#define PAGE_SIZE   16384
#define CACHE	    (8U << 20)
#define LOG_BUFFER  (1U << 20)
#define LOG_FILE    (16U << 20)

/* Explanations of the engine; kept per thread, as the log is not. */
static _Thread_local char complaint[200];

static void
complain(const DB_ENV *env UNUSED, const char *prefix UNUSED, const char *text)
{
	snprintf(complaint, sizeof(complaint), "%s", text);
}

/* Which errors mean that memory and disk may have parted. */
static bool
breaks(int error)
{
	return error != 0 && error != DB_NOTFOUND && error != DB_KEYEMPTY &&
	       error != DB_BUFFER_SMALL && error != ENOMEM;
}

bool
kv_bdb_done(struct kv *k, int error)
{
	int sound = 0;

	if (error == 0)
		return true;
	k->last = error;
	if (breaks(error))
		atomic_compare_exchange_strong(&k->error, &sound, error);
	return false;
}

enum kv_result
kv_bdb_result(struct kv *k, int error)
{
	if (error == DB_NOTFOUND || error == DB_KEYEMPTY)
		return KV_NONE;
	return kv_bdb_done(k, error) ? KV_FOUND : KV_TROUBLE;
}

static DBT
dbt_of(struct view v)
{
	DBT d;

	memset(&d, 0, sizeof(d));
	d.data = (void *)(uintptr_t)v.p;
	d.size = d.ulen = (uint32_t)v.n;
	d.flags = DB_DBT_USERMEM;
	return d;
}

static int
env_open(struct kv *k, const struct kv_options *o)
{
	size_t cache = o->cache ? o->cache : CACHE;
	DB_ENV *env;
	int e = db_env_create(&env, 0);

	if (e != 0)
		return e;
	k->env = env;
	env->app_private = k;
	env->set_errcall(env, complain);
	if ((e = env->set_cachesize(env, (uint32_t)(cache >> 30),
		 (uint32_t)(cache & 0x3fffffff), 1)) != 0 ||
	    (e = env->set_lg_bsize(env,
		 (uint32_t)(o->log_buffer ? o->log_buffer : LOG_BUFFER))) !=
		0 ||
	    (e = env->set_lg_max(
		 env, (uint32_t)(o->log_file ? o->log_file : LOG_FILE))) != 0 ||
	    (e = env->set_flags(env, DB_TXN_NOSYNC, 1)) != 0)
		return e;
	return env->open(env, k->dir,
	    DB_CREATE | DB_PRIVATE | DB_RECOVER | DB_THREAD | DB_INIT_TXN |
		DB_INIT_LOG | DB_INIT_MPOOL,
	    0600);
}

static int
table_open(struct kv *k, const char *name)
{
	struct kv_table *t = &k->table[k->tables];
	int e;

	*t = (struct kv_table){ .k = k, .name = name };
	if ((e = db_create(&t->db, k->env, 0)) != 0)
		return e;
	k->tables++;
	if ((e = t->db->set_pagesize(t->db, PAGE_SIZE)) != 0 ||
	    (e = t->db->set_flags(t->db, DB_CHKSUM)) != 0)
		return e;
	return t->db->open(t->db, NULL, TABLES_FILE, name, DB_BTREE,
	    DB_CREATE | DB_THREAD | DB_AUTO_COMMIT, 0600);
}

static void
shut(struct kv *k)
{
	if (k->txn != NULL)
		k->txn->abort(k->txn);
	k->txn = NULL;
	for (unsigned i = 0; i < k->tables; i++) {
		if (k->table[i].db != NULL)
			k->table[i].db->close(k->table[i].db, DB_NOSYNC);
		free(k->table[i].found.data);
	}
	k->tables = 0;
	if (k->env != NULL)
		k->env->close(k->env, 0);
	k->env = NULL;
}

static bool
exists(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* A log without its tables: recovery would make tables with holes. */
static bool
is_log_only(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool log = false;

	if (d == NULL)
		return false;
	while (!log && (entry = readdir(d)) != NULL)
		log = strncmp(entry->d_name, "log.", 4) == 0;
	closedir(d);
	return log && !exists(dir, TABLES_FILE);
}

static int
open_all(struct kv *k, const struct kv_options *o)
{
	int e;

	complaint[0] = '\0';
	if (exists(k->dir, CONDEMNED) || is_log_only(k->dir))
		return DB_VERIFY_BAD;
	k->empty = !exists(k->dir, TABLES_FILE);
	if ((e = env_open(k, o)) != 0)
		return e;
	for (unsigned i = 0; o->tables[i] != NULL; i++) {
		must(i < KV_TABLES_MOST);
		if ((e = table_open(k, o->tables[i])) != 0)
			return e;
	}
	/* The file's own name has to last before anything relies on it. */
	if ((e = k->env->txn_checkpoint(k->env, 0, 0, 0)) != 0)
		return e;
	return file_sync_dir(AT_FDCWD, k->dir) ? 0 : errno;
}

/* The system refuses: the files may be in best order. */
static bool
is_environment(int e)
{
	static const int codes[] = { ENOSPC, EDQUOT, EFBIG, EACCES, EPERM,
		EROFS, ENFILE, EMFILE, ENOMEM, ENOTDIR };

	for (size_t i = 0; i < nitems(codes); i++)
		if (e == codes[i])
			return true;
	return false;
}

static bool
set_aside(struct kv *k, int e)
{
	char to[4096];

	snprintf(to, sizeof(to), "%s.damaged-%lld", k->dir,
	    (long long)clock_wall_us());
	log_error("index", "damaged dir=%s kept-as=%s reason=\"%s%s%s\"",
	    k->dir, to, db_strerror(e), complaint[0] ? ": " : "", complaint);
	return rename(k->dir, to) == 0 && mkdir(k->dir, 0700) == 0;
}

static bool
trouble(int e, struct why *w)
{
	if (e == ENOSPC || e == EDQUOT || e == EFBIG)
		return why_later(w, "3.1", "No space for the index");
	return why_later(
	    w, "3.0", "The index cannot be used: %s", db_strerror(e));
}

struct kv *
kv_open(const char *dir, const struct kv_options *o, struct why *w)
{
	struct kv *k = xcalloc(1, sizeof(*k));
	int e = 0;

	k->dir = xstrdup(dir);
	if (!file_mkdirs(dir, 0700))
		e = errno;
	if (e == 0 && (e = open_all(k, o)) != 0 && !is_environment(e)) {
		shut(k);
		e = set_aside(k, e) ? open_all(k, o) : errno;
	}
	if (e == 0)
		return k;
	trouble(e, w);
	shut(k);
	free(k->dir);
	free(k);
	return NULL;
}

void
kv_close(struct kv **k)
{
	if (*k == NULL)
		return;
	if (!kv_is_broken(*k)) {
		kv_abort(*k);
		if (kv_flush(*k))
			kv_checkpoint(*k);
	}
	shut(*k);
	free((*k)->dir);
	free(*k);
	*k = NULL;
}

struct kv_table *
kv_table(struct kv *k, unsigned n)
{
	must(n < k->tables);
	return &k->table[n];
}

bool
kv_is_empty(const struct kv *k)
{
	return k->empty;
}

bool
kv_is_broken(const struct kv *k)
{
	return k->error != 0;
}

void
kv_condemn(struct kv *k)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", k->dir, CONDEMNED);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	kv_bdb_done(k, DB_RUNRECOVERY);
}

bool
kv_is_damaged(const struct kv *k)
{
	return k->error < 0 || k->error == EINVAL; /* the engine's own codes */
}

bool
kv_why(const struct kv *k, struct why *w)
{
	return trouble(k->error ? k->error : k->last, w);
}

enum kv_result
kv_get(struct kv_table *t, struct view key, struct view *value)
{
	DBT want = dbt_of(key);
	int e;

	t->found.flags = DB_DBT_USERMEM;
	t->found.ulen = (uint32_t)t->room;
	e = t->db->get(t->db, t->k->txn, &want, &t->found, 0);
	if (e == DB_BUFFER_SMALL) {
		t->room = t->found.size * (size_t)2;
		t->found.data = xrealloc(t->found.data, t->room);
		t->found.ulen = (uint32_t)t->room;
		e = t->db->get(t->db, t->k->txn, &want, &t->found, 0);
	}
	if (e == 0)
		*value = view_bytes(t->found.data, t->found.size);
	return kv_bdb_result(t->k, e);
}

bool
kv_put(struct kv_table *t, struct view key, struct view value)
{
	DBT at = dbt_of(key), what = dbt_of(value);

	return kv_bdb_done(t->k, t->db->put(t->db, t->k->txn, &at, &what, 0));
}

bool
kv_delete(struct kv_table *t, struct view key)
{
	DBT at = dbt_of(key);

	return kv_bdb_result(t->k, t->db->del(t->db, t->k->txn, &at, 0)) !=
	       KV_TROUBLE;
}

bool
kv_begin(struct kv *k)
{
	must(k->txn == NULL);
	if (k->error != 0)
		return false;
	return kv_bdb_done(
	    k, k->env->txn_begin(k->env, NULL, &k->txn, DB_TXN_NOSYNC));
}

bool
kv_commit(struct kv *k)
{
	DB_TXN *txn = k->txn;

	must(txn != NULL);
	k->txn = NULL;
	if (k->error != 0) {
		txn->abort(txn);
		return false;
	}
	return kv_bdb_done(k, txn->commit(txn, DB_TXN_NOSYNC));
}

void
kv_abort(struct kv *k)
{
	if (k->txn != NULL)
		kv_bdb_done(k, k->txn->abort(k->txn));
	k->txn = NULL;
}

bool
kv_flush(struct kv *k)
{
	return k->error == 0 && kv_bdb_done(k, k->env->log_flush(k->env, NULL));
}

bool
kv_checkpoint(struct kv *k)
{
	return k->error == 0 &&
	       kv_bdb_done(k, k->env->txn_checkpoint(k->env, 0, 0, 0)) &&
	       kv_bdb_done(
		   k, k->env->log_archive(k->env, NULL, DB_ARCH_REMOVE));
}

uint64_t
kv_log_grown(const struct kv *k)
{
	DB_LOG_STAT *s;
	uint64_t n;

	if (k->error != 0 || k->env->log_stat(k->env, &s, 0) != 0)
		return 0;
	n = ((uint64_t)s->st_wc_mbytes << 20) + s->st_wc_bytes;
	free(s);
	return n;
}

bool
kv_backup(struct kv *k, const char *dir)
{
	return kv_flush(k) &&
	       kv_bdb_done(k, k->env->backup(k->env, dir,
				  DB_BACKUP_FILES | DB_BACKUP_CLEAN));
}
