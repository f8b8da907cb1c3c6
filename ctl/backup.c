/* SPDX-License-Identifier: ISC */
/*
 * backup - copy everything that counts while the server runs
 *
 * The spool comes first: a mail that is delivered meanwhile is found in a mailbox.
 * The files of messages never change; their names do when flags change, and
 * messages move. So the mailboxes of a user are read again until nothing is new:
 * what was there all the time is in the backup, whatever its name was.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ctl/backup.h"
#include "ctl/backup_files.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "lib/base/file.h"

#define ROUNDS_MOST	10
#define STAMP		17	/* 20261126T203000Z, and its NUL */
#define PART		".part"

struct backup {
	const struct settings *settings;
	const char *conf;	/* directory of the settings */
	int top, old, set;	/* old: the one before, or -1 */
	size_t users, copied, linked;
	uint64_t octets;	/* copied */
	struct str user;	/* "domain/local", for people */
	bool failed;
};

/* One directory that is copied; old and mine are what is known of its files. */
struct place {
	struct backup *backup;
	int from, old_dir, to;
	struct sums old, mine;
	const char *part;	/* "cur/", or "" */
	struct str text;	/* of the new list */
	size_t fresh;		/* files that came in this round */
	size_t gone;		/* before they could be copied */
};

static bool
wrong(struct backup *b, const char *what, const char *name)
{
	ctl_fail(0, "%s %s: %s", what, output_clean(view_of(name)),
	    strerror(errno));
	b->failed = true;
	return true;	/* of the others as much as can be had */
}

static void
show(const struct backup *b, bool end)
{
	if (!isatty(STDOUT_FILENO) ||
	    (!end && (b->copied + b->linked) % 200 != 0))
		return;
	printf("\r\033[K");
	if (!end)
		printf("%zu files new, %zu as before, %llu MB: %s", b->copied,
		    b->linked, (unsigned long long)(b->octets >> 20),
		    output_clean(str_view(&b->user)));
	fflush(stdout);
}

/* ---- one file ---- */

static bool
has_line_feed(const char *name)
{
	return strchr(name, '\n') != NULL;
}

static bool
link_old(struct place *p, const struct sum *s, const char *as)
{
	char *name = xstrndup(s->name.p, s->name.n);
	bool ok = linkat(p->old_dir, name, p->to, as, 0) == 0;

	free(name);
	if (ok) {
		sums_put(&p->text, s->hex, s->size, as);
		p->backup->linked++;
	}
	return ok;
}

/* It may be gone, or have another name: that one is found in the next round. */
static void
take(struct place *p, const char *path, bool message)
{
	const struct sum *s = message ?
	    sums_find(&p->old, sums_base(view_of(path))) : NULL;
	char hex[SUM_HEX];
	uint64_t size;

	if (s == NULL || !link_old(p, s, path)) {
		if (!files_copy(p->from, path, p->to, path, 0600, hex, &size)) {
			p->gone += errno == ENOENT;
			if (errno != ENOENT && errno != EEXIST)
				wrong(p->backup, "cannot copy", path);
			return;
		}
		sums_put(&p->text, hex, size, path);
		p->backup->copied++;
		p->backup->octets += size;
	}
	p->fresh++;
	show(p->backup, false);
}

/* ---- a mailbox ---- */

static bool
take_message(void *arg, const char *name)
{
	struct place *p = arg;
	struct str path = { 0 };

	if (name[0] != '.' && !has_line_feed(name) &&
	    sums_find(&p->mine, sums_base(view_of(name))) == NULL) {
		str_addf(&path, "%s%s", p->part, name);
		take(p, path.p, true);
	}
	str_free(&path);
	return true;
}

