/* SPDX-License-Identifier: ISC */
/*
 * list_extra - what follows a LIST response (RFC 5819, RFC 8440, RFC 9590)
 */
#include "imapd/list.h"
#include "imapd/metadata.h"
#include "imapd/rights.h"
#include "imapd/status.h"
#include "lib/mail/shared.h"

enum { WHAT_RIGHTS = 1, WHAT_METADATA = 2 };	/* of extras_get */

/* Those of other users are with other stores: one by one. */
static void
put_names(const struct list_batch *b, struct str *names)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->node[i]->exists && !shared_is(b->node[i]->name))
			list_put(names, b->node[i]->name);
}

/* What the answer to a batch has of this mailbox. */
static bool
take_frame(const struct tree_node *node, struct view *rest, unsigned type,
    struct message *m)
{
	const struct fds none = { 0 };
	struct view frame;

	return !shared_is(node->name) && list_next(rest, &frame) &&
	    frame.n > 0 && message_decode(frame, &none, m) && m->type == type;
}

static bool
extras_ask(struct imap *im, const struct list_batch *b, unsigned what,
    struct reply *reply, struct view *rest, struct why *w)
{
	struct message m = { .type = MSG_extras_get,
		.extras_get = { .session = imap_number(im),
		    .what = (uint8_t)what } };
	struct str names = { 0 };
	bool fine;

	put_names(b, &names);
	m.extras_get.mailboxes = str_view(&names);
	fine = store_ask(im, &m, reply, w) && store_want(reply, MSG_extras, w);
	if (fine)
		*rest = reply->m.extras.extras;
	str_free(&names);
	return fine;
}

/* ---- STATUS ---- */

static void
status_read(struct list *l, struct parse *p)
{
	parse_space(p);
	l->status = status_parse(p);
}

static bool
status_ask(struct imap *im, const struct list_batch *b, struct reply *reply,
    struct view *rest, struct why *w)
{
	struct message m = { .type = MSG_mailbox_states_get,
		.mailbox_states_get.session = imap_number(im) };
	struct str names = { 0 };
	bool fine;

	put_names(b, &names);
	m.mailbox_states_get.mailboxes = str_view(&names);
	fine = store_ask(im, &m, reply, w) &&
	    store_want(reply, MSG_mailbox_states, w);
	if (fine)
		*rest = reply->m.mailbox_states.states;
	str_free(&names);
	return fine;
}

static void
status_of_share(struct imap *im, const struct list *l, struct view name)
{
	struct why w = { 0 };

	(void)status_tell(im, name, l->status, &w);
}

/* A mailbox that has gone meanwhile, or that may not be read, has none. */
static bool
status_write(struct imap *im, const struct list *l,
    const struct tree_node *node, struct view *rest, struct why *w UNUSED)
{
	struct message m;

	status_enable(im, l->status);
	if (shared_is(node->name))
		status_of_share(im, l, node->name);
	else if (take_frame(node, rest, MSG_mailbox_state, &m))
		status_put(im, node->name, &m.mailbox_state, l->status);
	return true;
}

/* ---- MYRIGHTS ---- */

static bool
rights_ask_many(struct imap *im, const struct list_batch *b,
    struct reply *reply, struct view *rest, struct why *w)
{
	return extras_ask(im, b, WHAT_RIGHTS, reply, rest, w);
}

/* One that has gone meanwhile has none. */
static bool
rights_write_one(struct imap *im, const struct list *l UNUSED,
    const struct tree_node *node, struct view *rest, struct why *w UNUSED)
{
	struct reply reply = { 0 };
	struct message m;
	struct why gone;

	if (take_frame(node, rest, MSG_acl, &m))
		rights_put_mine(im, node->name, m.acl.rights);
	else if (rights_ask(im, node->name, true, &reply, &gone))
		rights_put_mine(im, node->name, reply.m.acl.rights);
	reply_free(&reply);
	return true;
}

/* ---- METADATA ---- */

static void
metadata_read(struct list *l, struct parse *p)
{
	l->metadata = arena_zalloc(p->arena, sizeof(*l->metadata));
	l->metadata->most = UINT32_MAX;
	parse_space(p);
	metadata_parse(l->metadata, p);
}

static bool
metadata_ask_many(struct imap *im, const struct list_batch *b,
    struct reply *reply, struct view *rest, struct why *w)
{
	return extras_ask(im, b, WHAT_METADATA, reply, rest, w);
}

/* What was too much for the answer to a batch is asked for by itself. */
static bool
metadata_write(struct imap *im, const struct list *l,
    const struct tree_node *node, struct view *rest, struct why *w UNUSED)
{
	struct reply reply = { 0 };
	struct message m;
	struct why none;

	if (take_frame(node, rest, MSG_metadata, &m))
		metadata_put(im, node->name, m.metadata.entries, l->metadata);
	else if (metadata_ask(im, node->name, &reply, &none))
		metadata_put(im, node->name, reply.m.metadata.entries,
		    l->metadata);
	reply_free(&reply);
	return true;
}

const struct list_extra list_extras[] = {
	{ "STATUS", status_read, status_ask, status_write },
	{ "MYRIGHTS", NULL, rights_ask_many, rights_write_one },
	{ "METADATA", metadata_read, metadata_ask_many, metadata_write },
};
const size_t list_extras_n = nitems(list_extras);
