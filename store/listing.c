/* SPDX-License-Identifier: ISC */
/*
 * listing - which mailboxes there are and which are subscribed to
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/listing.h"
#include "store/load.h"
#include "store/maildir.h"

/*
 * Subscriptions: a text file, a name a line
 */

static bool
read_subscriptions(struct view user, struct str *text)
{
	struct str path = { 0 };
	int dir, fd;
	bool ok;

	maildir_path(&path, user, VIEW_NONE, "");
	dir = maildir_open(str_c(&path));
	str_free(&path);
	if (dir < 0)
		return maildir_missing(errno);
	fd = maildir_open_file(dir, MAILDIR_SUBSCRIPTIONS);
	ok = fd < 0 ? maildir_missing(errno) :
		      file_read_fd(fd, MAILDIR_FILE_MAX * 16, text);
	if (fd >= 0)
		close(fd);
	close(dir);
	return ok;
}

/* The lines without this name, and with it if on. */
static void
edit_subscriptions(struct view text, struct view name, bool on, struct str *out)
{
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		if (line.n == 0 || view_eq(line, name))
			continue;
		str_add(out, line);
		str_addc(out, '\n');
	}
	if (on) {
		str_add(out, name);
		str_addc(out, '\n');
	}
}

static bool
write_subscriptions(struct view user, struct view text, struct why *w)
{
	struct str path = { 0 };
	struct maildir_write m = { .name = MAILDIR_SUBSCRIPTIONS,
		.text = text };

	maildir_path(&path, user, VIEW_NONE, "");
	m.path = str_c(&path);
	pool_call(maildir_write_run, &m);
	str_free(&path);
	return m.error == 0 ||
	       trouble_errno(w, "Writing the subscriptions", m.error);
}

static bool
subscribe_locked(struct request *r, struct view user, struct why *w)
{
	struct view name = place_canonical(r->m.mailbox_subscribe.mailbox);
	struct str old = { 0 }, new = { 0 }, folder = { 0 };
	struct mailbox *inbox = mailbox_get(user, VIEW_NONE, w);
	bool ok = inbox != NULL;

	if (ok && !place_folder(name, &folder))
		ok = why_never(w, "2.0", "Not a valid name of a mailbox");
	if (ok && !read_subscriptions(user, &old))
		ok = trouble_errno(w, "Reading the subscriptions", errno);
	if (ok) {
		edit_subscriptions(
		    str_view(&old), name, r->m.mailbox_subscribe.on != 0, &new);
		ok = write_subscriptions(user, str_view(&new), w);
	}
	if (ok)
		why_done(w, "0.0", "Subscriptions changed");
	if (inbox != NULL)
		mailbox_unref(inbox);
	str_free(&old);
	str_free(&new);
	str_free(&folder);
	return false;
}

bool
listing_subscribe(struct request *r, struct why *w)
{
	return account_work(
	    r, r->m.mailbox_subscribe.session, subscribe_locked, w);
}

/*
 * Listing
 */

struct listed {
	struct view name;
	bool exists, subscribed;
};

static int
by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return view_cmp(x->name, y->name);
}

/* Sorted, each name once. */
static void
put_list(struct listed *l, size_t n, struct str *out)
{
	qsort(l, n, sizeof(*l), by_name);
	for (size_t i = 0; i < n; i++) {
		char letters[3] = "", *p = letters;
		bool is = l[i].exists, sub = l[i].subscribed;

		while (i + 1 < n && view_eq(l[i].name, l[i + 1].name)) {
			i++;
			is |= l[i].exists;
			sub |= l[i].subscribed;
		}
		if (is)
			*p++ = 'e';
		if (sub)
			*p++ = 's';
		list_put(out, l[i].name);
		list_put(out, view_bytes(letters, (size_t)(p - letters)));
	}
}

static void
make_list(struct account_names *all, struct view text, struct str *out)
{
	struct view rest = str_view(&all->list), name;
	size_t n = 0, lines = 2 + all->n;
	struct listed *l;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	l = xcalloc(lines, sizeof(*l));
	l[n++] = (struct listed){ VIEW_LIT("INBOX"), true, false };
	while (list_next(&rest, &name))
		l[n++] = (struct listed){ name, true, false };
	while (text.n > 0) {
		name = view_cut(&text, '\n');
		if (name.n > 0)
			l[n++] = (struct listed){ name, false, true };
	}
	put_list(l, n, out);
	free(l);
}

bool
listing_list(struct request *r, struct why *w)
{
	const char *name = request_user(r, r->m.mailbox_list.session, w);
	struct view user = view_of(name ? name : "");
	struct message m = { .type = MSG_mailboxes };
	struct str text = { 0 }, out = { 0 };
	struct account_names all = { 0 };
	bool ok = name != NULL && mailbox_know_user(user, w);

	if (ok && !account_names(user, VIEW_NONE, &all)) {
		index_why(w);
		ok = false;
	}
	if (ok && !read_subscriptions(user, &text))
		ok = trouble_errno(w, "Reading the subscriptions", errno);
	if (ok) {
		make_list(&all, str_view(&text), &out);
		m.mailboxes.names = str_view(&out);
		request_reply(r, &m);
	}
	str_free(&all.list);
	str_free(&text);
	str_free(&out);
	return ok;
}

/*
 * Making indexes again
 */

static bool
rebuild_one(struct view user, struct view name, struct why *w)
{
	struct mailbox *mb = mailbox_get(user, name, w);
	bool ok = mb != NULL && mailbox_rebuild(mb, w);

	if (mb != NULL)
		mailbox_unref(mb);
	return ok;
}

static bool
rebuild_all(struct view user, struct why *w)
{
	struct account_names all = { 0 };
	struct view rest, name;
	bool ok = mailbox_find_folders(user, w) &&
		  account_names(user, VIEW_NONE, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name))
		ok = rebuild_one(user, name, w);
	str_free(&all.list);
	return ok;
}

bool
listing_rebuild(struct request *r, struct why *w)
{
	const char *name = request_user(r, r->m.mailbox_rebuild.session, w);
	struct view user = view_of(name ? name : "");
	struct view mailbox = r->m.mailbox_rebuild.mailbox;

	if (name == NULL || !mailbox_know_user(user, w))
		return false;
	if (mailbox.n > 0 ? rebuild_one(user, mailbox, w) :
			    rebuild_all(user, w))
		why_done(w, "0.0", "Made again from the files");
	return false;
}