/* Small and always as they are now. */
static bool
take_small(void *arg, const char *name)
{
	struct place *p = arg;
	struct stat st;

	if (fstatat(p->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode) || has_line_feed(name) ||
	    (strncmp(name, "posthouse-", 10) != 0 &&
		strcmp(name, "subscriptions") != 0) ||
	    strcmp(name, SUMS_NAME) == 0)
		return true;
	unlinkat(p->to, name, 0);
	p->fresh--;	/* it is no news */
	take(p, name, false);
	return true;
}

static void
keep_messages(struct place *p)
{
	for (size_t i = 0; i < p->mine.n; i++) {
		const struct sum *s = &p->mine.at[i];
		char *name;

		if (view_find(s->name, '/') == s->name.n)
			continue;
		name = xstrndup(s->name.p, s->name.n);
		sums_put(&p->text, s->hex, s->size, name);
		free(name);
	}
}

static void
open_place(struct place *p)
{
	if (p->old_dir >= 0 && !sums_read(&p->old, p->old_dir))
		sums_free(&p->old);
	if (!sums_read(&p->mine, p->to))
		sums_free(&p->mine);
}

static void
close_place(struct place *p)
{
	if (!file_replace(p->to, SUMS_NAME, str_view(&p->text), 0600))
		wrong(p->backup, "cannot write", SUMS_NAME);
	sums_free(&p->old);
	sums_free(&p->mine);
	str_free(&p->text);
}

/* Was renamed while the directory was read, and is there under both names. */
static void
drop_doubles(struct place *p)
{
	struct str text = { 0 };
	struct sums all;

	if (!file_replace(p->to, SUMS_NAME, str_view(&p->text), 0600) ||
	    !sums_read(&all, p->to))
		return;
	for (size_t i = 0; i < all.n; i++) {
		char *name = xstrndup(all.at[i].name.p, all.at[i].name.n);

		if (i > 0 && view_eq(all.at[i].base, all.at[i - 1].base))
			unlinkat(p->to, name, 0);
		else
			sums_put(&text, all.at[i].hex, all.at[i].size, name);
		free(name);
	}
	sums_free(&all);
	str_free(&p->text);
	p->text = text;
}

/* Returns how many messages were new. from and to are open, old may be -1. */
static size_t
save_mailbox(struct backup *b, int from, int old, int to)
{
	static const char *const parts[] = { "cur/", "new/" };
	struct place p = { .backup = b, .from = from, .old_dir = old,
		.to = to };

	open_place(&p);
	keep_messages(&p);
	for (size_t i = 0; i < nitems(parts); i++) {
		char name[4] = { parts[i][0], parts[i][1], parts[i][2] };
		int dir = files_dir(to, name);

		p.part = parts[i];
		if (dir < 0)
			wrong(b, "cannot make", name);
		else if (!files_each(from, name, take_message, &p) &&
		    errno != ENOENT)
			wrong(b, "cannot read", name);
		if (dir >= 0)
			close(dir);
	}
	files_each(from, ".", take_small, &p);
	drop_doubles(&p);
	close_place(&p);
	return p.fresh;
}

/* ---- directories side by side ---- */

struct side {
	struct backup *backup;
	int from, old, to;
	size_t fresh;
	size_t (*save)(struct backup *b, int from, int old, int to);
};

