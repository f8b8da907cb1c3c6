/* SPDX-License-Identifier: ISC */
/*
 * listing - which mailboxes there are and which are subscribed to
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/mail/uses.h"
#include "lib/proc/pool.h"
#include "store/account.h"
#include "store/compare.h"
#include "store/find.h"
#include "store/listing.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/watch.h"

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

bool
listing_is_subscribed(struct view user, struct view name)
{
	struct str text = { 0 };
	struct view rest = VIEW_NONE;
	bool found = false;

	if (read_subscriptions(user, &text))
		rest = str_view(&text);
	while (rest.n > 0 && !found)
		found = view_eq(view_cut(&rest, '\n'), name);
	str_free(&text);
	return found;
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

bool
listing_subscribe_to(struct view user, struct view names, struct why *w)
{
	struct str text = { 0 };
	struct view name;
	bool ok = read_subscriptions(user, &text) ||
	    trouble_errno(w, "Reading the subscriptions", errno);

	while (ok && list_next(&names, &name)) {
		struct str more = { 0 };

		edit_subscriptions(str_view(&text), name, true, &more);
		str_free(&text);
		text = more;
	}
	ok = ok && write_subscriptions(user, str_view(&text), w);
	str_free(&text);
	return ok;
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
	if (ok) {
		why_done(w, "0.0", "Subscriptions changed");
		watch_change(r, user, &(struct watch_change){
		    .what = WATCH_SUBSCRIBED, .name = name,
		    .session = r->m.mailbox_subscribe.session });
	}
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

#define INLINE_MOST (128 * 1024) /* octets; more goes as a file */

struct listed {
	struct view name;
	uint32_t marks;
	bool exists, subscribed;
};

struct listing {
	struct listed *all;
	size_t n, size;
	size_t user; /* octets of the key in front */
	struct arena arena;
};

static void
add(struct listing *l, struct listed one)
{
	l->all = xgrow(l->all, l->n, &l->size, sizeof(*l->all));
	l->all[l->n++] = one;
}

static bool
add_row(void *arg, struct view key, struct view row)
{
	struct listing *l = arg;
	struct view name = arena_view(&l->arena, view_skip(key, l->user));

	add(l, (struct listed){ name, header_marks(row), true, false });
	return true;
}

