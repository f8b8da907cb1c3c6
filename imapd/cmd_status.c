/* SPDX-License-Identifier: ISC */
/*
 * cmd_status - STATUS (RFC 3501 6.3.10, RFC 8438)
 */
#include "imapd/commands.h"
#include "lib/proc/channel.h"

#define ITEM(name, field)                                                      \
	{                                                                      \
		#name, offsetof(struct msg_mailbox_state, field),              \
		    sizeof(((struct msg_mailbox_state *)NULL)->field)          \
	}
static const struct {
	const char *name;
	size_t at, size;
} items[] = {
	ITEM(MESSAGES, messages),
	ITEM(RECENT, recent),
	ITEM(UIDNEXT, uidnext),
	ITEM(UIDVALIDITY, uidvalidity),
	ITEM(UNSEEN, unseen),
	ITEM(SIZE, size),
};

/* "(MESSAGES UNSEEN)" as bits of the table. */
static unsigned
parse_items(struct parse *p)
{
	unsigned wanted = 0;

	parse_want(p, '(');
	do {
		struct view name = parse_atom(p);
		size_t i = 0;

		while (i < nitems(items) && !view_isi(name, items[i].name))
			i++;
		if (i == nitems(items))
			parse_fail(p, "Unknown status item");
		wanted |= 1u << i;
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	return wanted;
}

static uint64_t
value(const struct msg_mailbox_state *s, size_t i)
{
	const char *at = (const char *)s + items[i].at;
	uint64_t n64;
	uint32_t n32;

	if (items[i].size == sizeof(n64)) {
		memcpy(&n64, at, sizeof(n64));
		return n64;
	}
	memcpy(&n32, at, sizeof(n32));
	return n32;
}

static void
put_status(struct imap *im, struct view name,
    const struct msg_mailbox_state *s, unsigned wanted)
{
	const char *blank = "";

	out_puts(im, "* STATUS ");
	out_mailbox(im, name);
	out_puts(im, " (");
	for (size_t i = 0; i < nitems(items); i++) {
		if (!(wanted & 1u << i))
			continue;
		out_printf(im, "%s%s %llu", blank, items[i].name,
		    (unsigned long long)value(s, i));
		blank = " ";
	}
	out_puts(im, ")\r\n");
}

enum answer
cmd_status(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_mailbox_status,
		.mailbox_status.session = imap_number(im) };
	struct reply reply = { 0 };
	struct why w = { 0 };
	struct view name;
	unsigned wanted;
	bool fine;

	parse_space(p);
	name = parse_mailbox(p);
	parse_space(p);
	wanted = parse_items(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	m.mailbox_status.mailbox = name;
	if (!store_ask(im, &m, &reply, &w))
		return answer_why(im, &w);
	fine = store_want(&reply, MSG_mailbox_state, &w);
	if (fine)
		put_status(im, name, &reply.m.mailbox_state, wanted);
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}
