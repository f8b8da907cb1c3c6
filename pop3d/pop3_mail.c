/* SPDX-License-Identifier: ISC */
/*
 * pop3_mail - the commands that are about messages
 *
 * A marked message is gone for every command but RSET. Sizes are those of the
 * files, which are in wire form; dots that are doubled on the way do not count
 * (RFC 1939 11).
 */
#include <unistd.h>

#include "lib/proc/service.h"
#include "pop3d/pop3.h"

/* The message that the first argument names; 0 with the reply filled in. */
static uint32_t
message_argument(struct pop3 *p, struct view *args)
{
	uint64_t number;

	if (!view_u64(view_word(args), UINT32_MAX, &number))
		pop3_error(p, NULL, "That is no message number");
	else if (number < 1 || number > p->mailbox.count)
		pop3_error(p, NULL, "There are only %u messages",
		    p->mailbox.count);
	else if (mailbox_is_marked(&p->mailbox, (uint32_t)number))
		pop3_error(p, NULL, "Message %u is deleted",
		    (unsigned)number);
	else
		return (uint32_t)number;
	return 0;
}

void
pop3_stat(struct pop3 *p, struct view args UNUSED)
{
	const struct mailbox *m = &p->mailbox;

	pop3_ok(p, "%u %llu", m->count - m->marked,
	    (unsigned long long)(m->octets - m->marked_octets));
}

/* ---- scan listings ---- */

static void
size_text(const struct mailbox *m, uint32_t number, struct str *out)
{
	struct record r;

	mailbox_message(m, number, &r);
	str_addf(out, "%u %llu", number, (unsigned long long)r.size);
}

/* The UIDVALIDITY makes it unique over the life of the mailbox. */
static void
uid_text(const struct mailbox *m, uint32_t number, struct str *out)
{
	struct record r;

	mailbox_message(m, number, &r);
	str_addf(out, "%u %08x-%u", number, m->uidvalidity, r.uid);
}

static bool
send_listing(struct pop3 *p, struct stream *s,
    void (*text)(const struct mailbox *, uint32_t, struct str *))
{
	const struct mailbox *m = &p->mailbox;

	for (uint32_t n = 1; n <= m->count; n++) {
		if (mailbox_is_marked(m, n))
			continue;
		text(m, n, &s->out);
		if (!stream_puts(s, "\r\n"))
			return false;
	}
	return stream_puts(s, ".\r\n");
}

static bool
send_sizes(struct pop3 *p, struct stream *s)
{
	return send_listing(p, s, size_text);
}

static bool
send_uids(struct pop3 *p, struct stream *s)
{
	return send_listing(p, s, uid_text);
}

static void
one_line(struct pop3 *p, struct view args,
    void (*text)(const struct mailbox *, uint32_t, struct str *))
{
	uint32_t number = message_argument(p, &args);

	if (number == 0)
		return;
	pop3_ok(p, "%s", "");
	text(&p->mailbox, number, &p->reply.text);
}

void
pop3_list(struct pop3 *p, struct view args)
{
	const struct mailbox *m = &p->mailbox;

	if (view_trim(args).n > 0) {
		one_line(p, args, size_text);
		return;
	}
	pop3_ok(p, "%u messages (%llu octets)", m->count - m->marked,
	    (unsigned long long)(m->octets - m->marked_octets));
	p->reply.body = send_sizes;
}

void
pop3_uidl(struct pop3 *p, struct view args)
{
	if (view_trim(args).n > 0) {
		one_line(p, args, uid_text);
		return;
	}
	pop3_ok(p, "Unique identifiers follow");
	p->reply.body = send_uids;
}

/* ---- deleting ---- */

void
pop3_dele(struct pop3 *p, struct view args)
{
	uint32_t number = message_argument(p, &args);

	if (number == 0)
		return;
	mailbox_mark(&p->mailbox, number);
	pop3_ok(p, "Message %u deleted", number);
}

void
pop3_rset(struct pop3 *p, struct view args UNUSED)
{
	mailbox_unmark_all(&p->mailbox);
	pop3_ok(p, "%u messages (%llu octets)", p->mailbox.count,
	    (unsigned long long)p->mailbox.octets);
}

void
pop3_noop(struct pop3 *p, struct view args UNUSED)
{
	pop3_ok(p, "Still here");
}

/* ---- reading ---- */

static bool
open_content(struct pop3 *p, uint32_t number)
{
	struct why w;

	if (number == 0)
		return false;
	p->content = mailbox_content(&p->mailbox, number, &w);
	if (p->content < 0)
		pop3_why(p, &w);
	return p->content >= 0;
}

static bool
send_content(struct pop3 *p, struct stream *s, struct content_top *top,
    uint64_t *octets)
{
	uint64_t sent;
	bool ok = content_send(s, p->content, top, &sent);

	*octets += sent;
	close(p->content);
	p->content = -1;
	return ok;
}

static bool
send_all(struct pop3 *p, struct stream *s)
{
	p->retr_count++;
	return send_content(p, s, NULL, &p->retr_octets);
}

static bool
send_top(struct pop3 *p, struct stream *s)
{
	p->top_count++;
	return send_content(p, s, &p->top, &p->top_octets);
}

void
pop3_retr(struct pop3 *p, struct view args)
{
	uint32_t number = message_argument(p, &args);
	struct record r;

	if (!open_content(p, number))
		return;
	mailbox_message(&p->mailbox, number, &r);
	pop3_ok(p, "%llu octets", (unsigned long long)r.size);
	p->reply.body = send_all;
}

void
pop3_top(struct pop3 *p, struct view args)
{
	uint32_t number = message_argument(p, &args);
	uint64_t lines;

	if (number == 0)
		return;
	if (!view_u64(view_word(&args), UINT32_MAX, &lines)) {
		pop3_error(p, NULL, "That is no number of lines");
		return;
	}
	if (!open_content(p, number))
		return;
	p->top = (struct content_top){ .lines = lines };
	pop3_ok(p, "Top of message %u follows", number);
	p->reply.body = send_top;
}
