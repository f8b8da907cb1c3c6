/* SPDX-License-Identifier: ISC */
/*
 * scan - reading a mailbox directory, and naming what came from elsewhere
 *
 * Runs in a thread of the pool and touches nothing but its struct. Parts of
 * maildir.h.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/mail/wire.h"
#include "lib/proc/message.h"
#include "store/maildir.h"

static struct maildir_file *
file_new(struct maildir_scan *s)
{
	s->files = xgrow(s->files, s->count, &s->cap, sizeof(*s->files));
	s->files[s->count] = (struct maildir_file){ 0 };
	return &s->files[s->count];
}

static void
scan_entry(struct maildir_scan *s, int fd, const char *name, bool fresh)
{
	struct maildir_file *f = file_new(s);
	struct stat st;

	f->name = arena_copy(&s->arena, view_of(name));
	f->fresh = fresh;
	if (!place_parse(view_of(f->name), s->host, &f->m))
		return;
	f->size = f->m.size;
	if (s->stat_all || fresh || f->m.uid == 0 || !f->m.sized) {
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			return;
		f->size = (uint64_t)st.st_size;
		f->date = st.st_mtime;
	}
	s->count++;
}

static bool
scan_part(struct maildir_scan *s, const char *part)
{
	struct str path = { 0 };
	DIR *d;
	struct dirent *e;
	int fd;

	str_addf(&path, "%s/%s", s->path, part);
	fd = maildir_open(path.p);
	str_free(&path);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		s->error = errno;
		if (fd >= 0)
			close(fd);
		/* a CREATE that was cut off has made cur/ alone */
		if (s->error == ENOENT && part[0] == 'n')
			s->error = 0;
		return s->error == 0;
	}
	errno = 0;
	while ((e = readdir(d)) != NULL) {
		if (e->d_type == DT_REG || e->d_type == DT_UNKNOWN)
			scan_entry(s, fd, e->d_name, part[0] == 'n');
		errno = 0;
	}
	s->error = errno;
	closedir(d);
	return s->error == 0;
}

static void
read_uidvalidity(struct maildir_scan *s, struct view text)
{
	maildir_uidvalidity_read(text, &s->uidvalidity, &s->uidnext);
}

/* One keyword a line, the first is letter a. */
static void
read_keywords(struct maildir_scan *s, struct view text)
{
	for (int i = 0; i < 64 && text.n > 0; i++)
		list_put(&s->keywords, view_trim(view_cut(&text, '\n')));
}

static void
read_text(struct maildir_scan *s, int fd, const char *name,
    void (*f)(struct maildir_scan *, struct view))
{
	struct str text = { 0 };

	if (maildir_read(fd, name, MAILDIR_FILE_MAX, &text))
		f(s, str_view(&text));
	str_free(&text);
}

/* Store's own names there begin with 16 hexadecimal digits. */
static bool
is_leftover(struct view name)
{
	for (size_t i = 0; i < 16; i++)
		if (i >= name.n ||
		    memchr("0123456789ABCDEF", name.p[i], 16) == NULL)
			return false;
	return name.n == 16 || name.p[16] == '.';
}

