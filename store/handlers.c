/* SPDX-License-Identifier: ISC */
/*
 * handlers - who answers which message
 *
 * Deliveries and what needs no waiting are dealt with on the loop; the rest,
 * a table, in a fiber each.
 */
#include "store/acl.h"
#include "store/append.h"
#include "store/cache.h"
#include "store/copy.h"
#include "store/copy_out.h"
#include "store/deliver.h"
#include "store/distant.h"
#include "store/extras.h"
#include "store/folder.h"
#include "store/full.h"
#include "store/handlers.h"
#include "store/import.h"
#include "store/link.h"
#include "store/listing.h"
#include "store/look.h"
#include "store/metadata.h"
#include "store/modify.h"
#include "store/states.h"
#include "store/usage.h"
#include "store/vanished.h"
#include "store/watch.h"

#define UIDS_MAX (16u << 20)	/* octets of a set */

static void
grant(struct channel *c, uint32_t tag, struct msg_grant *m)
{
	const struct peer_id *peer = channel_peer(c);
	uint32_t process = peer->role == ROLE_CTL ? peer->process : m->process;
	struct why w;

	link_of(c);
	/* another store may have forgotten that it vouched */
	if (grant_add(process, m->session, m->user, peer->role == ROLE_STORE))
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

/* A set that is too long for a message comes in several. One that never ends
 * does nothing, and one that is cut off is no set. */
static void
on_mailbox_expunge(struct channel *c, uint32_t tag,
    struct msg_mailbox_expunge *x)
{
	struct handle *h = handle_find(link_of(c), x->handle);
	struct message m = { .type = MSG_mailbox_expunge, .tag = tag,
		.mailbox_expunge = *x };

	if (h != NULL && (x->more || h->uids.n > 0)) {
		bool fits = h->uids.n + x->uids.n <= UIDS_MAX;

		/* what does not fit is no set any more, nor does it become one */
		str_add(&h->uids, fits ? x->uids : VIEW_LIT("?"));
		m.mailbox_expunge.uids = str_view(&h->uids);
	}
	if (x->more)
		return;
	request_start(c, &m, modify_expunge);
	if (h != NULL)
		str_free(&h->uids);
}

/* Messages that are worked on in a fiber. */
#define REQUESTS \
	REQUEST(mailbox_list, listing_list) \
	REQUEST(mailbox_open, look_open) \
	REQUEST(mailbox_flags, modify_flags) \
	REQUEST(mailbox_vanished, vanished_request) \
	REQUEST(append_open, append_open) \
	REQUEST(append_commit, append_commit) \
	REQUEST(copy, copy_request) \
	REQUEST(mailbox_create, folder_create) \
	REQUEST(mailbox_delete, folder_delete) \
	REQUEST(mailbox_rename, folder_rename) \
	REQUEST(mailbox_subscribe, listing_subscribe) \
	REQUEST(mailbox_status, states_one) \
	REQUEST(mailbox_states_get, states_many) \
	REQUEST(mailbox_rebuild, listing_rebuild) \
	REQUEST(import_begin, import_begin) \
	REQUEST(import_end, import_end) \
	REQUEST(acl_get, acl_get) \
	REQUEST(acl_set, acl_set) \
	REQUEST(metadata_get, metadata_get) \
	REQUEST(metadata_set, metadata_set) \
	REQUEST(extras_get, extras_many) \
	REQUEST(admit, distant_admit) \
	REQUEST(shares_get, distant_shares) \
	REQUEST(copy_in, copy_in) \
	REQUEST(quota_get, usage_get) \
	REQUEST(quota_set, usage_set)

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
	.mailbox_expunge = on_mailbox_expunge,
	.cache_open = cache_open,
	.cache_keep = cache_keep,
	.append_abort = append_abort,
	.watch = watch_request,
	.quota_table = full_table,
#define REQUEST(name, work) .name = on_##name,
	REQUESTS
#undef REQUEST
	.closed = link_closed,
};
