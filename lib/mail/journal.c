/* SPDX-License-Identifier: ISC */
/*
 * journal - append-only segments of checksummed records
 *
 * On disk a record is: magic u32, checksum u32 (CRC-32C of the segment's number
 * and of all that follows), length of the payload u32, type u16, zero u16,
 * payload, zeros to a multiple of eight. The number of the segment in the
 * checksum keeps a copied or recycled segment from being believed.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/bytes.h"
#include "lib/base/crc.h"
#include "lib/base/file.h"
#include "lib/mail/journal.h"

#define MAGIC		0x50484a31u	/* "PHJ1" */
#define ALIGN		8u
#define SPARE_NAME	"spare"
#define BEGUN_SIZE	(RECORD_HEAD + 8u)

size_t
record_begin(struct str *batch, enum record_type type)
{
	size_t begin = batch->n;

	put_u32(batch, MAGIC);
	put_u32(batch, 0);
	put_u32(batch, 0);
	put_u16(batch, type);
	put_u16(batch, 0);
	return begin;
}

static void
write_u32(char *p, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		p[i] = (char)(n & 255);
}

static uint32_t
read_u32(const char *p)
{
	struct bytes b = { .rest = { p, 4 } };

	return get_u32(&b);
}

void
record_end(struct str *batch, size_t begin)
{
	static const char zeros[ALIGN];
	size_t n = batch->n - begin - RECORD_HEAD;

	must(n <= RECORD_MOST);
	write_u32(batch->p + begin + 8, (uint32_t)n);
	if (batch->n % ALIGN != 0)
		str_addn(batch, zeros, ALIGN - batch->n % ALIGN);
}

static void
put_place(struct str *batch, enum record_type type, struct place place)
{
	size_t begin = record_begin(batch, type);

	put_u32(batch, place.segment);
	put_u32(batch, place.at);
	record_end(batch, begin);
}

void
record_synced(struct str *batch, struct place place)
{
	put_place(batch, RECORD_SYNCED, place);
}

bool
record_read_place(struct view payload, struct place *place)
{
	struct bytes b = { .rest = payload };
	struct place p;

	p.segment = get_u32(&b);
	p.at = get_u32(&b);
	if (!b.bad)
		*place = p;
	return !b.bad;
}

bool
place_is_before(struct place a, struct place b)
{
	return a.segment < b.segment ||
	       (a.segment == b.segment && a.at < b.at);
}

static uint32_t
checksum(uint32_t number, const char *record, size_t payload)
{
	char seed[4];

	write_u32(seed, number);
	return crc32c(crc32c(0, view_bytes(seed, sizeof(seed))),
	    view_bytes(record + 8, RECORD_HEAD - 8 + payload));
}

/* The size of the record with its padding; 0 when there is none here. */
static size_t
valid(struct view v, uint32_t number)
{
	size_t n, whole;

	if (v.n < RECORD_HEAD || read_u32(v.p) != MAGIC)
		return 0;
	n = read_u32(v.p + 8);
	whole = (RECORD_HEAD + n + ALIGN - 1) / ALIGN * ALIGN;
	if (n > RECORD_MOST || whole > v.n ||
	    checksum(number, v.p, n) != read_u32(v.p + 4))
		return 0;
	return whole;
}

static void
tell(struct view record, const struct journal_reader *reader)
{
	struct bytes b = { .rest = view_skip(record, 12) };
	unsigned type = get_u16(&b);
	struct view payload = { record.p + RECORD_HEAD,
		read_u32(record.p + 8) };
	struct place before;

	if (type == RECORD_BEGUN) {
		if (reader->begun != NULL && record_read_place(payload, &before))
			reader->begun(reader->arg, before);
	} else if (type > 0 && type < RECORD_LIMIT) {
		reader->record(reader->arg, type, payload);
	}
}

size_t
journal_scan(struct view segment, uint32_t number,
    const struct journal_reader *reader)
{
	size_t end = 0;

	for (size_t at = 0; at + RECORD_HEAD <= segment.n;) {
		size_t n = valid(view_skip(segment, at), number);

		if (n == 0) {
			at += ALIGN;
			continue;
		}
		if (at > end)
			reader->damage(reader->arg, end, at - end);
		tell(view_bytes(segment.p + at, n), reader);
		at += n;
		end = at;
	}
	return end;
}

