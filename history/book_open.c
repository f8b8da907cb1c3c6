/* SPDX-License-Identifier: ISC */
/*
 * book_open - what a start finds, and rows that are missing
 *
 * doc/HISTORY.md has the table of what a crash can leave. Nothing of it keeps
 * the program from starting: what cannot be read is cut off or removed.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "history/book.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define PIECE	(1u << 20)	/* octets that are looked at at once */

/* ---- the directory ---- */

/* "NAME-0000002a": its number, 0 for anything else. */
static uint32_t
number_of(const struct book *b, const char *file)
{
	size_t n = strlen(b->name);
	uint32_t number = 0;

	if (strncmp(file, b->name, n) != 0 || file[n] != '-' ||
	    strlen(file) != n + 9)
		return 0;
	for (const char *p = file + n + 1; *p != '\0'; p++) {
		if (!is_digit(*p) && !(*p >= 'a' && *p <= 'f'))
			return 0;
		number = number << 4 | (uint32_t)(is_digit(*p) ? *p - '0' :
		    *p - 'a' + 10);
	}
	return number;
}

/* False: it is none of ours, or empty. */
static bool
look_at(const struct book *b, struct leaf *l)
{
	int fd = book_open_file(b, l->number, BOOK_RECORDS, O_RDONLY);
	char head[SEGMENT_HEAD];
	struct stat st;
	bool fine;

	if (fd < 0)
		return false;
	fine = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= SEGMENT_HEAD && st.st_size <= INT32_MAX &&
	    file_pread_all(fd, head, sizeof(head), 0) &&
	    segment_read_head(view_bytes(head, sizeof(head)), &l->begun);
	close(fd);
	if (fine)
		l->size = (uint32_t)st.st_size;
	fd = book_open_file(b, l->number, BOOK_ROWS, O_RDONLY);
	if (fine && fd >= 0 && fstat(fd, &st) == 0)
		l->rows = (uint64_t)st.st_size;
	if (fd >= 0)
		close(fd);
	l->covered = SEGMENT_HEAD;
	return fine;
}

static void
add_leaf(struct book *b, const char *file)
{
	struct leaf l = { .number = number_of(b, file) };

	if (l.number == 0)
		return;
	if (!look_at(b, &l)) {
		log_warning("history", "%s is no file of history: removed",
		    file);
		unlinkat(b->dir, file, 0);
		return;
	}
	b->leaf = xrealloc(b->leaf, (b->n + 1) * sizeof(*b->leaf));
	b->leaf[b->n++] = l;
}

static int
by_number(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void
list(struct book *b)
{
	int copy = openat(b->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		add_leaf(b, e->d_name);
	closedir(d);
	if (b->n > 1)
		qsort(b->leaf, b->n, sizeof(*b->leaf), by_number);
}

/* ---- rows ---- */

/* How far the rows are good; those behind are made again. */
static void
read_rows(struct book *b, struct leaf *l)
{
	struct str octets = { 0 };
	struct view rest;
	struct row r;

	l->covered = SEGMENT_HEAD;
	l->rows = 0;
	if (!book_read_rows(b, l->number, &octets))
		return;
	rest = str_view(&octets);
	while (row_next(&rest, l->covered, &r) == SEGMENT_MORE &&
	    r.at + r.length <= l->size) {
		l->covered += r.length;
		l->rows = octets.n - rest.n;
	}
	str_free(&octets);
}

static void
torn(struct book *b, struct leaf *l, uint32_t at)
{
	int fd = book_open_file(b, l->number, BOOK_RECORDS, O_WRONLY);

	log_warning("history", "segment %08x of %s: %u octets at its end are "
	    "no record: cut off", l->number, b->name, l->size - at);
	if (fd < 0 || ftruncate(fd, at) < 0)
		log_warning("history", "cannot cut it: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	l->size = at;
}

/* Rows for what begins at l->covered and is read; the prints of what does not
 * fill a block are left in b->prints. Returns where the last record ends. */
static uint32_t
make_rows(struct book *b, const struct leaf *l, struct view octets)
{
	struct view rest = octets, one;
	struct event e;
	uint32_t at = l->covered;

	b->prints.n = 0;
	b->block = l->covered;
	while (segment_next(&rest, &one) == SEGMENT_MORE) {
		at = l->covered + (uint32_t)(octets.n - rest.n);
		if (event_read(one, &e))
			prints_of(&b->prints, &e);
		if (at - b->block >= BLOCK)
			book_close_block(b, at);
	}
	return at;
}

static bool
append_rows(struct book *b, struct leaf *l)
{
	int fd = book_open_file(b, l->number, BOOK_ROWS, O_WRONLY | O_CREAT);
	bool fine = fd >= 0 && ftruncate(fd, (off_t)l->rows) == 0 &&
	    file_pwrite_all(fd, str_view(&b->rows_out), (off_t)l->rows);

	if (fd >= 0)
		close(fd);
	if (fine) {
		l->rows += b->rows_out.n;
		l->covered = b->block;
	}
	str_reset(&b->rows_out);
	return fine;
}

/* One piece. True: there is more. is_last: its last block stays open. */
static bool
mend(struct book *b, struct leaf *l, bool is_last)
{
	struct str octets = { 0 };
	uint32_t left = l->size - l->covered, end;
	uint32_t n = left < PIECE ? left : PIECE;

	if (n == 0 || !book_read(b, l->number, l->covered, n, &octets)) {
		b->block = l->covered;
		b->prints.n = 0;
		return false;
	}
	end = make_rows(b, l, str_view(&octets));
	str_free(&octets);
	if (end < l->covered + n && (n == left || b->block == l->covered)) {
		torn(b, l, end);
		left = n = end - l->covered;
	}
	if (n == left && !is_last)
		book_close_block(b, end);
	return append_rows(b, l) && n < left;
}

bool
book_mend(struct book *b)
{
	static struct book other;	/* the open block is b's */
	struct leaf *l = NULL;

	for (size_t i = 0; i + (b->fd >= 0) < b->n && l == NULL; i++)
		if (!b->leaf[i].mended)
			l = &b->leaf[i];
	if (l == NULL)
		return false;
	other.name = b->name;
	other.dir = b->dir;
	if (l->covered == SEGMENT_HEAD)
		read_rows(b, l);
	l->mended = !mend(&other, l, false);
	return true;
}

void
book_open(struct book *b, int dir, const char *name)
{
	struct leaf *l;

	*b = (struct book){ .name = name, .dir = dir, .fd = -1,
		.rows_fd = -1 };
	list(b);
	if (b->n == 0)
		return;
	l = &b->leaf[b->n - 1];
	read_rows(b, l);
	while (mend(b, l, true))
		continue;
	l->mended = l->covered == b->block;
	b->fd = book_open_file(b, l->number, BOOK_RECORDS,
	    O_WRONLY | O_APPEND);
	if (l->mended)
		b->rows_fd = book_open_file(b, l->number, BOOK_ROWS,
		    O_WRONLY | O_APPEND | O_CREAT);
}
