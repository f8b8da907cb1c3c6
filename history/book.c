/* SPDX-License-Identifier: ISC */
/*
 * book - append, turn over, prune, read
 *
 * A new segment begins with each day (UTC) and when one is full. The octets of
 * a record are written before the row that leads to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "history/book.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define GATHER		65536	/* octets that are written at once */
#define LEAF_MOST	(64u << 20)
#define LEAVES		16	/* of the size that all may have, at least */
#define DAY_US		(86400 * INT64_C(1000000))
#define SILENCE_MS	60000	/* between two complaints */

static struct leaf *
last(struct book *b)
{
	must(b->n > 0);
	return &b->leaf[b->n - 1];
}

int
book_open_file(const struct book *b, uint32_t number, enum book_file f,
    int flags)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%08x%s", b->name, number,
	    f == BOOK_ROWS ? ".rows" : "");
	return openat(b->dir, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void
remove_file(const struct book *b, uint32_t number, enum book_file f)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%08x%s", b->name, number,
	    f == BOOK_ROWS ? ".rows" : "");
	if (unlinkat(b->dir, name, 0) < 0 && errno != ENOENT)
		log_error("history", "cannot remove %s: %s", name,
		    strerror(errno));
}

static void
close_files(struct book *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->rows_fd >= 0)
		close(b->rows_fd);
	b->fd = b->rows_fd = -1;
}

static void
complain(struct book *b)
{
	static int64_t quiet_until;
	int error = errno;
	int64_t now = clock_ms();

	b->lost += b->out_n;
	if (now < quiet_until)
		return;
	quiet_until = now + SILENCE_MS;
	log_warning("history", "cannot write: %s; what happens meanwhile is "
	    "not kept", strerror(error));
}

/* What is gathered is lost; the file is as long as it was before, and another
 * is begun with the next event. Prints of the open block are lost as well:
 * book_mend() makes its row. */
static void
give_up(struct book *b)
{
	struct leaf *l = last(b);

	complain(b);
	l->size -= (uint32_t)b->out.n;
	l->mended = false;
	if (ftruncate(b->fd, l->size) < 0)
		log_warning("history", "cannot cut a file: %s",
		    strerror(errno));
	close_files(b);
	if (l->size < SEGMENT_HEAD) {
		remove_file(b, l->number, BOOK_ROWS);
		remove_file(b, l->number, BOOK_RECORDS);
		b->n--;
	}
	b->prints.n = 0;
	str_reset(&b->rows_out);
}

static void
write_rows(struct book *b)
{
	struct leaf *l = last(b);

	if (b->rows_out.n > 0 && b->rows_fd >= 0 &&
	    !file_write_all(b->rows_fd, str_view(&b->rows_out))) {
		/* blocks without a row are read as a whole */
		close(b->rows_fd);
		b->rows_fd = -1;
		l->mended = false;
	}
	if (b->rows_fd >= 0) {
		l->rows += b->rows_out.n;
		l->covered = b->block;
	}
	str_reset(&b->rows_out);
}

void
book_write(struct book *b)
{
	if (b->out.n > 0 && b->fd >= 0) {
		if (file_write_all(b->fd, str_view(&b->out)))
			write_rows(b);
		else
			give_up(b);
	}
	str_reset(&b->out);
	b->out_n = 0;
}

void
book_close_block(struct book *b, uint32_t end)
{
	struct row r = { .at = b->block, .length = end - b->block };

	if (r.length > 0)
		row_put(&b->rows_out, r, b->prints.p, b->prints.n);
	b->prints.n = 0;
	b->block = end;
}

void
book_close(struct book *b)
{
	if (b->n > 0 && b->fd >= 0) {
		book_close_block(b, last(b)->size);
		book_write(b);
		if (b->fd >= 0)
			write_rows(b);
	}
	close_files(b);
}

uint64_t
book_size(const struct book *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->leaf[i].size + b->leaf[i].rows;
	return n;
}

static void
remove_first(struct book *b)
{
	remove_file(b, b->leaf[0].number, BOOK_ROWS);
	remove_file(b, b->leaf[0].number, BOOK_RECORDS);
	b->n--;
	memmove(b->leaf, b->leaf + 1, b->n * sizeof(*b->leaf));
}

static void
make_place(struct book *b)
{
	while (b->n > 1 && book_size(b) > b->most)
		remove_first(b);
}

static void
begin_leaf(struct book *b)
{
	struct leaf l = { .begun = clock_wall_us(), .mended = true,
		.number = b->n > 0 ? last(b)->number + 1 : 1 };

	b->fd = book_open_file(b, l.number, BOOK_RECORDS,
	    O_WRONLY | O_CREAT | O_TRUNC);
	if (b->fd < 0) {
		b->out_n++;
		complain(b);
		b->out_n = 0;
		return;
	}
	b->rows_fd = book_open_file(b, l.number, BOOK_ROWS,
	    O_WRONLY | O_CREAT | O_TRUNC);
	segment_put_head(&b->out, l.begun);
	l.size = l.covered = b->block = SEGMENT_HEAD;
	b->leaf = xrealloc(b->leaf, (b->n + 1) * sizeof(*b->leaf));
	b->leaf[b->n++] = l;
	/* a flood must not wait for the next book_prune() */
	if (b->most > 0)
		make_place(b);
}

static bool
is_full(const struct book *b, const struct leaf *l)
{
	uint64_t most = b->most / LEAVES;

	return l->size > (most > 0 && most < LEAF_MOST ? most : LEAF_MOST) ||
	    clock_wall_us() / DAY_US != l->begun / DAY_US;
}

void
book_add(struct book *b, struct view octets, const struct event *e)
{
	size_t before;

	if (b->fd >= 0 && is_full(b, last(b)))
		book_close(b);
	if (b->fd < 0)
		begin_leaf(b);
	if (b->fd < 0)
		return;
	before = b->out.n;
	segment_put(&b->out, octets);
	b->out_n++;
	last(b)->size += (uint32_t)(b->out.n - before);
	prints_of(&b->prints, e);
	if (last(b)->size - b->block >= BLOCK)
		book_close_block(b, last(b)->size);
	if (b->out.n >= GATHER)
		book_write(b);
}

/* ---- pruning ---- */

/* The last one ends now, if it is older than a day. */
static bool
is_old(const struct book *b, int64_t before)
{
	int64_t end = b->n > 1 ? b->leaf[1].begun :
	    b->leaf[0].begun + DAY_US;

	return end < before;
}

void
book_prune(struct book *b, int64_t before)
{
	while (b->n > 0 && is_old(b, before)) {
		if (b->n == 1)
			book_close(b);
		/* one that cannot be written is gone with that */
		if (b->n > 0)
			remove_first(b);
	}
	make_place(b);
}

/* ---- reading ---- */

size_t
book_find(const struct book *b, uint32_t number)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (b->leaf[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
book_read(const struct book *b, uint32_t number, uint32_t at,
    uint32_t length, struct str *out)
{
	int fd = book_open_file(b, number, BOOK_RECORDS, O_RDONLY);
	char *room;
	bool fine;

	if (fd < 0)
		return false;
	str_reset(out);
	room = str_room(out, length);
	fine = file_pread_all(fd, room, length, at);
	if (fine)
		out->n = length;
	close(fd);
	return fine;
}

bool
book_read_rows(const struct book *b, uint32_t number, struct str *out)
{
	int fd = book_open_file(b, number, BOOK_ROWS, O_RDONLY);
	bool fine;

	str_reset(out);
	if (fd < 0)
		return false;
	fine = file_read_fd(fd, SIZE_MAX, out);
	close(fd);
	return fine;
}
