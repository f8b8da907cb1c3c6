/* SPDX-License-Identifier: ISC */
/*
 * drop - write a letter where the server will find it
 *
 * Under a name that begins with a dot first; the rename makes it visible when
 * every octet is on disk. Who may not read the directory cannot sync it either:
 * then the whole file system is synced, which is as good and rare enough.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "sendmail/drop.h"

static void
text_make(struct str *out, const struct letter *l, const struct caller *c)
{
	str_addf(out, "uid %u\nsender %.*s\n", (unsigned)c->uid,
	    VIEW(l->sender));
	for (size_t i = 0; i < l->rcpts; i++)
		if (!l->refused[i])
			str_addf(out, "rcpt %.*s\n", VIEW(l->rcpt[i]));
	str_adds(out, "\n");
	str_add(out, str_view(&l->content));
}

static bool
name_make(char *name, size_t room)
{
	uint64_t r[2];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return false;
	snprintf(name, room, ".%016" PRIx64 "%016" PRIx64 ".tmp", r[0], r[1]);
	return true;
}

static bool
sync_names(int dir, int fd)
{
	return file_sync_dir(dir, ".") || syncfs(fd) == 0;
}

static bool
write_file(int dir, struct view text)
{
	char name[64], final[33];
	bool ok;
	int fd;

	if (!name_make(name, sizeof(name)))
		return false;
	memcpy(final, name + 1, 32);
	final[32] = '\0';
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0644);
	if (fd < 0)
		return false;
	/* whatever the umask: the queue's user has to read it */
	ok = fchmod(fd, 0644) == 0 && file_write_all(fd, text) &&
	    fsync(fd) == 0 && renameat(dir, name, dir, final) == 0 &&
	    sync_names(dir, fd);
	if (!ok) {
		int error = errno;

		unlinkat(dir, name, 0);
		unlinkat(dir, final, 0);
		errno = error;
	}
	close(fd);
	return ok;
}

bool
drop_write(const struct letter *l, const char *spool_dir,
    const struct caller *c, struct why *w)
{
	struct str path = { 0 }, text = { 0 };
	int dir;
	bool ok;

	str_addf(&path, "%s/drop", spool_dir);
	text_make(&text, l, c);
	dir = open(str_c(&path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	ok = (dir >= 0 && write_file(dir, str_view(&text))) ||
	    why_later(w, "3.0", "%s: %m", str_c(&path));
	if (dir >= 0)
		close(dir);
	str_free(&path);
	str_free(&text);
	return ok;
}

/* "word value" of the text in front; the value is taken. */
static bool
take_value(struct view line, const char *word, struct view *value)
{
	struct view w = view_of(word);

	if (!view_starts(line, w))
		return false;
	*value = view_skip(line, w.n);
	return true;
}

bool
drop_parse(struct letter *l, struct view text)
{
	struct view line, value;
	struct why w;
	unsigned senders = 0;

	while (text.n > 0 && (line = view_cut(&text, '\n')).n > 0) {
		if (take_value(line, "sender ", &value)) {
			l->sender = arena_view(l->arena, value);
			senders++;
		} else if (take_value(line, "rcpt ", &value)) {
			if (!letter_rcpt_add(l, value, "", &w) ||
			    view_find(value, '@') == value.n)
				return false;
		} else if (!take_value(line, "uid ", &value)) {
			return false;
		}
	}
	str_add(&l->content, text);
	l->refused = arena_zalloc(l->arena, l->rcpts);
	return senders == 1 && l->rcpts > 0;
}
