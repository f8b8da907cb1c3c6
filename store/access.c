/* SPDX-License-Identifier: ISC */
/*
 * access - own names, and those of others
 */
#include <unistd.h>

#include "lib/mail/address.h"
#include "lib/mail/shared.h"
#include "store/access.h"
#include "store/account.h"
#include "store/acl.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/seen.h"

static struct {
	uint32_t instance, instances;
} here = { 0, 1 };

void
access_begin(uint32_t instance, uint32_t instances)
{
	here.instance = instance;
	here.instances = instances;
}

uint32_t
access_here(void)
{
	return here.instance;
}

uint32_t
access_instances(void)
{
	return here.instances;
}

bool
access_is_here(struct view user, uint32_t *instance)
{
	*instance = user_instance(user, here.instances);
	return *instance == here.instance;
}

bool
access_instance(struct view user, struct view name, uint32_t *instance)
{
	struct str owner = { 0 };
	struct view mailbox;
	bool ours;

	if (shared_is(name) && shared_parse(name, &owner, &mailbox))
		ours = access_is_here(str_view(&owner), instance);
	else
		ours = access_is_here(user, instance);
	str_free(&owner);
	return ours;
}

bool
access_no_such(struct why *w)
{
	return why_never(w, "2.1", "There is no such mailbox");
}

/* Somebody asks for him by name: that must not make him a user. */
static bool
has_mail(struct view user)
{
	struct kv_key key = index_key_about("user", user);
	struct str path = { 0 };
	struct view v;
	int fd = -1;

	if (index_get(INDEX_ABOUT, &key, &v) == KV_FOUND)
		return true;
	if (maildir_path(&path, user, VIEW_NONE, ""))
		fd = maildir_open(path.p);
	str_free(&path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
find_shared(struct request *r, struct view name, struct access *a,
    struct why *w)
{
	struct str owner = { 0 };
	uint32_t instance;
	bool ok = shared_parse(name, &owner, &a->name);

	a->owner = arena_view(&r->arena, str_view(&owner));
	str_free(&owner);
	if (!ok || a->name.n == 0 || access_is_own(a))
		return access_no_such(w);
	if (!access_is_here(a->owner, &instance))
		return why_later(w, "3.0", "Another store has that mailbox");
	if (!has_mail(a->owner))
		return access_no_such(w);
	if (!mailbox_know_user(a->owner, w))
		return false;
	a->rights = acl_rights(a->owner, a->name, a->user);
	return true;
}

/* To POP there are only one's own. */
static bool
sees_others(const struct request *r)
{
	const struct channel *c = r->link->channel;

	return c != NULL && channel_peer(c)->role != ROLE_POP3D;
}

bool
access_of(struct request *r, struct view user, struct view name,
    struct access *a, struct why *w)
{
	*a = (struct access){ .user = user, .owner = user, .name = name };
	if (shared_is(name))
		return sees_others(r) ? find_shared(r, name, a, w) :
					access_no_such(w);
	if (!mailbox_know_user(user, w))
		return false;
	a->rights = acl_rights(user, name, user);
	return true;
}

bool
access_find(struct request *r, uint64_t session, struct view name,
    struct access *a, struct why *w)
{
	const char *user = request_user(r, session, w);

	return user != NULL && access_of(r, view_of(user), name, a, w);
}

bool
access_needs(const struct access *a, uint32_t rights, struct why *w)
{
	if ((a->rights & rights) == rights)
		return true;
	if (!access_is_own(a) && !(a->rights & RIGHT_LOOKUP))
		return access_no_such(w);
	return why_never(w, "7.0", "You have no right to do that");
}

bool
access_still(struct access *a, uint32_t rights, struct why *w)
{
	a->rights = acl_rights(a->owner, a->name, a->user);
	return access_needs(a, rights, w);
}

/* RFC 4314 4: k on the nearest parent that exists. On the first level the owner
 * may make what he wants. */
bool
access_may_make(const struct access *a, struct why *w)
{
	struct view parent = a->name;
	uint32_t rights = access_is_own(a) ? RIGHT_CREATE : 0;

	for (;;) {
		size_t end = view_rfind(parent, '/');

		if (end >= parent.n)
			break;
		parent.n = end;
		if (!account_exists(a->owner, parent))
			continue;
		rights = acl_rights(a->owner, parent, a->user);
		break;
	}
	if (rights & RIGHT_CREATE)
		return true;
	/* no different from a user who does not exist */
	if (!access_is_own(a) && !(rights & RIGHT_LOOKUP))
		return access_no_such(w);
	return why_never(w, "7.0", "You have no right to make a mailbox there");
}

struct mailbox *
access_open(struct request *r, uint64_t session, struct view name,
    uint32_t rights, struct access *a, struct why *w)
{
	if (!access_find(r, session, name, a, w) ||
	    !access_needs(a, rights, w))
		return NULL;
	return mailbox_get(a->owner, a->name, w);
}

bool
access_reader(const struct access *a, struct mailbox *mb,
    struct reader **reader, struct why *w)
{
	*reader = NULL;
	if (access_is_own(a))
		return true;
	*reader = seen_reader(mb, a->user);
	if (*reader == NULL)
		index_why(w);
	return *reader != NULL;
}

void
access_limit(uint32_t rights, uint32_t *flags, uint64_t *keywords)
{
	uint32_t allowed = 0;

	if (rights & RIGHT_SEEN)
		allowed |= FLAG_SEEN;
	if (rights & RIGHT_DELETED)
		allowed |= FLAG_DELETED;
	if (rights & RIGHT_WRITE)
		allowed |= FLAG_STORABLE & ~(FLAG_SEEN | FLAG_DELETED);
	*flags &= allowed;
	if (!(rights & RIGHT_WRITE))
		*keywords = 0;
}
