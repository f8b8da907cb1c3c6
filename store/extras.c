/* SPDX-License-Identifier: ISC */
/*
 * extras - a frame for each mailbox
 */
#include "lib/proc/fiber.h"
#include "store/acl.h"
#include "store/extras.h"
#include "store/metadata.h"

#define TURN 50 /* mailboxes before others have their turn */
#define ROOM (FRAME_MAX - 1024)

static void
put_rights(const struct access *a, struct str *frame)
{
	struct message m = { .type = MSG_acl };
	struct fds none = { 0 };
	struct str letters = { 0 };

	if (!(a->rights & RIGHTS_KNOW))
		return;
	rights_write(&letters, a->rights, false);
	m.acl.owner = a->owner;
	m.acl.rights = str_view(&letters);
	(void)message_encode(&m, frame, &none);
	str_free(&letters);
}

static void
put_metadata(const struct access *a, struct str *frame)
{
	struct message m = { .type = MSG_metadata };
	struct str entries = { 0 };
	struct fds none = { 0 };
	struct why w;

	if (a->name.n > 0 && metadata_list(a, &entries, &w)) {
		m.metadata.entries = str_view(&entries);
		(void)message_encode(&m, frame, &none);
	}
	str_free(&entries);
}

static void (*const kinds[])(const struct access *, struct str *) = {
	NULL, put_rights, put_metadata
};

static void
put_one(struct request *r, struct view user, struct view name, struct str *list)
{
	struct str frame = { 0 };
	struct access a;
	struct why w;

	if (access_of(r, user, name, &a, &w))
		kinds[r->m.extras_get.what](&a, &frame);
	if (list->n + frame.n > ROOM)
		str_reset(&frame);
	list_put(list, str_view(&frame));
	str_free(&frame);
}

bool
extras_many(struct request *r, struct why *w)
{
	const struct msg_extras_get *m = &r->m.extras_get;
	const char *user = request_user(r, m->session, w);
	struct message reply = { .type = MSG_extras };
	struct view rest = m->mailboxes, name;
	struct str list = { 0 };

	if (user == NULL)
		return false;
	if (m->what == 0 || m->what >= nitems(kinds))
		return why_never(w, "5.1", "There is nothing of that kind");
	for (unsigned n = 1; list_next(&rest, &name); n++) {
		put_one(r, view_of(user), name, &list);
		if (n % TURN == 0)
			fiber_sleep(0);
	}
	reply.extras.extras = str_view(&list);
	request_reply(r, &reply);
	str_free(&list);
	return true;
}