static void
add_subscriptions(struct listing *l, struct view text)
{
	while (text.n > 0) {
		struct view name = view_cut(&text, '\n');

		if (name.n > 0)
			add(l, (struct listed){ name, 0, false, true });
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return view_cmp(x->name, y->name);
}

static void
put_one(const struct listed *one, struct str *out)
{
	struct str letters = { 0 };

	if (one->exists)
		str_addc(&letters, 'e');
	if (one->subscribed)
		str_addc(&letters, 's');
	if (one->marks & MARK_DATA)
		str_addc(&letters, 'm');
	uses_put_letters(&letters, one->marks & MARK_USES);
	list_put(out, one->name);
	list_put(out, str_view(&letters));
	str_free(&letters);
}

/* Sorted, each name once. */
static void
put_list(struct listing *l, struct str *out)
{
	struct listed *all = l->all;

	qsort(all, l->n, sizeof(*all), by_name);
	for (size_t i = 0; i < l->n; i++) {
		struct listed one = all[i];

		for (; i + 1 < l->n && view_eq(one.name, all[i + 1].name);
		     i++) {
			one.exists |= all[i + 1].exists;
			one.subscribed |= all[i + 1].subscribed;
			one.marks |= all[i + 1].marks;
		}
		put_one(&one, out);
	}
}

static bool
collect(struct view user, struct view subscriptions, struct str *out)
{
	struct kv_key key = index_key_user(user);
	struct listing l = { .user = key.n };
	bool ok;

	arena_init(&l.arena);
	add(&l, (struct listed){ VIEW_LIT("INBOX"), 0, true, false });
	ok = index_each(INDEX_MAILBOX, &key, add_row, &l) == KV_NONE;
	add_subscriptions(&l, subscriptions);
	if (ok)
		put_list(&l, out);
	free(l.all);
	arena_reset(&l.arena);
	return ok;
}

static bool
send_list(struct request *r, struct view names, struct why *w)
{
	struct message m = { .type = MSG_mailboxes, .mailboxes.large = -1 };

	if (names.n <= INLINE_MOST)
		m.mailboxes.names = names;
	else
		m.mailboxes.large = file_memfd("mailboxes", names);
	if (names.n > INLINE_MOST && m.mailboxes.large < 0)
		return trouble_errno(w, "Making a list", errno);
	request_reply(r, &m);
	return true;
}

bool
listing_list(struct request *r, struct why *w)
{
	const char *name = request_user(r, r->m.mailbox_list.session, w);
	struct view user = view_of(name ? name : "");
	struct str text = { 0 }, out = { 0 };
	bool ok = name != NULL && mailbox_know_user(user, w);

	if (ok && !read_subscriptions(user, &text))
		ok = trouble_errno(w, "Reading the subscriptions", errno);
	if (ok && !collect(user, str_view(&text), &out)) {
		index_why(w);
		ok = false;
	}
	ok = ok && send_list(r, str_view(&out), w);
	str_free(&text);
	str_free(&out);
	return ok;
}

/*
 * Making indexes again
 */

/* found: just look, and add what is wrong to text. */
struct rebuild {
	struct differences *found;
	struct str text;
};

static void
tell_differences(struct view name, const struct differences *d,
    struct str *text)
{
	const struct {
		size_t n;
		const char *what;
	} all[] = {
		{ d->no_file, "without a file" },
		{ d->no_row, "not in the index" },
		{ d->damaged, "whose file has another size" },
		{ d->letters, "with other flags in the file's name" },
	};

	for (size_t i = 0; i < nitems(all); i++)
		if (all[i].n > 0)
			str_addf(text, "%s%.*s: %zu %s", text->n > 0 ? "; " :
			    "", VIEW(name), all[i].n, all[i].what);
}

static bool
check_one(struct mailbox *mb, struct rebuild *b, struct why *w)
{
	struct differences d = { 0 };

	if (!mailbox_check(mb, &d, w))
		return false;
	tell_differences(view_of(mb->name), &d, &b->text);
	b->found->messages += d.messages;
	return true;
}

static bool
rebuild_one(struct view user, struct view name, struct rebuild *b,
    struct why *w)
{
	struct mailbox *mb = mailbox_get(user, name, w);
	bool ok = mb != NULL && (b->found != NULL ? check_one(mb, b, w) :
						    mailbox_rebuild(mb, w));

	if (mb != NULL)
		mailbox_unref(mb);
	return ok;
}

static bool
rebuild_all(struct view user, struct rebuild *b, struct why *w)
{
	struct account_names all = { 0 };
	struct view rest, name;
	bool ok = (b->found != NULL || mailbox_find_folders(user, w)) &&
		  account_names(user, VIEW_NONE, &all);

	rest = str_view(&all.list);
	while (ok && list_next(&rest, &name))
		ok = rebuild_one(user, name, b, w);
	str_free(&all.list);
	return ok;
}

bool
listing_rebuild(struct request *r, struct why *w)
{
	const char *name = request_user(r, r->m.mailbox_rebuild.session, w);
	struct view user = view_of(name ? name : "");
	struct view mailbox = r->m.mailbox_rebuild.mailbox;
	struct differences found = { 0 };
	struct rebuild b = {
		.found = r->m.mailbox_rebuild.check != 0 ? &found : NULL
	};

	if (name == NULL || !mailbox_know_user(user, w))
		return false;
	if (!(mailbox.n > 0 ? rebuild_one(user, mailbox, &b, w) :
			      rebuild_all(user, &b, w)))
		; /* w says why */
	else if (b.found == NULL)
		why_done(w, "0.0", "Made again from the files");
	else if (b.text.n > 0)
		why_never(w, "3.0", "%.*s", VIEW(str_view(&b.text)));
	else
		why_done(w, "0.0", "%zu messages", found.messages);
	str_free(&b.text);
	return false;
}
