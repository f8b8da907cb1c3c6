/* SPDX-License-Identifier: ISC */
/*
 * shares - rows, and looking them up
 */
#include "lib/base/log.h"
#include "lib/mail/shared.h"
#include "lib/proc/message.h"
#include "lib/proc/pool.h"
#include "store/access.h"
#include "store/acl.h"
#include "store/attributes.h"
#include "store/everyone.h"
#include "store/load.h"
#include "store/shares.h"

#define KNOWN_MS 30000	/* who asks waits so long for it */

static bool known;
static struct fiber_queue waiting;

/* ---- rows ---- */

static struct kv_key
row_key(struct view identifier, struct view owner)
{
	struct kv_key key = { .n = 0 };

	kv_key_text(&key, identifier);
	kv_key_text(&key, owner);
	return key;
}

struct noting {
	struct view owner, mailbox;
	uint32_t number;
	bool remove;
};

/* Who only has something taken away finds nothing by it. */
static bool
note_row(void *arg, struct view name, struct view value UNUSED)
{
	struct view identifier = view_skip(name, sizeof(ACL_PREFIX) - 1);
	const struct noting *n = arg;
	struct kv_key key;

	if (view_starts(identifier, VIEW_LIT("-")) ||
	    identifier.n > RIGHTS_IDENTIFIER_MAX)
		return true;
	key = row_key(identifier, n->owner);
	kv_key_u32(&key, n->number);
	if (n->remove)
		index_delete(INDEX_SHARED, &key);
	else
		index_put(INDEX_SHARED, &key, n->mailbox);
	return true;
}

static void
note_all(struct view text, struct noting *n)
{
	attributes_text_each(text, VIEW_LIT(ACL_PREFIX), note_row, n);
}

void
shares_change(struct view owner, struct view mailbox, uint32_t number,
    struct view before, struct view after)
{
	struct noting n = { owner, mailbox, number, true };

	if (!view_eq(before, after))
		note_all(before, &n);
	n.remove = false;
	note_all(after, &n);
}

static void
change_known(struct view owner, struct view mailbox, uint32_t number,
    bool gone)
{
	struct kv_key key = index_key_number(number);
	struct str text = { 0 };
	struct view v;

	if (index_get(INDEX_ATTRIBUTES, &key, &v) == KV_FOUND)
		str_add(&text, v);
	shares_change(owner, mailbox, number, str_view(&text),
	    gone ? VIEW_NONE : str_view(&text));
	str_free(&text);
}

void
shares_renamed(struct view owner, struct view mailbox, uint32_t number)
{
	change_known(owner, mailbox, number, false);
}

void
shares_gone(struct view owner, struct view mailbox, uint32_t number)
{
	change_known(owner, mailbox, number, true);
}

/* ---- looking up ---- */

/* owner NUL number; value: mailbox */
static bool
take_row(void *arg, struct view key, struct view value)
{
	struct view owner;

	view_cut(&key, '\0');
	owner = view_cut(&key, '\0');
	list_put(arg, owner);
	list_put(arg, value);
	return true;
}

static void
put_those(struct view user, struct view rows, struct str *list)
{
	struct view owner, mailbox;
	uint32_t instance;

	while (list_next(&rows, &owner) && list_next(&rows, &mailbox)) {
		struct str name = { 0 };

		if (view_eq(owner, user) || !access_is_here(owner, &instance) ||
		    !(acl_rights(owner, mailbox, user) & RIGHT_LOOKUP))
			continue;
		shared_write(&name, owner, mailbox);
		list_put(list, str_view(&name));
		str_free(&name);
	}
}

static bool
wait_known(void)
{
	int64_t end = deadline_in(KNOWN_MS);

	while (!known && clock_ms() < end && !fiber_cancelled())
		fiber_queue_wait(&waiting, end);
	return known;
}

bool
shares_list(struct view user, struct str *list, struct why *w)
{
	struct view identifier;
	bool ok = true;

	if (!wait_known())
		return why_later(w, "3.0", "It is still being found out who "
					   "shares what");
	for (unsigned n = 0;
	    ok && (identifier = rights_fitting(user, n)).n > 0; n++) {
		struct kv_key key = { .n = 0 };
		struct str rows = { 0 };

		kv_key_text(&key, identifier);
		ok = index_each(INDEX_SHARED, &key, take_row, &rows) == KV_NONE;
		if (ok)
			put_those(user, str_view(&rows), list);
		else
			index_why(w);
		str_free(&rows);
	}
	return ok;
}

/* ---- all users ---- */

static void
know_everyone(struct view users)
{
	struct view user;
	uint32_t instance;
	struct why w;

	while (list_next(&users, &user))
		if (access_is_here(user, &instance) &&
		    !mailbox_know_user(user, &w))
			log_warning("store", "user-unknown user=%s "
			    "reason=\"%s\"", log_quote(user), w.text);
}

static struct kv_key
known_key(void)
{
	return index_key_about("shares", VIEW_NONE);
}

static void
know_run(void *arg UNUSED)
{
	struct kv_key key = known_key();
	struct everyone all = { .error = 0 };
	char instances[4];

	pool_call(everyone_run, &all);
	if (all.error != 0)
		log_warning("store", "users-unreadable error=%d", all.error);
	know_everyone(str_view(&all.users));
	str_free(&all.users);
	kv_write_u32(instances, access_instances());
	index_put(INDEX_ABOUT, &key, view_bytes(instances, sizeof(instances)));
	known = true;
	fiber_queue_wake_all(&waiting);
}

/* With another number of instances, users are others'. */
void
shares_begin(void)
{
	struct kv_key key = known_key();
	struct view v;

	known = index_get(INDEX_ABOUT, &key, &v) == KV_FOUND && v.n == 4 &&
	    kv_read_u32(v.p) == access_instances();
	if (!known)
		fiber_start(know_run, NULL);
}
