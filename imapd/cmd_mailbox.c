/* SPDX-License-Identifier: ISC */
/*
 * cmd_mailbox - CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE (RFC 3501 6.3,
 * RFC 6154 5.2, RFC 8474 4.1)
 *
 * Which names are possible is for store to say; here only the wire form of a
 * name is checked.
 */
#include "imapd/box.h"
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/select.h"
#include "lib/mail/uses.h"
#include "lib/mail/utf8.h"
#include "lib/proc/channel.h"

/* " name", and nothing behind. */
static bool
only_name(struct parse *p, struct view *name)
{
	parse_space(p);
	*name = parse_mailbox_named(p);
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

/* RFC 9051 6.3.4: names are made in normal form; who gave another hears which.
 * In modified UTF-7 a name has the form that the client gave it. */
static struct view
normal_form(struct imap *im, struct view name)
{
	struct str normal = { 0 };

	if (imap_has(im, SPEAKS_UTF8) && utf8_normalize(&normal, name))
		name = arena_view(&im->arena, str_view(&normal));
	str_free(&normal);
	return name;
}

/* Old is what the client called it. */
static void
tell_name(struct imap *im, struct view name, struct view old)
{
	if (!imap_has(im, FEATURE_REV2))
		return;
	out_puts(im, "* LIST () \"/\" ");
	out_mailbox(im, name);
	out_puts(im, " (\"OLDNAME\" (");
	out_mailbox(im, old);
	out_puts(im, "))\r\n");
}

/* What CREATE may say behind the name. */
struct create {
	uint32_t uses;
	bool strange;	/* a use that no mailbox here has */
	bool given;
};

/* "(\\Sent \\Archive)" */
static void
parse_uses(struct parse *p, struct create *c)
{
	c->given = true;
	parse_want(p, '(');
	while (parse_fine(p) && parse_peek(p) != ')') {
		struct view name;
		uint32_t bit;

		if (c->uses != 0 || c->strange)
			parse_space(p);
		name = p->rest;
		parse_want(p, '\\');
		name.n = parse_atom(p).n + 1;
		bit = parse_fine(p) ? use_parse(name) & USES_SETTABLE : 0;
		c->uses |= bit;
		c->strange |= bit == 0;
	}
	parse_want(p, ')');
}

/* " (USE (\\Sent))" */
static void
parse_create(struct parse *p, struct create *c)
{
	if (!parse_take(p, ' '))
		return;
	parse_want(p, '(');
	do {
		if (c->given || !parse_word(p, "USE"))
			parse_fail(p, "Unknown CREATE parameter");
		parse_space(p);
		parse_uses(p, c);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
}

static enum answer
create(struct imap *im, const struct message *m)
{
	struct reply reply = { 0 };
	struct why w = { 0 };
	enum answer answer;

	if (!store_ask(im, m, &reply, &w))
		return answer_why(im, &w);
	if (store_want(&reply, MSG_mailbox_created, &w))
		answer = answer_ok(im, "[MAILBOXID (%.*s)] CREATE completed",
		    VIEW(reply.m.mailbox_created.id));
	else
		answer = answer_why(im, &w);
	reply_free(&reply);
	return answer;
}

enum answer
cmd_create(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create.session = imap_number(im) };
	struct create c = { 0 };
	enum answer answer;
	struct view name;

	parse_space(p);
	name = parse_mailbox_named(p);
	parse_create(p, &c);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (c.strange)
		return answer_no(im, "[USEATTR] No mailbox has such a use");
	name = without_separator(name);
	m.mailbox_create.mailbox = normal_form(im, name);
	m.mailbox_create.uses = c.uses;
	answer = create(im, &m);
	if (answer == ANSWER_OK && !view_eq(name, m.mailbox_create.mailbox))
		tell_name(im, m.mailbox_create.mailbox, name);
	return answer;
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
	enum answer answer;
	struct view to;

	parse_space(p);
	m.mailbox_rename.from = parse_mailbox_named(p);
	if (!only_name(p, &m.mailbox_rename.to))
		return answer_syntax(im, p);
	to = without_separator(m.mailbox_rename.to);
	m.mailbox_rename.to = normal_form(im, to);
	answer = tell_leaving(im, &m);
	if (answer == ANSWER_OK && !view_eq(to, m.mailbox_rename.to))
		tell_name(im, m.mailbox_rename.to, m.mailbox_rename.from);
	return answer;
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
