/* SPDX-License-Identifier: ISC */
/*
 * handlers - who answers which message
 *
 * Deliveries and what needs no waiting are dealt with on the loop; the rest,
 * a table, in a fiber each.
 */
#include "store/append.h"
#include "store/copy.h"
#include "store/deliver.h"
#include "store/folder.h"
#include "store/handlers.h"
#include "store/link.h"
#include "store/listing.h"
#include "store/look.h"
#include "store/modify.h"

static void
grant(struct channel *c, uint32_t tag, struct msg_grant *m)
{
	const struct peer_id *peer = channel_peer(c);
	uint32_t process = peer->role == ROLE_CTL ? peer->process : m->process;
	struct why w;

	link_of(c);
	if (grant_add(process, m->session, m->user))
		why_done(&w, "0.0", "Granted");
	else
		why_never(&w, "7.0", "This session is in use");
	channel_answer(c, tag, &w);
}

static void
session_end(struct channel *c, uint32_t tag UNUSED, struct msg_session_end *m)
{
	grant_end(link_of(c), m->session);
}

/* Messages that are worked on in a fiber. */
#define REQUESTS \
	REQUEST(mailbox_list, listing_list) \
	REQUEST(mailbox_open, look_open) \
	REQUEST(mailbox_flags, modify_flags) \
	REQUEST(mailbox_expunge, modify_expunge) \
	REQUEST(append_open, append_open) \
	REQUEST(append_commit, append_commit) \
	REQUEST(copy, copy_request) \
	REQUEST(mailbox_create, folder_create) \
	REQUEST(mailbox_delete, folder_delete) \
	REQUEST(mailbox_rename, folder_rename) \
	REQUEST(mailbox_subscribe, listing_subscribe) \
	REQUEST(mailbox_status, look_status) \
	REQUEST(mailbox_rebuild, listing_rebuild)

#define REQUEST(name, work) \
	static void on_##name( \
	    struct channel *c, uint32_t tag, struct msg_##name *x) \
	{ \
		struct message m = { \
			.type = MSG_##name, .tag = tag, .name = *x \
		}; \
		request_start(c, &m, work); \
	}
REQUESTS
#undef REQUEST

const struct handlers store_handlers = {
	.deliver = deliver,
	.settled = settled,
	.grant = grant,
	.session_end = session_end,
	.mailbox_close = look_close,
	.content_open = look_content,
	.append_abort = append_abort,
#define REQUEST(name, work) .name = on_##name,
	REQUESTS
#undef REQUEST
	.closed = link_closed,
};
