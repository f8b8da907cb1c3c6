/* SPDX-License-Identifier: ISC */
/*
 * attributes - the file first, then the row
 *
 * A note in INDEX_FOLDERS goes before the file, so that a crash in between
 * makes the next start read the file again (folder_recover).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/uses.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"
#include "store/account.h"
#include "store/attributes.h"
#include "store/maildir.h"
#include "store/quota.h"
#include "store/shares.h"

/* Which names make which mark. */
static const struct {
	const char *prefix;
	uint32_t mark;
} marks[] = {
	{ "acl/", MARK_ACL },
	{ "shared/", MARK_DATA },
	{ "private/", MARK_DATA },
	{ "server-private/", MARK_DATA },
	{ QUOTA_ATTRIBUTE, MARK_QUOTA },
};

/*
 * Reading
 */

static enum kv_result
read_row(struct view user, struct view mailbox, struct str *text)
{
	struct header h = { 0 };
	struct kv_key key;
	struct view v;
	enum kv_result r = index_header(user, place_canonical(mailbox), &h);

	str_free(&h.keywords);
	if (r != KV_FOUND)
		return r;
	if (h.marks == 0)
		return KV_NONE;
	key = index_key_number(h.mailbox);
	r = index_get(INDEX_ATTRIBUTES, &key, &v);
	if (r == KV_FOUND)
		str_add(text, v);
	return r;
}

enum kv_result
attributes_get(struct view user, struct view mailbox, struct view name,
    struct str *value)
{
	struct str text = { 0 };
	enum kv_result r = read_row(user, mailbox, &text);

	if (r == KV_FOUND && !attributes_text_get(str_view(&text), name, value))
		r = KV_NONE;
	str_free(&text);
	return r;
}

enum kv_result
attributes_each(struct view user, struct view mailbox, struct view prefix,
    bool (*f)(void *arg, struct view name, struct view value), void *arg)
{
	struct str text = { 0 };
	enum kv_result r = read_row(user, mailbox, &text);

	if (r == KV_FOUND &&
	    attributes_text_each(str_view(&text), prefix, f, arg))
		r = KV_NONE;
	str_free(&text);
	return r;
}

/*
 * The id
 */

static bool
read_id(struct view text, uint64_t *id)
{
	struct str value = { 0 };
	bool ok = attributes_text_get(text, VIEW_LIT("id"), &value) &&
		  view_hex16(str_view(&value), id);

	str_free(&value);
	return ok;
}

/* A UIDVALIDITY is never given twice to one user, and goes along when the
 * mailbox is renamed or restored; the user tells those of others apart. */
uint64_t
attributes_id_of(struct view user, uint32_t uidvalidity, struct view text)
{
	uint64_t id;

	if (read_id(text, &id))
		return id;
	return (uint64_t)uidvalidity << 32 | view_hash(VIEW_HASH, user);
}

void
attributes_id(struct view user, struct view mailbox, const struct header *h,
    struct str *out)
{
	struct str text = { 0 };

	if (h->marks & MARK_ID)
		(void)read_row(user, mailbox, &text);
	str_addf(out, "F%016llX",
	    (unsigned long long)attributes_id_of(
		user, h->uidvalidity, str_view(&text)));
	str_free(&text);
}

/* Microseconds are far below every UIDVALIDITY in the upper half. */
bool
attributes_new_id(struct view user, struct view mailbox, struct why *w)
{
	static uint64_t last;
	uint64_t now = (uint64_t)clock_wall_us();
	struct str id = { 0 };
	struct attribute change = { .name = VIEW_LIT("id") };
	bool ok;

	last = now > last ? now : last + 1;
	str_addf(&id, "%016llX",
	    (unsigned long long)(last << 8 | (service_instance() & 255)));
	change.value = str_view(&id);
	ok = attributes_set(user, mailbox, &change, 1, w);
	str_free(&id);
	return ok;
}

/*
 * Taking in
 */

static bool
mark_name(void *arg, struct view name, struct view value)
{
	uint32_t *all = arg;

	if (view_is(name, "use"))
		*all |= uses_parse(value, NULL);
	if (view_is(name, "id"))
		*all |= MARK_ID;
	for (size_t i = 0; i < nitems(marks); i++)
		if (view_starts(name, view_of(marks[i].prefix)))
			*all |= marks[i].mark;
	return true;
}

/* In memory or in the index: where the truth is. */
static bool
set_marks(struct view user, struct view name, uint32_t all, uint32_t *mailbox)
{
	struct mailbox *mb = mailbox_find(user, name);
	struct header h = { 0 };
	bool known;

	if (mb != NULL && mb->h.mailbox != 0) {
		*mailbox = mb->h.mailbox;
		if (mb->h.marks != all) {
			mb->h.marks = all;
			mailbox_touch(mb);
		}
		return true;
	}
	known = index_header(user, name, &h) == KV_FOUND;
	*mailbox = h.mailbox;
	if (known && h.marks != all) {
		h.marks = all;
		index_put_header(user, name, &h);
	}
	str_free(&h.keywords);
	return known;
}

/* Before the row is replaced. */
static void
tell_shares(struct view user, struct view name, uint32_t number,
    struct view after)
{
	struct kv_key key = index_key_number(number);
	struct str before = { 0 };
	struct view v;

	if (index_get(INDEX_ATTRIBUTES, &key, &v) == KV_FOUND)
		str_add(&before, v);
	shares_change(user, name, number, str_view(&before), after);
	str_free(&before);
}

