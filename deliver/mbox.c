/* SPDX-License-Identifier: ISC */
/*
 * mbox - open, lock, append, sync; or cut off again
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "deliver/letter.h"
#include "deliver/lock.h"
#include "deliver/mbox.h"
#include "deliver/place.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define LOCK_MS		60000
#define FIRST_MS	50	/* pauses between tries, doubled */
#define PAUSE_MS	1000

struct mbox {
	const char *path, *base;	/* base is within path */
	int dir, fd;
	bool made;
	struct lock lock;
};

static void
pause_ms(int64_t ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* The file may be replaced by another while we wait for its locks. */
static bool
open_locked(struct mbox *m, struct why *w)
{
	int64_t until = deadline_in(LOCK_MS), wait = FIRST_MS;

	for (;;) {
		m->fd = place_file(m->dir, m->base, &m->made, w);
		if (m->fd < 0)
			return false;
		if (lock_try(&m->lock, m->dir, m->base, m->fd)) {
			if (place_is_there(m->dir, m->base, m->fd))
				return true;
			lock_drop(&m->lock);
		}
		close(m->fd);
		m->fd = -1;
		if (clock_ms() >= until)
			return why_later(w, "2.0", "%.120s is locked by "
			    "another program", m->path);
		pause_ms(wait);
		wait = wait * 2 < PAUSE_MS ? wait * 2 : PAUSE_MS;
	}
}

/* A mail begins behind an empty line, even where the last one is a part. */
static bool
begin(const struct mbox *m, off_t size)
{
	size_t n = size < 2 ? (size_t)size : 2;
	char last[2] = { '\n', '\n' };
	struct view missing = { "\n\n", 0 };

	if (!file_pread_all(m->fd, last + 2 - n, n, size - (off_t)n))
		return false;
	missing.n = last[1] != '\n' ? 2 : last[0] != '\n';
	return file_write_all(m->fd, missing);
}

static bool
append(const struct mbox *m, const struct order *o, int content, off_t size)
{
	struct letter l;
	bool fine;

	letter_open(&l, content, o, LETTER_MBOX, clock_wall());
	fine = begin(m, size) && letter_write(&l, m->fd) &&
	    fsync(m->fd) == 0 && (!m->made || fsync(m->dir) == 0);
	letter_close(&l);
	return fine;
}

static void
cut_off(const struct mbox *m, off_t size)
{
	if (ftruncate(m->fd, size) < 0 || fsync(m->fd) < 0)
		log_error("deliver", "%s: a part of a mail could not be cut "
		    "off again: %s", m->path, strerror(errno));
	if (m->made && size == 0)
		unlinkat(m->dir, m->base, 0);
}

static bool
deliver(const struct mbox *m, const struct order *o, int content,
    bool (*heard)(void), struct why *w)
{
	struct stat st;

	if (fstat(m->fd, &st) < 0)
		return place_errno(w, m->path);
	if (!append(m, o, content, st.st_size))
		place_errno(w, m->path);
	else if (heard())
		return why_done(w, "0.0", "delivered to file: %.160s",
		    m->path);
	else
		why_later(w, "3.0", "there is nobody to tell");
	cut_off(m, st.st_size);
	return false;
}

bool
mbox_deliver(const struct order *o, const char *path, int content,
    bool (*heard)(void), struct why *w)
{
	struct mbox m = { .path = path, .fd = -1 };
	bool done = false;

	m.dir = place_directory(m.path, &m.base, w);
	if (m.dir < 0)
		return false;
	if (open_locked(&m, w)) {
		done = deliver(&m, o, content, heard, w);
		lock_drop(&m.lock);
		close(m.fd);
	}
	close(m.dir);
	return done;
}
