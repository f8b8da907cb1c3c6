/* SPDX-License-Identifier: ISC */
/*
 * uidls - read the lines, add to them, leave out what would be there twice
 *
 * Which UIDL is whose is decided here, once and for all, so that a client may
 * believe for ever what it was told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/uidl_line.h"
#include "lib/proc/pool.h"
#include "lib/proc/pop_settings.h"
#include "lib/proc/service.h"
#include "lib/proc/settings.h"
#include "store/link.h"
#include "store/maildir.h"
#include "store/uidls.h"

#define FILE_MAX (256u << 20)

struct line {
	struct uidl_line l;
	bool out;		/* not to be written */
};

struct noting {
	struct mailbox *mb;
	struct arena arena;	/* UIDLs from names */
	struct line *lines;
	size_t n;
	struct uidl_form form;
	uint32_t first;		/* UID of the first new message */
};

/* ---- the file ---- */

struct reading {
	const char *path;
	struct str text;
	int error;		/* 0 as well when there is none */
};

static void
read_run(void *arg)
{
	struct reading *r = arg;
	int fd = maildir_open(r->path);
	int file = fd < 0 ? -1 : maildir_open_file(fd, MAILDIR_UIDLS);

	r->error = 0;
	if (file < 0 ? !maildir_missing(errno) :
		       !file_read_fd(file, FILE_MAX, &r->text))
		r->error = errno;
	if (file >= 0)
		close(file);
	if (fd >= 0)
		close(fd);
}

void
uidls_forget(struct mailbox *mb)
{
	if (mb->uidls >= 0)
		close(mb->uidls);
	mb->uidls = -1;
	mb->uidls_known = false;
}

int
uidls_snapshot(struct mailbox *mb)
{
	struct reading r = { .error = 0 };
	struct str path = { 0 };

	if (!mb->uidls_known) {
		mailbox_path(mb, &path);
		r.path = path.p;
		read_run(&r);
		if (r.text.n > 0)
			mb->uidls = file_memfd("uidls", str_view(&r.text));
		mb->uidls_known = r.error == 0;
		str_free(&path);
		str_free(&r.text);
	}
	return mb->uidls < 0 ? -1 : fcntl(mb->uidls, F_DUPFD_CLOEXEC, 0);
}

/* ---- lines ---- */

/* "%3A" is ':' again; empty when it is no UIDL. */
static struct view
decode(struct noting *x, struct view given)
{
	struct str out = { 0 };
	struct view v = VIEW_NONE;

	if (place_decode(&out, given) && uidl_valid(str_view(&out)))
		v = (struct view){ arena_copy(&x->arena, str_view(&out)),
			out.n };
	str_free(&out);
	return v;
}

static bool
is_here(const struct noting *x, uint32_t uid)
{
	const struct records *r = &x->mb->records;

	return records_find(r, uid) < r->n;
}

/* It is what clients have been given for another UID, there or gone. */
static bool
is_anothers(const struct noting *x, uint32_t own, struct view uidl)
{
	uint32_t uidvalidity = x->mb->h.uidvalidity, uid;

	return uidl_read(&x->form, uidl, &uidvalidity, &uid) &&
	    uidvalidity == x->mb->h.uidvalidity && uid != own &&
	    uid < x->first;
}

static int
by_content(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;

	return (*x)->l.content < (*y)->l.content ? -1 :
	    (*x)->l.content > (*y)->l.content;
}

/* By text, and in the order of the file. */
static int
by_uidl(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;
	int c = view_cmp((*x)->l.uidl, (*y)->l.uidl);

	return c != 0 ? c : *x < *y ? -1 : *x > *y;
}

static struct line **
sorted(const struct noting *x, size_t n,
    int (*order)(const void *, const void *))
{
	struct line **list = xcalloc(n, sizeof(struct line *));

	for (size_t i = 0; i < n; i++)
		list[i] = &x->lines[i];
	if (n > 0)
		qsort(list, n, sizeof(struct line *), order);
	return list;
}

/* ---- noting ---- */

static void
take_old(struct noting *x, struct view text)
{
	while (text.n > 0) {
		struct line *line = &x->lines[x->n];

		line->out = false;
		if (uidl_line_read(view_cut(&text, '\n'), &line->l))
			x->n++;
	}
}

