/* SPDX-License-Identifier: ISC */
/*
 * cmd_acl - GETACL SETACL DELETEACL LISTRIGHTS MYRIGHTS (RFC 4314 3)
 *
 * Store decides; here letters and identifiers are read, so that wrong ones are
 * BAD. In answers c and d stand beside the rights that they are words for.
 */
#include "imapd/commands.h"
#include "imapd/rights.h"
#include "lib/mail/rights.h"
#include "lib/proc/channel.h"

/* " mailbox" */
static struct view
parse_its_name(struct parse *p)
{
	parse_space(p);
	return parse_mailbox_named(p);
}

static struct view
parse_identifier(struct parse *p)
{
	struct str out = { 0 };
	struct view v;

	parse_space(p);
	v = parse_astring(p);
	/* whose mailbox it is does not matter for what is possible */
	if (!rights_identifier(v, VIEW_LIT("x@x"), &out))
		parse_fail(p, "Not an identifier that rights are given to");
	str_free(&out);
	return v;
}

static void
put_letters(struct imap *im, struct view letters)
{
	struct str out = { 0 };
	uint32_t rights;

	if (rights_parse(letters, &rights))
		rights_write(&out, rights, true);
	out_astring(im, str_view(&out));
	str_free(&out);
}

static void
put_begin(struct imap *im, const char *response, struct view mailbox)
{
	out_printf(im, "* %s ", response);
	out_mailbox(im, mailbox);
}

void
rights_put_mine(struct imap *im, struct view mailbox, struct view letters)
{
	put_begin(im, "MYRIGHTS", mailbox);
	out_puts(im, " ");
	put_letters(im, letters);
	out_puts(im, "\r\n");
}

bool
rights_ask(struct imap *im, struct view mailbox, bool mine,
    struct reply *reply, struct why *w)
{
	struct message m = { .type = MSG_acl_get,
		.acl_get = { .session = imap_number(im), .mailbox = mailbox,
		    .mine = mine } };

	return store_ask(im, &m, reply, w) && store_want(reply, MSG_acl, w);
}

/* ---- asking ---- */

static void
put_acl(struct imap *im, struct view mailbox, const struct msg_acl *a)
{
	struct view rest = a->entries, identifier, letters;

	put_begin(im, "ACL", mailbox);
	while (list_next(&rest, &identifier) && list_next(&rest, &letters)) {
		out_puts(im, " ");
		out_astring(im, identifier);
		out_puts(im, " ");
		put_letters(im, letters);
	}
	out_puts(im, "\r\n");
}

static void
put_my_rights(struct imap *im, struct view mailbox, const struct msg_acl *a)
{
	rights_put_mine(im, mailbox, a->rights);
}

static enum answer
ask(struct imap *im, struct parse *p, bool mine,
    void (*put)(struct imap *, struct view, const struct msg_acl *))
{
	struct view mailbox = parse_its_name(p);
	struct reply reply = { 0 };
	struct why w = { 0 };
	bool fine;

	if (!parse_end(p))
		return answer_syntax(im, p);
	fine = rights_ask(im, mailbox, mine, &reply, &w);
	if (fine)
		put(im, mailbox, &reply.m.acl);
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

enum answer
cmd_getacl(struct imap *im, struct parse *p)
{
	return ask(im, p, false, put_acl);
}

enum answer
cmd_myrights(struct imap *im, struct parse *p)
{
	return ask(im, p, true, put_my_rights);
}

/* Every right by itself; the owner is never without a. */
static void
put_possible(struct imap *im, bool owner)
{
	static const char singles[] = "lrswipkxtecd";

	out_puts(im, owner ? " a" : " \"\"");
	for (size_t i = 0; singles[i] != '\0'; i++)
		out_printf(im, " %c", singles[i]);
	out_puts(im, owner ? "\r\n" : " a\r\n");
}

enum answer
cmd_listrights(struct imap *im, struct parse *p)
{
	struct view mailbox = parse_its_name(p);
	struct view identifier = parse_identifier(p);
	struct reply reply = { 0 };
	struct str canonical = { 0 };
	struct why w = { 0 };
	bool fine;

	if (!parse_end(p))
		return answer_syntax(im, p);
	fine = rights_ask(im, mailbox, false, &reply, &w);
	if (fine) {
		rights_identifier(identifier, reply.m.acl.owner, &canonical);
		put_begin(im, "LISTRIGHTS", mailbox);
		out_puts(im, " ");
		out_astring(im, identifier);
		put_possible(im, view_eq(str_view(&canonical),
		    reply.m.acl.owner));
	}
	str_free(&canonical);
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

/* ---- changing ---- */

static enum answer
change(struct imap *im, struct parse *p, struct message *m)
{
	struct why w = { 0 };

	if (!parse_end(p))
		return answer_syntax(im, p);
	m->type = MSG_acl_set;
	m->acl_set.session = imap_number(im);
	return store_tell(im, m, &w) ? ANSWER_OK : answer_why(im, &w);
}

enum answer
cmd_setacl(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_acl_set };
	uint32_t rights = 0;

	m.acl_set.mailbox = parse_its_name(p);
	m.acl_set.identifier = parse_identifier(p);
	parse_space(p);
	m.acl_set.rights = parse_astring(p);
	if (!rights_change(m.acl_set.rights, &rights))
		parse_fail(p, "There is no such right");
	return change(im, p, &m);
}

enum answer
cmd_deleteacl(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_acl_set };

	m.acl_set.mailbox = parse_its_name(p);
	m.acl_set.identifier = parse_identifier(p);
	m.acl_set.remove = 1;
	return change(im, p, &m);
}
