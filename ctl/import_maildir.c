/* SPDX-License-Identifier: ISC */
/*
 * import_maildir - a Maildir++ of Dovecot or Courier, of this server, or any other
 *
 * The directory is somebody else's, and this may run as root: links are not
 * followed, and what is no plain file is passed over. It is not changed.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/import.h"
#include "ctl/output.h"
#include "lib/base/arena.h"
#include "lib/base/file.h"
#include "lib/mail/place.h"
#include "lib/mail/record.h"
#include "lib/mail/uidl_line.h"
#include "lib/mail/uidlist.h"
#include "lib/mail/utf8.h"
#include "lib/proc/message.h"

#define LIST_MOST ((size_t)256 << 20)	/* octets of a list of UIDs */
#define TEXT_MOST ((size_t)1 << 20)	/* of other little files */
#define DOT	  VIEW_LIT("&AC4-")

/* Other servers' lists of UIDs, and the UIDLs that go with them. */
static const struct {
	const char *file, *uidl;
} uid_files[] = {
	{ "dovecot-uidlist", "dovecot" },
	{ "courierimapuiddb", "courier" },
};

struct file {
	const char *name;
	bool fresh;		/* in new/ */
	struct view base;
	uint32_t uid;
	struct view uidl;
};

struct folder {
	struct import_box box;
	struct arena arena;
	struct str list;	/* of UIDs; views of files point into it */
	int dir;
	struct file *files;
	size_t count, cap;
};

/* ---- which files there are ---- */

static void
add_file(struct folder *f, const char *name, bool fresh)
{
	struct file *file;

	f->files = xgrow(f->files, f->count, &f->cap, sizeof(*f->files));
	file = &f->files[f->count++];
	*file = (struct file){ .fresh = fresh, .uidl = VIEW_NONE };
	file->name = arena_copy(&f->arena, view_of(name));
	file->base = uidlist_base(view_of(file->name));
}

static int
read_part(struct folder *f, const char *part, bool fresh)
{
	int fd = openat(
	    f->dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return ctl_fail(EX_NOINPUT, "%s: cannot read %s: %s",
		    output_clean(f->box.mailbox), part, strerror(errno));
	}
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			add_file(f, e->d_name, fresh);
	closedir(d);
	return 0;
}

static int
by_base(const void *a, const void *b)
{
	return view_cmp(((const struct file *)a)->base,
	    ((const struct file *)b)->base);
}

