/* SPDX-License-Identifier: ISC */
/*
 * status - the table of items
 */
#include "imapd/append.h"
#include "imapd/capability.h"
#include "imapd/status.h"
#include "lib/proc/channel.h"

enum kind { KIND_U32, KIND_U64, KIND_ID, KIND_LIMIT };

#define ITEM(name, kind, field)                                                \
	{ name, kind, offsetof(struct msg_mailbox_state, field) }
static const struct {
	const char *name;
	enum kind kind;
	size_t at;
} items[] = {
	/* in the order of their bits in imapd/status.h */
	ITEM("MESSAGES", KIND_U32, messages),
	ITEM("RECENT", KIND_U32, recent),
	ITEM("UIDNEXT", KIND_U32, uidnext),
	ITEM("UIDVALIDITY", KIND_U32, uidvalidity),
	ITEM("UNSEEN", KIND_U32, unseen),
	ITEM("DELETED", KIND_U32, deleted),
	ITEM("SIZE", KIND_U64, size),
	ITEM("DELETED-STORAGE", KIND_U64, deleted_size),
	{ "APPENDLIMIT", KIND_LIMIT, 0 },	/* of the settings (RFC 7889) */
	ITEM("HIGHESTMODSEQ", KIND_U64, modseq),
	ITEM("MAILBOXID", KIND_ID, id),
};

static unsigned
parse_item(struct parse *p)
{
	struct view name = parse_atom(p);

	for (size_t i = 0; i < nitems(items); i++)
		if (view_isi(name, items[i].name))
			return 1u << i;
	parse_fail(p, "Unknown status item");
	return 0;
}

unsigned
status_parse(struct parse *p)
{
	unsigned wanted = 0;

	parse_want(p, '(');
	do
		wanted |= parse_item(p);
	while (parse_take(p, ' '));
	parse_want(p, ')');
	return wanted;
}

void
status_enable(struct imap *im, unsigned wanted)
{
	if (wanted & STATUS_HIGHESTMODSEQ)
		im->enabled |= FEATURE_CONDSTORE;
}

static void
put_number(struct imap *im, const struct msg_mailbox_state *s, size_t i)
{
	const char *at = (const char *)s + items[i].at;
	uint64_t n64;
	uint32_t n32;

	if (items[i].kind == KIND_LIMIT) {
		n64 = append_limit(im);
	} else if (items[i].kind == KIND_U64) {
		memcpy(&n64, at, sizeof(n64));
	} else {
		memcpy(&n32, at, sizeof(n32));
		n64 = n32;
	}
	out_printf(im, "%llu", (unsigned long long)n64);
}

static void
put_item(struct imap *im, const struct msg_mailbox_state *s, size_t i)
{
	struct view id;

	out_printf(im, "%s ", items[i].name);
	if (items[i].kind != KIND_ID) {
		put_number(im, s, i);
		return;
	}
	memcpy(&id, (const char *)s + items[i].at, sizeof(id));
	out_printf(im, "(%.*s)", VIEW(id));
}

void
status_put(struct imap *im, struct view name,
    const struct msg_mailbox_state *s, unsigned wanted)
{
	const char *blank = "";

	out_puts(im, "* STATUS ");
	out_mailbox(im, name);
	out_puts(im, " (");
	for (size_t i = 0; i < nitems(items); i++) {
		if (!(wanted & 1u << i))
			continue;
		out_puts(im, blank);
		put_item(im, s, i);
		blank = " ";
	}
	out_puts(im, ")\r\n");
}

bool
status_tell(struct imap *im, struct view name, unsigned wanted, struct why *w)
{
	struct message m = { .type = MSG_mailbox_status,
		.mailbox_status = { imap_number(im), name } };
	struct reply reply = { 0 };
	bool fine = store_ask(im, &m, &reply, w) &&
	    store_want(&reply, MSG_mailbox_state, w);

	if (fine)
		status_put(im, name, &reply.m.mailbox_state, wanted);
	reply_free(&reply);
	return fine;
}
