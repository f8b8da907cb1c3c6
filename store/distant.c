/* SPDX-License-Identifier: ISC */
/*
 * distant - vouching for a session, and asking what is shared
 */
#include <errno.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/service.h"
#include "store/access.h"
#include "store/distant.h"
#include "store/shares.h"

bool
distant_admit(struct request *r, struct why *w)
{
	const struct msg_admit *m = &r->m.admit;
	struct message grant = { .type = MSG_grant };
	const char *user = request_user(r, m->session, w);
	struct reply reply;

	if (user == NULL)
		return false;
	if (m->instance >= access_instances())
		return why_never(w, "5.1", "There is no such store");
	grant.grant.process = r->link->process;
	grant.grant.session = m->session;
	grant.grant.user = view_of(user);
	if (service_call(ROLE_STORE, m->instance, &grant, &reply, w))
		reply_is(&reply, MSG_answer, w);
	reply_free(&reply);
	return false; /* w is the answer in any case */
}

/* ---- what is shared ---- */

/* Whose shares are asked for: another store names him, others are asked by
 * one of his sessions. */
static const char *
who(struct request *r, struct why *w)
{
	const struct msg_shares_get *m = &r->m.shares_get;
	const struct channel *c = r->link->channel;

	if (c != NULL && channel_peer(c)->role == ROLE_STORE)
		return arena_copy(&r->arena, m->user);
	return request_user(r, m->session, w);
}

static bool
take_names(const struct reply *reply, struct str *list, struct why *w)
{
	int fd = reply->m.shares.names;
	struct view v;

	if (fd < 0)
		return true;
	v = file_map(fd);
	if (v.p == NULL || !list_ok(v, NULL)) {
		file_unmap(v);
		return why_later(w, "3.0", "Another store told nonsense");
	}
	str_add(list, v);
	file_unmap(v);
	return true;
}

static bool
ask_one(uint32_t instance, const char *user, struct str *list, struct why *w)
{
	struct message m = { .type = MSG_shares_get,
		.shares_get.user = view_of(user) };
	struct reply reply;
	bool ok = service_call(ROLE_STORE, instance, &m, &reply, w) &&
	    reply_is(&reply, MSG_shares, w) && take_names(&reply, list, w);

	reply_free(&reply);
	return ok;
}

/* A list that lacks some would make clients forget what they have of them: all
 * or none. */
static bool
ask_others(const char *user, struct str *list, struct why *w)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < access_instances(); i++)
		if (i != service_instance())
			ok = ask_one(i, user, list, w);
	return ok;
}

static bool
answer(struct request *r, struct view list, struct why *w)
{
	struct message m = { .type = MSG_shares, .shares.names = -1 };

	if (list.n > 0) {
		m.shares.names = file_memfd("shares", list);
		if (m.shares.names < 0)
			return why_errno(w, "listing what is shared");
	}
	request_reply(r, &m);
	return true;
}

bool
distant_shares(struct request *r, struct why *w)
{
	const struct channel *c = r->link->channel;
	bool sibling = c != NULL && channel_peer(c)->role == ROLE_STORE;
	const char *user = who(r, w);
	struct str list = { 0 };
	bool ok = user != NULL && shares_list(view_of(user), &list, w) &&
	    (sibling || ask_others(user, &list, w)) &&
	    answer(r, str_view(&list), w);

	str_free(&list);
	return ok;
}
