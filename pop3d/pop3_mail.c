/* SPDX-License-Identifier: ISC */
/*
 * pop3_mail - the commands that are about messages
 *
 * A marked message is gone for every command but RSET. Sizes are those of the
 * files, which are in wire form; dots that are doubled on the way do not count
 * (RFC 1939 11).
 */
#include <unistd.h>

#include "lib/mail/surrogate.h"
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
size_text(struct pop3 *p, uint32_t number, struct str *out)
{
	struct record r;

	mailbox_message(&p->mailbox, number, &r);
	str_addf(out, "%u %llu", number, (unsigned long long)r.size);
}

/* What it has kept from another server, or what the settings make of its UID;
 * that gets a sign more where another message has kept the same. */
static void
uid_text(struct pop3 *p, uint32_t number, struct str *out)
{
	struct mailbox *m = &p->mailbox;
	struct record r;
	struct view kept;
	size_t at;

	mailbox_message(m, number, &r);
	str_addf(out, "%u ", number);
	at = out->n;
	kept = uidls_find(&m->uidls, r.uid, r.content);
	if (kept.n > 0) {
		str_add(out, kept);
		return;
	}
	uidl_write(&p->options.uidl, m->uidvalidity, r.uid, out);
	if (uidls_has(&m->uidls, view_skip(str_view(out), at)))
		str_addc(out, '+');
}

static bool
send_listing(struct pop3 *p, struct stream *s,
    void (*text)(struct pop3 *, uint32_t, struct str *))
{
	const struct mailbox *m = &p->mailbox;

	for (uint32_t n = 1; n <= m->count; n++) {
		if (mailbox_is_marked(m, n))
			continue;
		text(p, n, &s->out);
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
    void (*text)(struct pop3 *, uint32_t, struct str *))
{
	uint32_t number = message_argument(p, &args);

	if (number == 0)
		return;
	pop3_ok(p, "%s", "");
	text(p, number, &p->reply.text);
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
	p->last = 0;
	pop3_ok(p, "%u messages (%llu octets)", p->mailbox.count,
	    (unsigned long long)p->mailbox.octets);
}

void
pop3_noop(struct pop3 *p, struct view args UNUSED)
{
	pop3_ok(p, "Still here");
}

/* Of old clients (RFC 1225): the greatest number that was fetched, in this
 * session or before. */
void
pop3_last(struct pop3 *p, struct view args UNUSED)
{
	uint32_t number = p->mailbox.count;
	struct record r;

	for (; number > p->last; number--) {
		mailbox_message(&p->mailbox, number, &r);
		if (r.flags & FLAG_SEEN)
			break;
	}
	pop3_ok(p, "%u", number);
}

/* ---- reading ---- */

/* Who has not said UTF8 gets a header in ASCII (RFC 6856, 6858). */
static void
replace_header(struct pop3 *p)
{
	struct view header = content_header(p->content, &p->reading);

	if (!surrogate_needed(header))
		return;
	surrogate_header(&p->head, header);
	p->head_was = header.n;
}

static bool
open_content(struct pop3 *p, uint32_t number)
{
	struct why w;

	if (number == 0)
		return false;
	p->content = mailbox_content(&p->mailbox, number, &w);
	p->reading = 0;
	if (p->content < 0)
		pop3_why(p, &w);
	else if (!p->utf8)
		replace_header(p);
	return p->content >= 0;
}

static bool
send_content(struct pop3 *p, struct stream *s, struct content_top *top,
    uint64_t *octets)
{
	const struct content c = { p->content, str_view(&p->head),
		p->head.n > 0 ? p->head_was : 0, p->reading };
	uint64_t sent;
	bool ok = content_send(s, &c, top, &sent);

	*octets += sent;
	str_free(&p->head);
	close(p->content);
	p->content = -1;
	return ok;
}

/* It was fetched when all of it is on its way. */
static bool
send_all(struct pop3 *p, struct stream *s)
{
	p->retr_count++;
	if (!send_content(p, s, NULL, &p->retr_octets))
		return false;
	mailbox_note_fetched(&p->mailbox, p->number);
	if (p->number > p->last)
		p->last = p->number;
	return true;
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
	p->number = number;
	mailbox_message(&p->mailbox, number, &r);
	if (p->head.n > 0)
		r.size += p->head.n - p->head_was;
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