void
attributes_take(struct view user, struct view mailbox, struct view text)
{
	struct view name = place_canonical(mailbox);
	struct str clean = { 0 };
	uint32_t all = 0, number;
	struct kv_key key;

	attributes_text_edit(text, NULL, 0, &clean);
	attributes_text_each(str_view(&clean), VIEW_NONE, mark_name, &all);
	if (set_marks(user, name, all, &number)) {
		key = index_key_number(number);
		tell_shares(user, name, number, str_view(&clean));
		if (clean.n > 0)
			index_put(INDEX_ATTRIBUTES, &key, str_view(&clean));
		else
			index_delete(INDEX_ATTRIBUTES, &key);
		if (view_is(name, "INBOX"))
			quota_take_own(user, str_view(&clean));
	}
	str_free(&clean);
}

/* False with errno; a file that is not there is an empty one. */
static bool
read_file(struct view user, struct view mailbox, struct str *text)
{
	struct str path = { 0 }, folder = { 0 };
	int dir = -1;
	bool ok;

	errno = EINVAL;
	if (place_folder(mailbox, &folder) &&
	    maildir_path(&path, user, str_view(&folder), ""))
		dir = maildir_open(path.p);
	ok = dir >= 0 && maildir_read(dir, MAILDIR_ATTRIBUTES,
			     ATTRIBUTES_FILE_MAX, text);
	if (!ok && maildir_missing(errno)) {
		str_reset(text);
		ok = true;
	}
	if (dir >= 0)
		close(dir);
	str_free(&path);
	str_free(&folder);
	return ok;
}

void
attributes_adopt(struct view user, struct view mailbox)
{
	struct str text = { 0 };

	if (read_file(user, mailbox, &text))
		attributes_take(user, mailbox, str_view(&text));
	else
		log_warning("store",
		    "attributes-unreadable user=%s mailbox=%s error=\"%s\"",
		    log_quote(user), log_quote(mailbox), strerror(errno));
	str_free(&text);
}

/*
 * Changing
 */

static bool
edit(struct view user, struct view mailbox, const struct attribute *changes,
    size_t n, struct str *new, struct why *w)
{
	struct str old = { 0 };
	size_t count;
	bool ok = read_file(user, mailbox, &old);

	if (!ok)
		trouble_errno(w, "Reading the attributes", errno);
	count = ok ? attributes_text_edit(str_view(&old), changes, n, new) : 0;
	if (ok && new->n > old.n && new->n > ATTRIBUTES_TEXT_MAX)
		ok = why_never(w, "3.4", "That is too much for one mailbox");
	if (ok && count > ATTRIBUTES_MOST)
		ok = why_never(w, "5.3", "There are too many values");
	str_free(&old);
	return ok;
}

static bool
write_file(struct view user, struct view mailbox, struct view text,
    struct why *w)
{
	struct str path = { 0 }, folder = { 0 };
	struct maildir_write m = { .name = MAILDIR_ATTRIBUTES, .text = text };

	place_folder(mailbox, &folder);
	maildir_path(&path, user, str_view(&folder), "");
	m.path = str_c(&path);
	pool_call(maildir_write_run, &m);
	str_free(&path);
	str_free(&folder);
	return m.error == 0 ||
	       trouble_errno(w, "Writing the attributes", m.error);
}

/* Its name may have been given before the writing failed. Then it is the new one
 * that counts, or after a loss of power the old one: nobody can say. */
static bool
may_be_written(struct view user, struct view mailbox, struct view text)
{
	struct str now = { 0 };
	bool may = !read_file(user, mailbox, &now) ||
	    view_eq(str_view(&now), text);

	str_free(&now);
	return may;
}

bool
attributes_set(struct view user, struct view mailbox,
    const struct attribute *changes, size_t n, struct why *w)
{
	struct view name = place_canonical(mailbox);
	struct str new = { 0 };
	bool ok;

	if (!account_exists(user, name))
		return why_never(w, "2.1", "There is no such mailbox");
	ok = edit(user, name, changes, n, &new, w);
	if (ok) {
		account_note(user, 'A', name, "");
		ok = request_safe(w) &&
		     (write_file(user, name, str_view(&new), w) ||
			 (may_be_written(user, name, str_view(&new)) &&
			     request_unfinished(w)));
	}
	if (ok) {
		attributes_take(user, name, str_view(&new));
		account_note(user, 'A', name, NULL);
		ok = request_safe(w) || request_unfinished(w);
	}
	str_free(&new);
	return ok;
}

/*
 * From one to another
 */

struct copying {
	struct str rows;
	size_t n;
};

static bool
copy_row(void *arg, struct view name, struct view value)
{
	struct copying *i = arg;

	list_put(&i->rows, name);
	list_put(&i->rows, value);
	i->n++;
	return true;
}

static bool
set_all(struct view user, struct view mailbox, const struct copying *i,
    struct why *w)
{
	struct attribute *changes = xcalloc(i->n, sizeof(*changes));
	struct view rest = str_view(&i->rows);
	size_t n = 0;
	bool ok;

	while (n < i->n && list_next(&rest, &changes[n].name) &&
	    list_next(&rest, &changes[n].value))
		n++;
	ok = attributes_set(user, mailbox, changes, n, w);
	free(changes);
	return ok;
}

bool
attributes_copy(struct view user, struct view from, struct view to,
    struct view prefix, struct why *w)
{
	struct copying i = { .n = 0 };
	bool ok = attributes_each(user, from, prefix, copy_row, &i) !=
		KV_TROUBLE;

	if (!ok)
		index_why(w);
	else if (i.n > 0)
		ok = set_all(user, to, &i, w);
	str_free(&i.rows);
	return ok;
}