char *
journal_name(uint32_t number, char out[16])
{
	snprintf(out, 16, "%08u.log", number % 100000000u);
	return out;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool
journal_list(int dirfd_, uint32_t **numbers, size_t *n)
{
	int fd = openat(dirfd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t number;

	*numbers = NULL;
	*n = 0;
	if (dir == NULL)
		return false;
	while ((e = readdir(dir)) != NULL) {
		struct view name = view_of(e->d_name);

		if (name.n != 12 || !view_ends(name, VIEW_LIT(".log")) ||
		    !view_u64(view_bytes(name.p, 8), 99999999, &number))
			continue;
		*numbers = xrealloc(*numbers, (*n + 1) * sizeof(**numbers));
		(*numbers)[(*n)++] = (uint32_t)number;
	}
	closedir(dir);
	if (*n > 0)
		qsort(*numbers, *n, sizeof(**numbers), by_number);
	return true;
}

void
journal_open(struct journal *j, int dir, uint32_t number)
{
	*j = (struct journal){ .dir = dir, .number = number - 1, .fd = -1,
		.spare = -1 };
	unlinkat(dir, SPARE_NAME, 0);
}

/* Keep errno across the closing of a descriptor. */
static void
drop_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* Half of one takes room that others may need. */
static void
remove_spare(int dir)
{
	int saved = errno;

	unlinkat(dir, SPARE_NAME, 0);
	errno = saved;
}

void
journal_close(struct journal *j)
{
	drop_fd(&j->fd);
	drop_fd(&j->spare);
}

int
journal_make_spare(int dir)
{
	static const char zeros[64 * 1024];
	int fd = openat(dir, SPARE_NAME, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done = fd >= 0;

	for (size_t at = 0; done && at < SEGMENT_SIZE; at += sizeof(zeros))
		done = file_pwrite_all(fd, view_bytes(zeros, sizeof(zeros)),
		    (off_t)at);
	if (!done || fsync(fd) < 0) {
		drop_fd(&fd);
		remove_spare(dir);
	}
	return fd;
}

/* The name is durable before the first record is. */
static bool
next_segment(struct journal *j)
{
	char name[16];

	drop_fd(&j->fd);
	j->before = (struct place){ j->number, (uint32_t)j->at };
	if (j->spare < 0)
		j->spare = journal_make_spare(j->dir);
	if (j->spare < 0)
		return false;
	journal_name(j->number + 1, name);
	if (renameat(j->dir, SPARE_NAME, j->dir, name) < 0) {
		drop_fd(&j->spare);
		return false;
	}
	j->number++;
	j->at = 0;
	if (fsync(j->dir) < 0) {
		drop_fd(&j->spare);
		return false;
	}
	j->fd = j->spare;
	j->spare = -1;
	return true;
}

/* How much of the batch fits into this segment, whole records only. */
static size_t
fitting(const struct journal *j, struct view batch)
{
	size_t n = 0, at = j->at > 0 ? j->at : BEGUN_SIZE;

	while (n < batch.n) {
		size_t whole = (RECORD_HEAD + read_u32(batch.p + n + 8) +
		    ALIGN - 1) / ALIGN * ALIGN;

		if (at + n + whole > SEGMENT_SIZE)
			break;
		n += whole;
	}
	return n;
}

void
journal_seal(uint32_t number, char *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		size_t payload = read_u32(p + at + 8);

		write_u32(p + at + 4, checksum(number, p + at, payload));
		at += (RECORD_HEAD + payload + ALIGN - 1) / ALIGN * ALIGN;
	}
}

static bool
write_part(struct journal *j, char *p, size_t n)
{
	journal_seal(j->number, p, n);
	if (!file_pwrite_all(j->fd, view_bytes(p, n), (off_t)j->at) ||
	    fdatasync(j->fd) < 0)
		return false;
	j->at += n;
	return true;
}

/* The first part goes with the record that begins the segment, in one write. */
static bool
write_first(struct journal *j, struct view part)
{
	struct str first = { 0 };
	bool done;

	put_place(&first, RECORD_BEGUN, j->before);
	str_add(&first, part);
	done = write_part(j, first.p, first.n);
	str_free(&first);
	return done;
}

bool
journal_write(struct journal *j, struct str *batch)
{
	for (size_t at = 0; at < batch->n;) {
		size_t n = j->fd < 0 ? 0 :
		    fitting(j, view_skip(str_view(batch), at));
		bool done = n == 0 ? next_segment(j) : j->at == 0 ?
		    write_first(j, view_bytes(batch->p + at, n)) :
		    write_part(j, batch->p + at, n);

		if (!done) {
			drop_fd(&j->fd);
			return false;
		}
		at += n;
	}
	return true;
}

/* For writing; -1 with errno. */
static int
open_segment(int dir, uint32_t number)
{
	char name[16];

	return openat(dir, journal_name(number, name),
	    O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

bool
journal_sync(int dir, uint32_t number)
{
	int fd = open_segment(dir, number);
	bool done = fd >= 0 && fdatasync(fd) == 0;

	drop_fd(&fd);
	return done;
}

int
journal_recycle(int dir, uint32_t number)
{
	char name[16];
	int fd = open_segment(dir, number);

	journal_name(number, name);
	if (fd >= 0 && (renameat(dir, name, dir, SPARE_NAME) < 0 ||
	    fsync(dir) < 0))
		drop_fd(&fd);
	return fd;
}

bool
journal_remove(int dir, uint32_t number, int aside)
{
	char name[16];

	journal_name(number, name);
	if (aside >= 0 && ((renameat(dir, name, aside, name) < 0 &&
	    errno != ENOENT) || fsync(aside) < 0))
		return false;
	if (aside < 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return false;
	return fsync(dir) == 0;
}
