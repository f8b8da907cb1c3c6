/* SPDX-License-Identifier: ISC */
/*
 * cmd_mailbox - CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE (RFC 3501 6.3)
 *
 * Which names are possible is for store to say; here only the wire form of a
 * name is checked.
 */
#include "imapd/box.h"
#include "imapd/commands.h"
#include "imapd/select.h"
#include "lib/proc/message.h"

/* " name", and nothing behind. */
static bool
only_name(struct parse *p, struct view *name)
{
	parse_space(p);
	*name = parse_mailbox(p);
	return parse_end(p);
}

static enum answer
tell(struct imap *im, const struct message *m)
{
	struct why w = { 0 };

	return store_tell(im, m, &w) ? ANSWER_OK : answer_why(im, &w);
}

/* The same for what may take the selected mailbox away. Others who have it
 * selected hear BYE; who does it himself need not be surprised. */
static enum answer
tell_leaving(struct imap *im, const struct message *m)
{
	enum answer answer = tell(im, m);

	if (im->box != NULL && im->box->deleted) {
		out_puts(im, "* OK [CLOSED] Selected mailbox is gone\r\n");
		box_leave(im);
	}
	return answer;
}

/* "name/" says that names below it will follow: it can have them anyway. */
static struct view
without_separator(struct view name)
{
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	return name;
}

enum answer
cmd_create(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create.session = imap_number(im) };
	struct view name;

	if (!only_name(p, &name))
		return answer_syntax(im, p);
	m.mailbox_create.mailbox = without_separator(name);
	return tell(im, &m);
}

enum answer
cmd_delete(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_mailbox_delete,
		.mailbox_delete.session = imap_number(im) };
	struct view name;

	if (!only_name(p, &name))
		return answer_syntax(im, p);
	if (view_is(name, "INBOX"))
		return answer_no(im, "[CANNOT] INBOX stays");
	m.mailbox_delete.mailbox = name;
	return tell_leaving(im, &m);
}

enum answer
cmd_rename(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_mailbox_rename,
		.mailbox_rename.session = imap_number(im) };

	parse_space(p);
	m.mailbox_rename.from = parse_mailbox(p);
	if (!only_name(p, &m.mailbox_rename.to))
		return answer_syntax(im, p);
	m.mailbox_rename.to = without_separator(m.mailbox_rename.to);
	return tell_leaving(im, &m);
}

static enum answer
subscribe(struct imap *im, struct parse *p, bool on)
{
	struct message m = { .type = MSG_mailbox_subscribe,
		.mailbox_subscribe = { .session = imap_number(im), .on = on } };
	struct view name;

	if (!only_name(p, &name))
		return answer_syntax(im, p);
	m.mailbox_subscribe.mailbox = without_separator(name);
	return tell(im, &m);
}

enum answer
cmd_subscribe(struct imap *im, struct parse *p)
{
	return subscribe(im, p, true);
}

enum answer
cmd_unsubscribe(struct imap *im, struct parse *p)
{
	return subscribe(im, p, false);
}
