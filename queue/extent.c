/* SPDX-License-Identifier: ISC */
/*
 * extent - two slots with a checksum, written in turns
 *
 * One of them is durable and left alone; the other one is written over and over
 * until a sync makes it the durable one. So a torn write costs what was said
 * since the last sync, and never all. What a segment's records say after each
 * group commit is written without a sync: a process that is killed loses none of
 * it, a loss of power some seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "lib/base/bytes.h"
#include "lib/base/crc.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "queue/extent.h"

#define NAME		"extent"
#define MAGIC		0x50485831u	/* "PHX1" */
#define SLOT		4096		/* apart: no write touches both */
#define SLOT_SIZE	28

struct slot {
	uint64_t turn;		/* the higher one counts */
	struct extent extent;
};

static struct {
	pthread_mutex_t lock;
	int fd;
	struct slot durable;
	struct extent now;
	bool broken;		/* a sync has failed: nothing is believed */
} x = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static off_t
slot_at(uint64_t turn)
{
	return (off_t)(turn % 2 * SLOT);
}

static void
slot_put(struct str *out, const struct slot *s)
{
	struct str said = { 0 };

	put_u64(&said, s->turn);
	put_u32(&said, s->extent.oldest);
	put_u32(&said, s->extent.reached.segment);
	put_u32(&said, s->extent.reached.at);
	put_u32(out, MAGIC);
	put_u32(out, crc32c(0, str_view(&said)));
	str_add(out, str_view(&said));
	str_free(&said);
}

static bool
slot_get(struct view v, struct slot *s)
{
	struct bytes b = { .rest = v };
	uint32_t magic = get_u32(&b), sum = get_u32(&b);
	struct view said = b.rest;

	s->turn = get_u64(&b);
	s->extent.oldest = get_u32(&b);
	s->extent.reached.segment = get_u32(&b);
	s->extent.reached.at = get_u32(&b);
	return !b.bad && magic == MAGIC && sum == crc32c(0, said);
}

static struct slot
newest_slot(struct view v)
{
	struct slot best = { 0 };

	for (size_t at = 0; at + SLOT_SIZE <= v.n; at += SLOT) {
		struct slot s;

		if (slot_get(view_bytes(v.p + at, SLOT_SIZE), &s) &&
		    s.turn > best.turn)
			best = s;
	}
	return best;
}

static bool
read_slot(int dir, struct slot *s)
{
	struct str text = { 0 };
	bool done = file_read(dir, NAME, 2 * SLOT, &text) || errno == ENOENT;

	*s = newest_slot(str_view(&text));
	str_free(&text);
	return done;
}

bool
extent_read(int dir, struct extent *e)
{
	struct slot s;
	bool done = read_slot(dir, &s);

	*e = s.extent;
	return done;
}

/* Into the slot that is not the durable one. */
static bool
write_slot(void)
{
	struct slot next = { x.durable.turn + 1, x.now };
	struct str out = { 0 };
	bool done;

	slot_put(&out, &next);
	done = file_pwrite_all(x.fd, str_view(&out), slot_at(next.turn));
	str_free(&out);
	return done;
}

/* What a failed sync left is not known: it is not tried again. */
static bool
write_durably(void)
{
	if (x.broken) {
		errno = EIO;
		return false;
	}
	if (!write_slot())
		return false;
	x.broken = fdatasync(x.fd) < 0;
	if (!x.broken)
		x.durable = (struct slot){ x.durable.turn + 1, x.now };
	return !x.broken;
}

bool
extent_start(int dir, const struct extent *e)
{
	x.now = *e;
	x.broken = false;
	x.fd = openat(dir, NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (x.fd < 0 || !read_slot(dir, &x.durable))
		return false;
	/* what was read may not be durable yet, and is to be left alone */
	if (fdatasync(x.fd) < 0)
		return false;
	if (x.durable.turn == 0 && (!write_durably() || fsync(dir) < 0))
		log_error("journal", "cannot note how far it goes: %s",
		    strerror(errno));
	return true;
}

void
extent_reached(struct place p)
{
	pthread_mutex_lock(&x.lock);
	x.now.reached = p;
	if (x.durable.extent.reached.segment != p.segment)
		(void)write_durably();
	else
		(void)write_slot();
	pthread_mutex_unlock(&x.lock);
}

bool
extent_raise(uint32_t oldest)
{
	bool done = true;

	pthread_mutex_lock(&x.lock);
	if (oldest > x.now.oldest)
		x.now.oldest = oldest;
	if (x.now.oldest != x.durable.extent.oldest)
		done = write_durably();
	pthread_mutex_unlock(&x.lock);
	return done;
}

void
extent_sync(void)
{
	pthread_mutex_lock(&x.lock);
	if (x.fd >= 0)
		(void)write_durably();
	pthread_mutex_unlock(&x.lock);
}
