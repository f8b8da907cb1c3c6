/* SPDX-License-Identifier: ISC */
/*
 * backup_files - open, read, digest, write
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "ctl/backup_files.h"
#include "lib/base/file.h"

#define STEP		((size_t)256 << 10)
#define LIST_MOST	((size_t)1 << 30)	/* octets of a list */

/* ---- lists ---- */

struct view
sums_base(struct view name)
{
	size_t at = view_rfind(name, '/');

	if (at < name.n)
		name = view_skip(name, at + 1);
	return (struct view){ name.p, view_find(name, ':') };
}

static int
by_base(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return view_cmp(x->base, y->base);
}

bool
sums_line(struct view line, struct sum *s)
{
	struct view hex = view_cut(&line, ' ');

	if (hex.n != SUM_HEX - 1 ||
	    !view_u64(view_cut(&line, ' '), UINT64_MAX, &s->size) ||
	    line.n == 0 || line.p[0] == '/' || view_find(line, '\0') < line.n)
		return false;
	memcpy(s->hex, hex.p, hex.n);
	s->hex[hex.n] = '\0';
	s->name = line;
	s->base = sums_base(line);
	return true;
}

bool
sums_read(struct sums *s, int dir)
{
	struct view rest;

	*s = (struct sums){ 0 };
	if (!file_read(dir, SUMS_NAME, LIST_MOST, &s->text))
		return false;
	rest = str_view(&s->text);
	s->at = xcalloc(view_count(rest, '\n') + 1, sizeof(*s->at));
	while (rest.n > 0)
		if (!sums_line(view_cut(&rest, '\n'), &s->at[s->n++])) {
			sums_free(s);
			errno = EBADMSG;
			return false;
		}
	qsort(s->at, s->n, sizeof(*s->at), by_base);
	return true;
}

const struct sum *
sums_find(const struct sums *s, struct view base)
{
	const struct sum key = { .base = base };

	return s->n == 0 ? NULL :
	    bsearch(&key, s->at, s->n, sizeof(*s->at), by_base);
}

void
sums_free(struct sums *s)
{
	str_free(&s->text);
	free(s->at);
	*s = (struct sums){ 0 };
}

void
sums_put(struct str *text, const char *hex, uint64_t size, const char *name)
{
	str_addf(text, "%s %llu %s\n", hex, (unsigned long long)size, name);
}

/* ---- files ---- */

/* to: -1, or where it is written as well. */
static bool
pass(int from, int to, EVP_MD_CTX *digest, uint64_t *size)
{
	char *piece = xmalloc(STEP);
	ssize_t n;
	bool ok = true;

	*size = 0;
	while (ok && (n = read(from, piece, STEP)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		ok = n > 0 && EVP_DigestUpdate(digest, piece, (size_t)n) == 1 &&
		    (to < 0 || file_write_all(to, view_bytes(piece, (size_t)n)));
		*size += n > 0 ? (uint64_t)n : 0;
	}
	free(piece);
	return ok;
}

static bool
digest(int from, int to, char hex[SUM_HEX], uint64_t *size)
{
	EVP_MD_CTX *d = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	bool ok = d != NULL && EVP_DigestInit_ex(d, EVP_sha256(), NULL) == 1 &&
	    pass(from, to, d, size) && EVP_DigestFinal_ex(d, sum, NULL) == 1;

	for (size_t i = 0; ok && i < (SUM_HEX - 1) / 2; i++) {
		static const char digits[] = "0123456789abcdef";

		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[SUM_HEX - 1] = '\0';
	EVP_MD_CTX_free(d);
	return ok;
}

static int
open_file(int dir, const char *name, struct stat *st)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

bool
files_sum(int dir, const char *name, char hex[SUM_HEX], uint64_t *size)
{
	struct stat st;
	int fd = open_file(dir, name, &st);
	bool ok = fd >= 0 && digest(fd, -1, hex, size);

	if (fd >= 0)
		close(fd);
	return ok;
}

bool
files_copy(int from, const char *name, int to, const char *as, mode_t mode,
    char hex[SUM_HEX], uint64_t *size)
{
	struct stat st;
	int in = open_file(from, name, &st), out = -1, saved;
	struct timespec times[2];
	bool ok = in >= 0;

	if (ok)
		out = openat(to, as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
		    O_NOFOLLOW, mode);
	ok = ok && out >= 0 && digest(in, out, hex, size);
	if (ok) {
		times[0] = st.st_atim;
		times[1] = st.st_mtim;
		ok = futimens(out, times) == 0;
	}
	saved = errno;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) < 0 && ok) {
		saved = errno;
		ok = false;
	}
	if (out >= 0 && !ok)
		unlinkat(to, as, 0);
	errno = saved;
	return ok;
}

int
files_dir(int parent, const char *name)
{
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

bool
files_each(int dir, const char *name, bool (*fn)(void *arg,
    const char *name), void *arg)
{
	int fd = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool ok = d != NULL;
	int saved;

	if (d == NULL && fd >= 0)
		close(fd);
	errno = d == NULL ? errno : 0;
	while (ok && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			ok = fn(arg, e->d_name);
		errno = ok ? 0 : errno;
	}
	ok = ok && errno == 0;
	saved = errno;
	if (d != NULL)
		closedir(d);
	errno = saved;
	return ok;
}

static bool
remove_one(void *arg, const char *name)
{
	return files_remove(*(int *)arg, name);
}

bool
files_remove(int parent, const char *name)
{
	int dir;
	bool ok;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return false;
	dir = openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return false;
	ok = files_each(dir, ".", remove_one, &dir);
	close(dir);
	return ok && unlinkat(parent, name, AT_REMOVEDIR) == 0;
}