static int
open_dir(int parent, const char *name)
{
	return parent < 0 ? -1 : openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* What is below this name on all three sides. */
static void
descend(struct side *s, const char *name)
{
	int from = open_dir(s->from, name), old, to;

	if (from < 0)
		return;
	old = open_dir(s->old, name);
	to = files_dir(s->to, name);
	if (to >= 0)
		s->fresh += s->save(s->backup, from, old, to);
	else
		wrong(s->backup, "cannot make", name);
	close_if_open(from);
	close_if_open(old);
	close_if_open(to);
}

static bool
descend_folder(void *arg, const char *name)
{
	if (name[0] == '.' && !has_line_feed(name))
		descend(arg, name);
	return true;
}

/* Renamed or removed while the others were read. */
static bool
drop_folder(void *arg, const char *name)
{
	struct side *s = arg;

	if (name[0] == '.' && faccessat(s->from, name, F_OK, 0) < 0 &&
	    !files_remove(s->to, name))
		wrong(s->backup, "cannot remove", name);
	return true;
}

static size_t
save_user(struct backup *b, int from, int old, int to)
{
	struct side s = { b, from, old, to, 0, save_mailbox };

	b->users++;
	for (int i = 0; i < ROUNDS_MOST && (i < 2 || s.fresh > 0); i++) {
		s.fresh = save_mailbox(b, from, old, to);
		files_each(from, ".", descend_folder, &s);
	}
	files_each(to, ".", drop_folder, &s);
	return 0;
}

static bool
descend_user(void *arg, const char *name)
{
	struct side *s = arg;
	size_t at = view_find(str_view(&s->backup->user), '/');

	s->backup->user.n = at;
	str_addf(&s->backup->user, "/%s", name);
	if (!has_line_feed(name))
		descend(s, name);
	return true;
}

static size_t
save_domain(struct backup *b, int from, int old, int to)
{
	struct side s = { b, from, old, to, 0, save_user };

	files_each(from, ".", descend_user, &s);
	return 0;
}

static bool
descend_domain(void *arg, const char *name)
{
	struct side *s = arg;

	str_reset(&s->backup->user);
	str_adds(&s->backup->user, name);
	if (name[0] != '.' && !has_line_feed(name))
		descend(s, name);
	return true;
}

static size_t
save_domains(struct backup *b, int from, int old, int to)
{
	struct side s = { b, from, old, to, 0, save_domain };

	if (!files_each(from, ".", descend_domain, &s))
		wrong(b, "cannot read", b->settings->mail_dir);
	return 0;
}

/* ---- the spool ---- */

static bool
take_new(void *arg, const char *name)
{
	struct place *p = arg;
	struct str path = { 0 };

	str_addf(&path, "%s%s", p->part, name);
	if (!has_line_feed(name) && strcmp(name, "spare") != 0 &&
	    faccessat(p->to, path.p, F_OK, 0) < 0)
		take(p, path.p, false);
	str_free(&path);
	return true;
}

static bool
take_contents(void *arg, const char *name)
{
	struct place *p = arg;
	struct str part = { 0 };
	int dir = files_dir(p->to, name);

	str_addf(&part, "%s/", name);
	p->part = part.p;
	if (dir < 0 || !files_each(p->from, name, take_new, p))
		wrong(p->backup, "cannot read", name);
	close_if_open(dir);
	str_free(&part);
	return true;
}

static bool
drop_file(void *arg, const char *name)
{
	return unlinkat(*(int *)arg, name, 0) == 0;
}

/* Until no segment has come or gone while others were copied: what lives in an old
 * one is written into the newest before it goes. What was appended to the last of
 * them after that is of a mail that came later. */
static size_t
save_journal(struct backup *b, int from, int old UNUSED, int to)
{
	struct place p = { .backup = b, .from = from, .old_dir = -1,
		.to = to, .part = "" };
	size_t before;

	for (int i = 0; i < ROUNDS_MOST && (i == 0 || p.gone > 0); i++) {
		p.gone = 0;
		str_reset(&p.text);
		files_each(to, ".", drop_file, &to);
		do {
			before = p.fresh;
			if (!files_each(from, ".", take_new, &p))
				wrong(b, "cannot read", "journal");
		} while (p.fresh > before);
	}
	if (p.gone > 0) {
		errno = EBUSY;
		wrong(b, "cannot copy", "journal");
	}
	close_place(&p);
	return 0;
}

/* A mail whose record the journal has stands in one of the two rounds, or was
 * delivered between them. */
static size_t
save_spool(struct backup *b, int from, int old UNUSED, int to)
{
	struct side s = { b, from, -1, to, 0, save_journal };
	struct place p = { .backup = b, .from = open_dir(from, "content"),
		.old_dir = -1, .to = files_dir(to, "content") };

	if (p.from < 0 || p.to < 0) {
		wrong(b, "cannot read", "content");
	} else {
		files_each(p.from, ".", take_contents, &p);
		descend(&s, "journal");
		files_each(p.from, ".", take_contents, &p);
		close_place(&p);
	}
	close_if_open(p.from);
	close_if_open(p.to);
	return 0;
}

/* ---- settings ---- */

/* Small files, and directories of such. */
static size_t
save_settings(struct backup *b, int from, int old UNUSED, int to);

static bool
take_setting(void *arg, const char *name)
{
	struct place *p = arg;
	struct side s = { p->backup, p->from, -1, p->to, 0, save_settings };
	struct stat st;

	if (has_line_feed(name) || fstatat(p->from, name, &st, 0) < 0)
		return true;
	if (S_ISDIR(st.st_mode))
		descend(&s, name);
	else if (S_ISREG(st.st_mode))
		take(p, name, false);
	return true;
}

static size_t
save_settings(struct backup *b, int from, int old UNUSED, int to)
{
	struct place p = { .backup = b, .from = from, .old_dir = -1,
		.to = to };

	if (!files_each(from, ".", take_setting, &p))
		wrong(b, "cannot read", "settings");
	close_place(&p);
	return 0;
}

/* ---- all of it ---- */

static void
save(struct backup *b, const char *path, const char *name,
    size_t (*fn)(struct backup *b, int from, int old, int to))
{
	int from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int old = open_dir(b->old, name), to = files_dir(b->set, name);

	if (from < 0 || to < 0)
		wrong(b, "cannot read", path);
	else
		fn(b, from, old, to);
	close_if_open(from);
	close_if_open(old);
	close_if_open(to);
}

struct listing {
	struct str text, path;
	int dir;
};

static bool
list_dir(void *arg, const char *name)
{
	struct listing *l = arg, below = { .dir = open_dir(l->dir, name) };
	char hex[SUM_HEX];
	uint64_t size;
	bool ok = true;

	if (strcmp(name, SUMS_NAME) == 0) {
		ok = files_sum(l->dir, name, hex, &size);
		str_addf(&below.path, "%s%s", str_c(&l->path), name);
		if (ok)
			sums_put(&l->text, hex, size, below.path.p);
	} else if (below.dir >= 0) {
		below.text = l->text;
		str_addf(&below.path, "%s%s/", str_c(&l->path), name);
		ok = files_each(below.dir, ".", list_dir, &below);
		l->text = below.text;
	}
	close_if_open(below.dir);
	str_free(&below.path);
	return ok;
}

/* The list of lists comes last, when all that it speaks of is on the disk. */
static bool
seal(struct backup *b, const char *part, const char *name)
{
	struct listing l = { .dir = b->set };
	bool ok;

	str_adds(&l.text, BACKUP_TITLE);
	ok = files_each(b->set, ".", list_dir, &l) && syncfs(b->set) == 0 &&
	    file_replace(b->set, BACKUP_LIST, str_view(&l.text), 0600) &&
	    syncfs(b->set) == 0 && renameat(b->top, part, b->top, name) == 0 &&
	    fsync(b->top) == 0;
	str_free(&l.text);
	return ok;
}

static bool
is_stamp(const char *name)
{
	return strlen(name) == STAMP - 1 && name[8] == 'T' &&
	    name[STAMP - 2] == 'Z';
}

static bool
find_newest(void *arg, const char *name)
{
	char *newest = arg;

	if (is_stamp(name) && strcmp(name, newest) > 0)
		memcpy(newest, name, STAMP);
	return true;
}

static bool
drop_part(void *arg, const char *name)
{
	size_t n = strlen(name);

	return n <= strlen(PART) ||
	    strcmp(name + n - strlen(PART), PART) != 0 ||
	    files_remove(*(int *)arg, name);
}

static int
run_backup(struct backup *b, const char *name)
{
	char part[STAMP + sizeof(PART)];

	snprintf(part, sizeof(part), "%s%s", name, PART);
	b->set = files_dir(b->top, part);
	if (b->set < 0)
		return ctl_fail(EX_CANTCREAT, "%s: %s", part, strerror(errno));
	save(b, b->conf, "settings", save_settings);
	save(b, b->settings->spool_dir, "spool", save_spool);
	save(b, b->settings->mail_dir, "mail", save_domains);
	show(b, true);
	if (b->failed)
		return ctl_fail(EX_IOERR, "not all could be copied: %s is no "
		    "backup, the next one removes it", part);
	if (!seal(b, part, name))
		return ctl_fail(EX_IOERR, "%s: %s", part, strerror(errno));
	printf("%s: %zu users, %zu files new (%llu octets), %zu as before\n",
	    name, b->users, b->copied, (unsigned long long)b->octets,
	    b->linked);
	return 0;
}

/* Under a name that sorts by time and is not there yet. */
static void
name_set(int top, char name[STAMP])
{
	time_t now;
	struct tm tm;

	for (;;) {
		now = time(NULL);
		gmtime_r(&now, &tm);
		strftime(name, STAMP, "%Y%m%dT%H%M%SZ", &tm);
		if (faccessat(top, name, F_OK, 0) < 0)
			return;
		sleep(1);
	}
}

static int
backup_into(struct backup *b, const char *dir)
{
	char newest[STAMP] = "", name[STAMP];

	if (flock(b->top, LOCK_EX | LOCK_NB) < 0)
		return ctl_fail(EX_TEMPFAIL, "%s: another backup is being "
		    "made", dir);
	if (!files_each(b->top, ".", drop_part, &b->top) ||
	    !files_each(b->top, ".", find_newest, newest))
		return ctl_fail(EX_IOERR, "%s: %s", dir, strerror(errno));
	b->old = newest[0] != '\0' ? open_dir(b->top, newest) : -1;
	name_set(b->top, name);
	return run_backup(b, name);
}

int
backup_open(const char *dir, struct str *path)
{
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), set;
	char newest[STAMP] = "";

	if (top < 0) {
		ctl_fail(0, "%s: %s", dir, strerror(errno));
		return -1;
	}
	str_adds(path, dir);
	if (faccessat(top, BACKUP_LIST, F_OK, 0) == 0)
		return top;
	files_each(top, ".", find_newest, newest);
	set = newest[0] != '\0' ? open_dir(top, newest) : -1;
	close(top);
	if (set < 0)
		ctl_fail(0, "%s: there is no backup", dir);
	else
		str_addf(path, "/%s", newest);
	return set;
}

static int
verify(const char *dir)
{
	struct str path = { 0 };
	int set = backup_open(dir, &path);
	int code = set < 0 ? EX_NOINPUT : backup_verify(set, VIEW_NONE);

	close_if_open(set);
	str_free(&path);
	return code;
}

static int
backup(struct ctl *ctl)
{
	struct backup b = { .old = -1, .set = -1 };
	char *file;
	const char *dir = ctl->argv[0];
	int code;

	if (ctl_has(ctl, OPTION_VERIFY))
		return verify(dir);
	b.settings = ctl_settings(ctl);
	file = xstrdup(ctl->file);
	b.conf = dirname(file);
	if (!file_mkdirs(dir, 0700) ||
	    (b.top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return ctl_fail(EX_CANTCREAT, "%s: %s", dir, strerror(errno));
	code = backup_into(&b, dir);
	close_if_open(b.old);
	close_if_open(b.set);
	close(b.top);
	free(file);
	str_free(&b.user);
	return code;
}

const struct command backup_commands[] = {
	{ "backup", "DIR", OPTION_VERIFY, 1, 1, backup,
	    "copy mail, queue and settings, also of a server that runs" },
	{ 0 },
};
