/* SPDX-License-Identifier: ISC */
/*
 * maildir - opening, making, listing and removing directories
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/message.h"
#include "store/maildir.h"

static int mail_root = -1;

static int
beneath(int dirfd, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

bool
maildir_begin(const char *mail_dir)
{
	if (!file_mkdirs(mail_dir, 0700))
		return false;
	mail_root = open(mail_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return mail_root >= 0;
}

bool
maildir_sync(void)
{
	return syncfs(mail_root) == 0;
}

bool
maildir_path(
    struct str *out, struct view user, struct view folder, const char *part)
{
	if (!place_user(user, out))
		return false;
	if (folder.n > 0) {
		str_addc(out, '/');
		str_add(out, folder);
	}
	if (part[0] != '\0')
		str_addf(out, "/%s", part);
	return true;
}

int
maildir_open(const char *path)
{
	return beneath(mail_root, path, O_RDONLY | O_DIRECTORY);
}

int
maildir_open_file(int dirfd, const char *name)
{
	return openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

bool
maildir_read(int dirfd, const char *name, size_t max, struct str *out)
{
	int fd = maildir_open_file(dirfd, name), saved;
	bool ok = fd >= 0 && file_read_fd(fd, max, out);

	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

bool
maildir_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

void
maildir_uidvalidity_text(
    struct str *out, uint32_t uidvalidity, uint32_t uidnext)
{
	str_addf(out, "uidvalidity %u\nuidnext %u\n", uidvalidity, uidnext);
}

void
maildir_uidvalidity_read(
    struct view text, uint32_t *uidvalidity, uint32_t *uidnext)
{
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');
		struct view name = view_word(&line);
		uint64_t n;

		if (!view_u64(view_word(&line), UINT32_MAX, &n))
			continue;
		if (view_is(name, "uidvalidity"))
			*uidvalidity = (uint32_t)n;
		if (view_is(name, "uidnext"))
			*uidnext = (uint32_t)n;
	}
}

/*
 * Making a mailbox
 */

/* mkdir below an open directory and open it; syncs the parent if it is new. */
static int
enter(int dirfd, const char *name)
{
	bool made = mkdirat(dirfd, name, 0700) == 0;

	if (!made && errno != EEXIST)
		return -1;
	if (made && fsync(dirfd) < 0)
		return -1;
	return beneath(dirfd, name, O_RDONLY | O_DIRECTORY);
}

/* Walk down the path, making what is missing. */
static int
enter_path(const char *path)
{
	struct view rest = view_of(path);
	int fd = fcntl(mail_root, F_DUPFD_CLOEXEC, 0);

	while (fd >= 0 && rest.n > 0) {
		struct str part = { 0 };
		int next, saved;

		str_add(&part, view_cut(&rest, '/'));
		next = enter(fd, part.p);
		saved = errno;
		close(fd);
		str_free(&part);
		errno = saved;
		fd = next;
	}
	return fd;
}

static bool
make_parts(int fd)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	for (size_t i = 0; i < nitems(parts); i++)
		if (mkdirat(fd, parts[i], 0700) < 0 && errno != EEXIST)
			return false;
	return true;
}

void
maildir_create_run(void *arg)
{
	struct maildir_create *c = arg;
	struct str text = { 0 };
	int fd = enter_path(c->path);
	bool ok = fd >= 0 && make_parts(fd);

	if (ok && faccessat(fd, MAILDIR_UIDVALIDITY, F_OK, 0) < 0) {
		maildir_uidvalidity_text(&text, c->uidvalidity, 1);
		ok = file_replace(
		    fd, MAILDIR_UIDVALIDITY, str_view(&text), 0600);
	} else if (ok)
		ok = fsync(fd) == 0;
	if (ok && c->attributes.n > 0)
		ok = file_replace(fd, MAILDIR_ATTRIBUTES, c->attributes, 0600);
	c->error = ok ? 0 : errno;
	if (fd >= 0)
		close(fd);
	str_free(&text);
}

void
maildir_write_run(void *arg)
{
	struct maildir_write *w = arg;
	int fd = maildir_open(w->path);

	w->error = 0;
	if (fd < 0 || !file_replace(fd, w->name, w->text, 0600))
		w->error = errno;
	if (fd >= 0)
		close(fd);
}