/* UIDs ascending; then those without, by name, which begins with the time. */
static int
by_uid(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid - 1 < y->uid - 1 ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
take_uids(struct folder *f, struct uidlist *list)
{
	struct uidlist_line line;

	qsort(f->files, f->count, sizeof(*f->files), by_base);
	while (uidlist_next(list, &line)) {
		struct file key = { .base = line.base };
		struct file *file = bsearch(
		    &key, f->files, f->count, sizeof(key), by_base);

		if (file == NULL || file->uid != 0)
			continue;
		file->uid = line.uid;
		file->uidl = line.uidl;
	}
	f->box.uidvalidity = list->uidvalidity;
	f->box.uidnext = list->uidnext;
}

/* "uidvalidity 1\nuidnext 5\n" */
static bool
read_validity(struct folder *f)
{
	struct str text = { 0 };
	struct view rest;
	uint64_t n;

	if (!file_read(f->dir, "posthouse-uidvalidity", TEXT_MOST, &text))
		return false;
	rest = str_view(&text);
	while (rest.n > 0) {
		struct view line = view_cut(&rest, '\n');
		struct view name = view_cut(&line, ' ');

		if (!view_u64(line, UINT32_MAX, &n))
			continue;
		if (view_is(name, "uidvalidity"))
			f->box.uidvalidity = (uint32_t)n;
		else if (view_is(name, "uidnext"))
			f->box.uidnext = (uint32_t)n;
	}
	str_free(&text);
	return f->box.uidvalidity != 0;
}

/* A message keeps a UIDL by its UID and the content that its name tells. */
static void
take_uidl(struct folder *f, const struct uidl_line *line)
{
	struct file key = { .name = "", .uid = line->uid }, *file;
	struct place_message m;
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_uid(&f->files[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	file = low < f->count ? &f->files[low] : NULL;
	if (file != NULL && file->uid == line->uid &&
	    place_parse(view_of(file->name), "", &m) &&
	    view_starts(m.base, view_of(arena_printf(&f->arena, "%016llX",
		(unsigned long long)line->content))))
		file->uidl = line->uidl;
}

/* One of our own: UIDs are in the names. */
static void
find_own_uids(struct folder *f)
{
	struct place_message m;
	struct uidl_line line;
	struct view rest;

	if (!read_validity(f))
		return;
	for (size_t k = 0; k < f->count; k++)
		if (place_parse(view_of(f->files[k].name), "", &m))
			f->files[k].uid = m.uid;
	if (f->count > 0)
		qsort(f->files, f->count, sizeof(*f->files), by_uid);
	str_reset(&f->list);
	if (!file_read(f->dir, "posthouse-uidls", LIST_MOST, &f->list))
		return;
	rest = str_view(&f->list);
	while (rest.n > 0)
		if (uidl_line_read(view_cut(&rest, '\n'), &line))
			take_uidl(f, &line);
}

/* No list, and nobody knew these messages by a UID. */
static void
find_uids(struct folder *f)
{
	struct import *i = f->box.import;
	struct uidlist list;

	find_own_uids(f);
	for (size_t k = 0; k < nitems(uid_files) && f->box.uidvalidity == 0;
	     k++) {
		str_reset(&f->list);
		if (!file_read(f->dir, uid_files[k].file, LIST_MOST,
			&f->list) ||
		    !uidlist_begin(&list, str_view(&f->list)))
			continue;
		if (i->theirs.n == 0)
			uidl_form(&i->theirs, uid_files[k].uidl);
		if (f->count > 0)
			take_uids(f, &list);
	}
	if (f->count > 0)
		qsort(f->files, f->count, sizeof(*f->files), by_uid);
}

/* "0 $Forwarded": of the letter a. */
static void
find_keywords(struct folder *f)
{
	struct view names[LETTER_KEYWORDS] = { 0 }, rest;
	struct str text = { 0 };
	size_t n = 0;

	if (file_read(f->dir, "posthouse-keywords", TEXT_MOST, &text)) {
		rest = str_view(&text);
		while (rest.n > 0 && n < LETTER_KEYWORDS)
			names[n++] = view_cut(&rest, '\n');
	} else if (file_read(f->dir, "dovecot-keywords", TEXT_MOST, &text)) {
		rest = str_view(&text);
		while (rest.n > 0) {
			struct view line = view_cut(&rest, '\n');
			struct view number = view_cut(&line, ' ');
			uint64_t at;

			if (!view_u64(number, LETTER_KEYWORDS - 1, &at))
				continue;
			names[at] = view_trim(line);
			if (n <= at && names[at].n > 0)
				n = at + 1;
		}
	}
	for (size_t k = 0; k < n; k++)
		list_put(&f->box.keywords,
		    names[k].n > 0 ? names[k] : VIEW_LIT("$unnamed"));
	str_free(&text);
}

/* ---- a message ---- */

/* Letters that mean something here; keywords that have a name. */
static void
take_letters(const struct folder *f, const struct file *file, struct str *out)
{
	struct view info = view_skip(view_of(file->name), file->base.n);
	struct view rest = str_view(&f->box.keywords), item;
	size_t n = 0;

	while (list_next(&rest, &item))
		n++;
	for (size_t i = 3; i < info.n; i++)
		if (strchr("DFRST", info.p[i]) != NULL ||
		    (info.p[i] >= 'a' && (size_t)(info.p[i] - 'a') < n))
			str_addc(out, info.p[i]);
}

static int
put_content(struct folder *f, const struct file *file, struct view content,
    const struct stat *st)
{
	struct import_message m = { .content = content,
		.date = st->st_mtime,
		.uid = file->uid,
		.uidl = file->uidl };
	int code;

	if (view_starts(content, VIEW_LIT("\x1f\x8b")) ||
	    view_starts(content, VIEW_LIT("(\xb5/\xfd")))
		return ctl_fail(EX_DATAERR, "%s: %s is compressed; have the "
		    "old server write it as plain text first",
		    output_clean(f->box.mailbox), file->name);
	take_letters(f, file, &m.letters);
	code = import_put(&f->box, &m);
	str_free(&m.letters);
	return code;
}

static int
put_file(struct folder *f, const struct file *file)
{
	struct str path = { 0 };
	struct view content = { 0 };
	struct stat st;
	int code = 0, fd;

	str_addf(&path, "%s/%s", file->fresh ? "new" : "cur", file->name);
	fd = openat(f->dir, path.p,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		ctl_fail(0, "%s: %s is no file", output_clean(f->box.mailbox),
		    path.p);
	else if (fd < 0 || (content = file_map(fd)).p == NULL)
		code = ctl_fail(EX_NOINPUT, "%s: cannot read %s: %s",
		    output_clean(f->box.mailbox), path.p, strerror(errno));
	else
		code = put_content(f, file, content, &st);
	if (content.p != NULL)
		file_unmap(content);
	if (fd >= 0)
		close(fd);
	str_free(&path);
	return code;
}

/* ---- a mailbox ---- */

static int
bring_folder(struct import *i, int dir, struct view mailbox)
{
	struct folder f = { .box.mailbox = mailbox, .dir = dir };
	int code = import_open(i, &f.box);

	if (code == 0)
		code = read_part(&f, "cur", false);
	if (code == 0)
		code = read_part(&f, "new", true);
	if (code == 0) {
		find_uids(&f);
		find_keywords(&f);
		f.box.total = f.count;
	}
	for (size_t k = 0; k < f.count && code == 0; k++)
		code = put_file(&f, &f.files[k]);
	code = import_close(&f.box, code);
	free(f.files);
	str_free(&f.list);
	arena_reset(&f.arena);
	return code;
}

/* A part in modified UTF-7, in which "&AC4-" is a dot; else it is UTF-8. */
static void
put_part(struct view part, struct str *out)
{
	struct view rest = part;
	size_t start = out->n, n;

	for (;;) {
		n = view_search(rest, DOT);
		if (!utf7_decode(out, view_bytes(rest.p, n)))
			break;
		if (n == rest.n)
			return;
		str_addc(out, '.');
		rest = view_skip(rest, n + DOT.n);
	}
	out->n = start;
	str_add(out, part);
}

/* ".Work.2026" is Work/2026. */
static bool
folder_name(struct view folder, struct str *out)
{
	folder = view_skip(folder, 1);
	while (folder.n > 0) {
		struct view part = view_cut(&folder, '.');

		if (part.n == 0)
			return false;
		put_part(part, out);
		if (folder.n > 0)
			str_addc(out, '/');
	}
	return out->n > 0;
}

/* Where a mailbox of theirs goes, if INBOX goes to top. */
static void
full_name(struct view top, struct view name, struct str *out)
{
	if (!view_is(top, "INBOX")) {
		str_add(out, top);
		str_addc(out, '/');
	}
	str_add(out, name);
}

static int
bring_named(struct import *i, int root, const char *entry, struct view top)
{
	struct str name = { 0 }, full = { 0 };
	int dir = openat(
	    root, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int code = 0;

	if (dir >= 0 && faccessat(dir, "cur", F_OK, 0) == 0) {
		if (folder_name(view_of(entry), &name)) {
			full_name(top, str_view(&name), &full);
			code = bring_folder(i, dir, str_view(&full));
		} else
			code = ctl_fail(EX_DATAERR, "%s is no name of a "
			    "mailbox", output_clean(view_of(entry)));
	}
	if (dir >= 0)
		close(dir);
	str_free(&name);
	str_free(&full);
	return code;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those above come before those below, as names sort. */
static int
bring_folders(struct import *i, int root, struct view top)
{
	struct arena arena = { 0 };
	const char **names = NULL;
	size_t count = 0;
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int code = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.' || strchr("./", e->d_name[1]) != NULL)
			continue;
		names = xrealloc(names, (count + 1) * sizeof(*names));
		names[count++] = arena_copy(&arena, view_of(e->d_name));
	}
	if (d != NULL)
		closedir(d);
	if (count > 0)
		qsort(names, count, sizeof(*names), by_name);
	for (size_t k = 0; k < count && code == 0; k++)
		code = bring_named(i, root, names[k], top);
	free(names);
	arena_reset(&arena);
	return code;
}

/* ---- subscriptions ---- */

/* Dovecot: a name a line; from version 2 on behind a line "V<tab>2" and an empty
 * one, with tabs between the parts of a name. Before that, and Courier's, with
 * dots; Courier's begin with INBOX. */
static void
subscribe_one(struct import *i, struct view line, char between,
    struct view top)
{
	struct str name = { 0 }, full = { 0 };

	if (between == '/') {	/* ours: just names */
		str_add(&name, line);
		line = VIEW_NONE;
	}
	if (between == '.' && view_starts(line, VIEW_LIT("INBOX.")))
		line = view_skip(line, 6);
	while (line.n > 0) {
		put_part(view_cut(&line, between), &name);
		if (line.n > 0)
			str_addc(&name, '/');
	}
	full_name(top, str_view(&name), &full);
	import_subscribe(i, str_view(&full));
	str_free(&name);
	str_free(&full);
}

static void
subscribe(struct import *i, int root, struct view top)
{
	struct str text = { 0 };
	struct view rest;
	char between = '.';

	if (!file_read(root, "subscriptions", TEXT_MOST, &text))
		file_read(root, "courierimapsubscribed", TEXT_MOST, &text);
	rest = str_view(&text);
	if (faccessat(root, "posthouse-uidvalidity", F_OK, 0) == 0)
		between = '/';
	if (view_starts(rest, VIEW_LIT("V\t"))) {
		view_cut(&rest, '\n');
		between = '\t';
	}
	while (rest.n > 0) {
		struct view line = view_trim(view_cut(&rest, '\n'));

		if (line.n > 0)
			subscribe_one(i, line, between, top);
	}
	str_free(&text);
}

int
import_folder(struct import *i, const char *path, struct view mailbox)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (dir < 0)
		return ctl_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
	code = bring_folder(i, dir, mailbox);
	close(dir);
	return code;
}

int
import_maildir(struct import *i, const char *path, struct view mailbox)
{
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (root < 0)
		return ctl_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
	if (faccessat(root, "cur", F_OK, 0) < 0)
		code = ctl_fail(EX_NOINPUT, "%s has no cur/, so it is no "
		    "Maildir; other forms of Dovecot (dbox, fs layout) can be "
		    "turned into one by doveadm backup", path);
	else
		code = bring_folder(i, root, mailbox);
	if (code == 0)
		code = bring_folders(i, root, mailbox);
	if (code == 0)
		subscribe(i, root, mailbox);
	close(root);
	return code;
}