static void
clear_tmp(int box)
{
	int fd = openat(box, "tmp",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_leftover(view_of(e->d_name)))
			unlinkat(fd, e->d_name, 0);
	if (d != NULL)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

void
maildir_scan_run(void *arg)
{
	struct maildir_scan *s = arg;
	int fd = maildir_open(s->path);

	s->error = fd < 0 ? errno : 0;
	if (fd < 0)
		return;
	read_text(s, fd, MAILDIR_UIDVALIDITY, read_uidvalidity);
	read_text(s, fd, MAILDIR_KEYWORDS, read_keywords);
	if (s->clear_tmp)
		clear_tmp(fd);
	close(fd);
	if (scan_part(s, "cur"))
		scan_part(s, "new");
}

void
maildir_scan_free(struct maildir_scan *s)
{
	arena_reset(&s->arena);
	free(s->files);
	str_free(&s->keywords);
	s->files = NULL;
	s->count = s->cap = 0;
}

/*
 * Taking in
 */

/* Write the converted text to tmp/ under the final name, with the old time. It
 * is not safe yet. */
static bool
write_copy(int box, const char *to, struct view text, const struct stat *old)
{
	struct timespec times[2] = { old->st_atim, old->st_mtim };
	struct str path = { 0 };
	int fd;
	bool ok;

	str_addf(&path, "tmp/%s", to);
	unlinkat(box, path.p, 0);
	fd = openat(box, path.p,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ok = fd >= 0 && file_write_all(fd, text) && futimens(fd, times) == 0;
	if (fd >= 0)
		close(fd);
	str_free(&path);
	return ok;
}

/* If the file needs conversion: the copy is made, r->size says how large. */
static bool
convert(int box, const char *from, struct maildir_rename *r)
{
	int fd = maildir_open_file(box, from);
	struct view in = fd >= 0 ? file_map(fd) : (struct view){ NULL, 0 };
	struct str out = { 0 };
	struct stat st;
	bool ok = in.p != NULL && fstat(fd, &st) == 0;

	if (ok && wire_lines(in, &out)) {
		ok = write_copy(box, r->to.p, str_view(&out), &st);
		r->size = out.n;
	}
	if (in.p != NULL)
		file_unmap(in);
	if (fd >= 0)
		close(fd);
	str_free(&out);
	return ok;
}

static void
path_from(const struct maildir_rename *r, struct str *out)
{
	str_addf(out, "%s/%s", r->from->fresh ? "new" : "cur", r->from->name);
}

static void
make_copy(int box, struct maildir_rename *r)
{
	struct str from = { 0 };

	path_from(r, &from);
	if (r->convert && !convert(box, from.p, r))
		r->error = errno ? errno : EIO;
	str_free(&from);
}

/* The copy takes the place of what it was made of, and the name tells the new
 * size. */
static bool
put_copy(int box, const char *host, const char *from, struct maildir_rename *r,
    struct str *to)
{
	struct str temp = { 0 };
	struct place_message m;
	bool ok;

	str_addf(&temp, "tmp/%s", r->to.p);
	ok = place_parse(str_view(&r->to), host, &m) &&
	    renameat(box, temp.p, box, from) == 0;
	m.size = r->size;
	place_write(to, &m, host);
	str_free(&temp);
	return ok;
}

/* One message has one name at any time, whatever strikes. */
static void
put_name(int box, const char *host, struct maildir_rename *r)
{
	struct str from = { 0 }, to = { 0 };
	bool ok = true;

	path_from(r, &from);
	str_adds(&to, "cur/");
	if (r->size != 0)
		ok = put_copy(box, host, from.p, r, &to);
	else
		str_add(&to, str_view(&r->to));
	if (!ok || renameat(box, from.p, box, to.p) < 0)
		r->error = errno ? errno : EIO;
	str_free(&from);
	str_free(&to);
}

/* Many copies are made safe at once, before the first takes its place. */
void
maildir_adopt_run(void *arg)
{
	struct maildir_adopt *a = arg;
	int fd = maildir_open(a->path);
	bool copies = false;

	a->error = fd < 0 ? errno : 0;
	if (fd < 0)
		return;
	for (size_t i = 0; i < a->count; i++) {
		make_copy(fd, &a->renames[i]);
		copies |= a->renames[i].size != 0;
	}
	if (copies && syncfs(fd) < 0)
		a->error = errno;
	for (size_t i = 0; i < a->count && a->error == 0; i++) {
		if (a->renames[i].error == 0)
			put_name(fd, a->host, &a->renames[i]);
		a->error = a->renames[i].error;
	}
	if (!file_sync_dir(fd, "cur") || !file_sync_dir(fd, "new"))
		a->error = errno;
	close(fd);
}