/* Of the old lines with this content, one whose message is not there. */
static struct view
lost_one(const struct noting *x, struct line **list, size_t n,
    uint64_t content)
{
	struct line key = { .l.content = content }, *wanted = &key, **found;

	found = n == 0 ? NULL : bsearch(&wanted, list, n,
	    sizeof(struct line *), by_content);
	if (found == NULL)
		return VIEW_NONE;
	while (found > list && found[-1]->l.content == content)
		found--;
	for (; found < list + n && (*found)->l.content == content; found++)
		if (!is_here(x, (*found)->l.uid))
			return (*found)->l.uidl;
	return VIEW_NONE;
}

static void
take_new(struct noting *x, const struct uidls_new *new, size_t n)
{
	size_t old = x->n;
	struct line **list = sorted(x, old, by_content);

	for (size_t i = 0; i < n; i++) {
		struct uidl_line l = { new[i].uid, new[i].content,
			decode(x, new[i].given) };

		if (l.uidl.n == 0)
			l.uidl = lost_one(x, list, old, l.content);
		if (l.uidl.n > 0 && !is_anothers(x, l.uid, l.uidl))
			x->lines[x->n++] = (struct line){ l, false };
		else if (new[i].given.n > 0)
			log_warning("store", "uidl-refused user=%s uid=%u",
			    log_quote(view_of(x->mb->user)), l.uid);
	}
	free(list);
}

/* The first that has it keeps it, unless its message came back as a later. */
static void
leave_out(struct noting *x)
{
	struct line **list = sorted(x, x->n, by_uidl);
	struct line *keeps = NULL;

	for (size_t i = 0; i < x->n; i++) {
		struct line *l = list[i];

		if (l->out)
			continue;
		if (keeps == NULL || !view_eq(keeps->l.uidl, l->l.uidl)) {
			keeps = l;
		} else if (keeps->l.content == l->l.content &&
		    !is_here(x, keeps->l.uid)) {
			keeps->out = true;
			keeps = l;
		} else {
			l->out = true;
		}
	}
	free(list);
}

static int
by_uid(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;

	return (*x)->l.uid < (*y)->l.uid ? -1 : (*x)->l.uid > (*y)->l.uid;
}

static bool
write_lines(struct noting *x, const char *path, struct view old,
    struct why *w)
{
	struct maildir_write job = { .path = path, .name = MAILDIR_UIDLS };
	struct line **list = sorted(x, x->n, by_uid);
	struct str text = { 0 };
	bool ok = true;

	for (size_t i = 0; i < x->n; i++)
		if (!list[i]->out)
			uidl_line_write(&list[i]->l, &text);
	free(list);
	job.text = str_view(&text);
	if (!view_eq(job.text, old)) {
		pool_call(maildir_write_run, &job);
		ok = job.error == 0 ||
		    trouble_errno(w, "Noting identifiers", job.error);
		uidls_forget(x->mb);
	}
	str_free(&text);
	return ok;
}

bool
uidls_note(struct mailbox *mb, const struct uidls_new *new, size_t n,
    struct why *w)
{
	struct noting x = { .mb = mb, .first = n > 0 ? new[0].uid : 0 };
	struct reading r = { .error = 0 };
	struct str path = { 0 };
	bool any = false, ok = true;

	for (size_t i = 0; i < n; i++)
		any |= new[i].given.n > 0;
	mailbox_path(mb, &path);
	r.path = path.p;
	if (n > 0)
		pool_call(read_run, &r);
	if (r.error != 0) {
		ok = trouble_errno(w, "Reading identifiers", r.error);
	} else if (any || r.text.n > 0) {
		arena_init(&x.arena);
		must(uidl_form(&x.form, service_settings()->pop3_uidl));
		x.lines = xcalloc(view_count(str_view(&r.text), '\n') + 1 + n,
		    sizeof(*x.lines));
		take_old(&x, str_view(&r.text));
		take_new(&x, new, n);
		leave_out(&x);
		ok = write_lines(&x, path.p, str_view(&r.text), w);
		free(x.lines);
		arena_reset(&x.arena);
	}
	str_free(&r.text);
	str_free(&path);
	return ok;
}
