/* SPDX-License-Identifier: ISC */
/*
 * kv_map - a file under another name until it is whole
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <db.h>

#include "lib/base/file.h"
#include "lib/base/kv_map.h"

struct kv_map {
	DB *db;
	char *path, *temp;
	mode_t mode;
};

static bool
done(const struct kv_map *m, int error, struct why *w)
{
	return error == 0 || why_later(w, "3.0", "%s: %s", m->temp,
	    db_strerror(error));
}

static void
map_free(struct kv_map **m)
{
	free((*m)->path);
	free((*m)->temp);
	free(*m);
	*m = NULL;
}

void
kv_map_abort(struct kv_map **m)
{
	if ((*m)->db != NULL)
		(*m)->db->close((*m)->db, DB_NOSYNC);
	unlink((*m)->temp);
	map_free(m);
}

/* What went wrong is told by w, not by the library. */
static void
be_silent(const DB_ENV *env UNUSED, const char *prefix UNUSED,
    const char *text UNUSED)
{
}

struct kv_map *
kv_map_new(const char *path, enum kv_map_kind kind, mode_t mode,
    struct why *w)
{
	struct kv_map *m = xcalloc(1, sizeof(*m));
	struct str temp = { 0 };

	str_addf(&temp, "%s.new%d", path, (int)getpid());
	m->path = xstrdup(path);
	m->temp = xstrdup(temp.p);
	m->mode = mode;
	str_free(&temp);
	unlink(m->temp);
	if (!done(m, db_create(&m->db, NULL, 0), w)) {
		m->db = NULL;
		kv_map_abort(&m);
		return NULL;
	}
	m->db->set_errcall(m->db, be_silent);
	if (!done(m, m->db->open(m->db, NULL, m->temp, NULL,
		kind == KV_MAP_HASH ? DB_HASH : DB_BTREE,
		DB_CREATE | DB_EXCL, (int)mode), w))
		kv_map_abort(&m);
	return m;
}

/* With the NUL; text must live as long as the DBT. */
static DBT
dbt_of(struct str *text, struct view v)
{
	DBT d;

	str_add(text, v);
	str_addc(text, '\0');
	memset(&d, 0, sizeof(d));
	d.data = text->p;
	d.size = (uint32_t)text->n;
	return d;
}

enum kv_result
kv_map_put(struct kv_map *m, struct view key, struct view value,
    struct why *w)
{
	struct str texts[2] = { { 0 }, { 0 } };
	DBT k = dbt_of(&texts[0], key), v = dbt_of(&texts[1], value);
	int error = m->db->put(m->db, NULL, &k, &v, DB_NOOVERWRITE);

	str_free(&texts[0]);
	str_free(&texts[1]);
	if (error == DB_KEYEXIST)
		return KV_FOUND;
	return done(m, error, w) ? KV_NONE : KV_TROUBLE;
}

/* The mode is that which was asked for, whatever the umask. */
static bool
put_in_place(const struct kv_map *m)
{
	const char *slash = strrchr(m->path, '/');
	struct str dir = { 0 };
	int fd = open(m->temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok;

	if (fd < 0)
		return false;
	ok = fchmod(fd, m->mode) == 0 && fsync(fd) == 0;
	close(fd);
	if (slash == NULL)
		str_adds(&dir, ".");
	else
		str_addn(&dir, m->path, (size_t)(slash - m->path) + 1);
	ok = ok && rename(m->temp, m->path) == 0 &&
	    file_sync_dir(AT_FDCWD, dir.p);
	str_free(&dir);
	return ok;
}

bool
kv_map_commit(struct kv_map **m, struct why *w)
{
	bool ok = done(*m, (*m)->db->close((*m)->db, 0), w);

	(*m)->db = NULL;
	if (ok && !put_in_place(*m))
		ok = why_errno(w, (*m)->path);
	if (ok)
		map_free(m);
	else
		kv_map_abort(m);
	return ok;
}
