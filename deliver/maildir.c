/* SPDX-License-Identifier: ISC */
/*
 * maildir - tmp, sync, new, sync
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/letter.h"
#include "deliver/maildir.h"
#include "deliver/place.h"
#include "lib/base/clock.h"

enum { TMP, NEW, CUR, PARTS };

static const char *const names[PARTS] = { "tmp", "new", "cur" };

struct maildir {
	int dir, part[PARTS];
	char name[320];
};

/* A host's name with a slash or colon would be no part of a file's. */
static void
make_name(struct maildir *m, const struct order *o)
{
	char host[256];

	if (gethostname(host, sizeof(host)) < 0)
		strcpy(host, "localhost");
	host[sizeof(host) - 1] = '\0';
	for (char *p = host; *p != '\0'; p++)
		if (*p == '/' || *p == ':')
			*p = '_';
	snprintf(m->name, sizeof(m->name), "%" PRId64 ".P%016" PRIX64
	    "R%" PRIu32 ".%s", o->arrival, o->mail, o->rcpt, host);
}

static void
close_all(struct maildir *m)
{
	for (int i = 0; i < PARTS; i++)
		if (m->part[i] >= 0)
			close(m->part[i]);
	if (m->dir >= 0)
		close(m->dir);
}

static bool
open_all(struct maildir *m, const char *place, struct why *w)
{
	char *path = xstrdup(place);
	const char *base;
	int parent;

	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	parent = place_directory(path, &base, w);
	m->dir = parent >= 0 ? place_own_directory(parent, base, w) : -1;
	for (int i = 0; i < PARTS && m->dir >= 0; i++) {
		m->part[i] = place_own_directory(m->dir, names[i], w);
		if (m->part[i] < 0)
			break;
	}
	if (parent >= 0)
		close(parent);
	free(path);
	return m->part[PARTS - 1] >= 0;
}

/* Its reader may have moved it, and given it flags. */
static bool
is_in_cur(const struct maildir *m)
{
	size_t n = strlen(m->name);
	int fd = dup(m->part[CUR]);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	bool found = false;

	while (d != NULL && !found && (e = readdir(d)) != NULL)
		found = strncmp(e->d_name, m->name, n) == 0 &&
		    (e->d_name[n] == ':' || e->d_name[n] == '\0');
	if (d != NULL)
		closedir(d);
	return found;
}

static bool
write_tmp(const struct maildir *m, const struct order *o, int content)
{
	struct letter l;
	bool fine;
	int fd;

	unlinkat(m->part[TMP], m->name, 0);	/* a try that was killed */
	fd = openat(m->part[TMP], m->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	letter_open(&l, content, o, LETTER_MAILDIR, clock_wall());
	fine = letter_write(&l, fd) && fsync(fd) == 0;
	letter_close(&l);
	return close(fd) == 0 && fine;
}

static bool
put_in(const struct maildir *m, const struct order *o, int content)
{
	bool fine = write_tmp(m, o, content) &&
	    (linkat(m->part[TMP], m->name, m->part[NEW], m->name, 0) == 0 ||
		errno == EEXIST) &&
	    fsync(m->part[NEW]) == 0 && fsync(m->dir) == 0;
	int error = errno;

	unlinkat(m->part[TMP], m->name, 0);
	errno = error;
	return fine;
}

bool
maildir_deliver(const struct order *o, const char *path, int content,
    struct why *w)
{
	struct maildir m = { -1, { -1, -1, -1 }, "" };
	bool done = false;

	make_name(&m, o);
	if (open_all(&m, path, w)) {
		done = (o->again && is_in_cur(&m)) || put_in(&m, o, content);
		if (done)
			why_done(w, "0.0", "delivered to maildir: %.160s",
			    path);
		else
			place_errno(w, path);
	}
	close_all(&m);
	return done;
}
