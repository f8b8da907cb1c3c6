/* SPDX-License-Identifier: ISC */
/*
 * backup_verify - every file that a list names, octet by octet
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/backup.h"
#include "ctl/backup_files.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "lib/base/file.h"

#define LIST_MOST ((size_t)1 << 30)

struct look {
	int set;
	size_t files, wrong;
	uint64_t octets;
};

static bool
complain(struct look *l, const char *dir, const char *name, const char *what)
{
	l->wrong++;
	fflush(stdout);
	fprintf(stderr, "%s%s: %s\n", dir, output_clean(view_of(name)), what);
	return false;
}

/* dir: for people, with its slash. */
static bool
look_at(struct look *l, int fd, const char *dir, const char *name,
    const struct sum *s)
{
	char hex[SUM_HEX];
	uint64_t size;

	if (!files_sum(fd, name, hex, &size))
		return complain(l, dir, name, strerror(errno));
	l->files++;
	l->octets += size;
	if (size != s->size || strcmp(hex, s->hex) != 0)
		return complain(l, dir, name, "is not what it was");
	if (isatty(STDOUT_FILENO) && l->files % 200 == 0) {
		printf("\r\033[K%zu files, %llu MB", l->files,
		    (unsigned long long)(l->octets >> 20));
		fflush(stdout);
	}
	return true;
}

/* The list at this path, which is what it was. */
static void
look_at_list(struct look *l, const char *path)
{
	char *dir = xstrndup(path, strlen(path) - strlen(SUMS_NAME));
	int fd = openat(l->set, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sums sums = { 0 };

	if (fd < 0 || !sums_read(&sums, fd))
		complain(l, dir, SUMS_NAME, strerror(errno));
	for (size_t i = 0; i < sums.n; i++) {
		char *name = xstrndup(sums.at[i].name.p, sums.at[i].name.n);

		look_at(l, fd, dir, name, &sums.at[i]);
		free(name);
	}
	if (fd >= 0)
		close(fd);
	sums_free(&sums);
	free(dir);
}

/* Of the list of lists, where it begins with its title. */
static bool
read_title(int set, struct str *text, struct view *rest)
{
	if (!file_read(set, BACKUP_LIST, LIST_MOST, text))
		return false;
	*rest = str_view(text);
	if (!view_starts(*rest, view_of(BACKUP_TITLE)))
		return false;
	*rest = view_skip(*rest, strlen(BACKUP_TITLE));
	return true;
}

int
backup_verify(int set, struct view below)
{
	struct look l = { .set = set };
	struct str text = { 0 };
	struct view rest = VIEW_NONE, line;
	struct sum s;

	if (!read_title(set, &text, &rest))
		complain(&l, "", BACKUP_LIST, "is not the list of a backup");
	while (rest.n > 0) {
		char *path;

		line = view_cut(&rest, '\n');
		if (!sums_line(line, &s)) {
			complain(&l, "", BACKUP_LIST, "has a broken line");
			continue;
		}
		path = xstrndup(s.name.p, s.name.n);
		if (view_starts(s.name, below) &&
		    look_at(&l, set, "", path, &s))
			look_at_list(&l, path);
		free(path);
	}
	str_free(&text);
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K");
	if (l.wrong > 0)
		return ctl_fail(EX_DATAERR, "%zu of %zu files are wrong",
		    l.wrong, l.files);
	if (below.n == 0)
		printf("%zu files (%llu octets) are what they were\n", l.files,
		    (unsigned long long)l.octets);
	return 0;
}