/*
 * The user's directory
 */

static bool
is_directory(int dirfd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* A mailbox with what its little files tell. */
static void
list_folder(struct maildir_list *l, int fd, struct view folder)
{
	struct str name = { 0 }, text = { 0 };
	uint32_t uidvalidity = 0, uidnext = 0;
	int box;

	str_add(&name, folder.n > 0 ? folder : VIEW_LIT("."));
	box = beneath(fd, name.p, O_RDONLY | O_DIRECTORY);
	str_free(&name);
	if (box >= 0 &&
	    maildir_read(box, MAILDIR_UIDVALIDITY, MAILDIR_FILE_MAX, &text))
		maildir_uidvalidity_read(
		    str_view(&text), &uidvalidity, &uidnext);
	str_reset(&text);
	if (box >= 0 &&
	    !maildir_read(box, MAILDIR_ATTRIBUTES, ATTRIBUTES_FILE_MAX, &text))
		str_reset(&text);
	if (box >= 0)
		close(box);
	list_put(&l->folders, folder);
	list_put_u32(&l->validities, uidvalidity);
	list_put(&l->attributes, str_view(&text));
	str_free(&text);
}

static void
list_entry(struct maildir_list *l, int fd, struct view name)
{
	struct str mailbox = { 0 };

	if (view_starts(name, VIEW_LIT(MAILDIR_TRASH)))
		list_put(&l->trash, name);
	else if (place_mailbox(name, &mailbox))
		list_folder(l, fd, name);
	str_free(&mailbox);
}

void
maildir_list_free(struct maildir_list *l)
{
	str_free(&l->folders);
	str_free(&l->validities);
	str_free(&l->attributes);
	str_free(&l->trash);
}

void
maildir_list_run(void *arg)
{
	struct maildir_list *l = arg;
	int fd = maildir_open(l->path);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	l->error = d == NULL ? errno : 0;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (faccessat(fd, "cur", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		list_folder(l, fd, VIEW_NONE);
	errno = 0;
	while ((e = readdir(d)) != NULL) {
		if (is_directory(fd, e))
			list_entry(l, fd, view_of(e->d_name));
		errno = 0;
	}
	l->error = errno;
	closedir(d);
}

static bool
move(int fd, struct view from, struct view to)
{
	struct str old = { 0 }, new = { 0 };
	bool ok;

	str_add(&old, from);
	str_add(&new, to);
	ok = renameat(fd, str_c(&old), fd, str_c(&new)) == 0 ||
	    errno == ENOENT;
	str_free(&old);
	str_free(&new);
	return ok;
}

void
maildir_move_run(void *arg)
{
	struct maildir_move *m = arg;
	struct view rest = m->names, from, to;
	int fd = maildir_open(m->path);
	bool ok = fd >= 0;

	while (ok && list_next(&rest, &from) && list_next(&rest, &to))
		ok = move(fd, from, to);
	m->error = ok && fsync(fd) == 0 ? 0 : errno;
	if (fd >= 0)
		close(fd);
}

/* Unlink the files of one directory; a stranger's subdirectory stays. */
static void
empty(int dirfd, const char *name)
{
	int fd = beneath(dirfd, name, O_RDONLY | O_DIRECTORY);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (!is_directory(fd, e))
			unlinkat(fd, e->d_name, 0);
	closedir(d);
}

void
maildir_remove_run(void *arg)
{
	static const char *const parts[] = { "cur", "new", "tmp" };
	struct maildir_remove *r = arg;
	int fd = maildir_open(r->path);
	int box = fd >= 0 ? beneath(fd, r->name, O_RDONLY | O_DIRECTORY) : -1;

	for (size_t i = 0; box >= 0 && i < nitems(parts); i++) {
		empty(box, parts[i]);
		unlinkat(box, parts[i], AT_REMOVEDIR);
	}
	if (box >= 0) {
		close(box);
		empty(fd, r->name);
	}
	r->error = 0;
	if (fd >= 0 && unlinkat(fd, r->name, AT_REMOVEDIR) < 0 &&
	    !maildir_missing(errno))
		r->error = errno;
	if (fd >= 0)
		close(fd);
}
