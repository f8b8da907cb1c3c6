/* SPDX-License-Identifier: ISC */
/*
 * route - by the name of a mailbox, by a handle, or to the user's own store
 *
 * A handle has the instance of its store in its upper bits.
 */
#include "imapd/box.h"
#include "imapd/route.h"
#include "lib/mail/address.h"
#include "lib/mail/shared.h"
#include "lib/proc/service.h"

#define ADMIT_WAIT_MS	60000

enum by { BY_NAME, BY_HANDLE };

/* Questions that are not for the user's own store in any case. */
#define NAMED(type, field)							\
	{ MSG_##type, BY_NAME, offsetof(struct message, type.field) }
#define HANDLED(type)								\
	{ MSG_##type, BY_HANDLE, offsetof(struct message, type.handle) }
static const struct {
	enum message_type type;
	enum by by;
	size_t at;
} ways[] = {
	NAMED(mailbox_open, mailbox),
	NAMED(mailbox_status, mailbox),
	NAMED(mailbox_create, mailbox),
	NAMED(mailbox_delete, mailbox),
	NAMED(mailbox_rename, from),
	NAMED(append_open, mailbox),
	NAMED(quota_get, mailbox),
	NAMED(quota_set, mailbox),
	NAMED(acl_get, mailbox),
	NAMED(acl_set, mailbox),
	NAMED(metadata_get, mailbox),
	NAMED(metadata_set, mailbox),
	HANDLED(mailbox_flags),
	HANDLED(mailbox_expunge),
	HANDLED(mailbox_vanished),
	HANDLED(content_open),
	HANDLED(copy),
	HANDLED(cache_open),
};

static struct channel *
unreachable(struct why *w)
{
	why_later(w, "3.0", "The mailboxes are not reachable");
	return NULL;
}

/* Have the user's store tell the other one who we are. */
static bool
admit(struct imap *im, uint32_t instance, struct why *w)
{
	struct message m = { .type = MSG_admit,
		.admit = { imap_number(im), instance } };
	struct reply reply;
	bool fine;

	if (im->admitted >> instance & 1)
		return true;
	fine = channel_call(im->store, &m, &reply, deadline_in(ADMIT_WAIT_MS),
	    w) && reply_is(&reply, MSG_answer, w);
	reply_free(&reply);
	if (fine)
		im->admitted |= (uint64_t)1 << instance;
	return fine;
}

static struct channel *
other_store(struct imap *im, uint32_t instance, struct why *w)
{
	struct channel *c;

	if (service_peer_wait(ROLE_STORE, instance, DEADLINE_NEVER) == NULL)
		return unreachable(w);
	if (!admit(im, instance, w))
		return NULL;
	/* it may have gone while its sibling was asked */
	c = service_peer(ROLE_STORE, instance);
	return c != NULL && !im->lost ? c : unreachable(w);
}

struct channel *
route_name(struct imap *im, struct view name, struct why *w)
{
	struct str owner = { 0 };
	struct view mailbox;
	uint32_t instance = im->instance;

	if (im->lost || im->store == NULL)
		return unreachable(w);
	if (shared_is(name) && shared_parse(name, &owner, &mailbox))
		instance = user_instance(str_view(&owner),
		    (uint32_t)im->settings->store_instances);
	str_free(&owner);
	return instance == im->instance ? im->store :
					  other_store(im, instance, w);
}

static struct channel *
route_handle(struct imap *im, uint32_t handle, struct why *w)
{
	uint32_t instance = handle >> HANDLE_INSTANCE;
	struct channel *c = instance == im->instance ? im->store :
	    service_peer(ROLE_STORE, instance);

	return c != NULL ? c : unreachable(w);
}

static struct channel *
route_by(struct imap *im, const struct message *m, size_t way, struct why *w)
{
	const char *at = (const char *)m + ways[way].at;
	uint32_t handle;
	struct view name;

	if (ways[way].by == BY_HANDLE) {
		memcpy(&handle, at, sizeof(handle));
		return route_handle(im, handle, w);
	}
	memcpy(&name, at, sizeof(name));
	return route_name(im, name, w);
}

/* What was begun with append_open is finished where it was begun. */
struct channel *
route_message(struct imap *im, const struct message *m, struct why *w)
{
	struct channel *c = im->store;
	size_t i = 0;

	if (im->lost || im->store == NULL)
		return unreachable(w);
	while (i < nitems(ways) && ways[i].type != m->type)
		i++;
	if (i < nitems(ways))
		c = route_by(im, m, i, w);
	if (m->type == MSG_append_open)
		im->appends_at = c;
	if (m->type == MSG_append_commit)
		c = im->appends_at != NULL ? im->appends_at : unreachable(w);
	return c;
}

void
route_leave(struct imap *im)
{
	struct message end = { .type = MSG_session_end,
		.session_end = { .session = imap_number(im) } };

	for (uint32_t i = 0; i < 64; i++) {
		struct channel *c = im->admitted >> i & 1 ?
		    service_peer(ROLE_STORE, i) : NULL;

		if (c != NULL)
			channel_send(c, &end);
	}
	im->admitted = 0;
}
