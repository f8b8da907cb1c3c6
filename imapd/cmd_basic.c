/* SPDX-License-Identifier: ISC */
/*
 * cmd_basic - CAPABILITY NOOP CHECK LOGOUT ID ENABLE NAMESPACE
 */
#include "imapd/commands.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/proc/service.h"

#define ID_FIELDS_MAX 30	/* RFC 2971 3.3 */

const char *
capabilities(struct imap *im)
{
	const struct gate *g = &im->gate;
	struct str list = { 0 };
	const char *text;

	if (im->user != NULL)
		return "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE "
		       "CHILDREN UIDPLUS UNSELECT MOVE MULTIAPPEND "
		       "STATUS=SIZE";
	str_adds(&list, "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE");
	if (g->house->tls_offered(im->session))
		str_adds(&list, " STARTTLS");
	if (!g->house->plain_allowed(im->session))
		str_adds(&list, " LOGINDISABLED");
	g->house->offer(im->session, " AUTH=", &list);
	text = arena_copy(&im->arena, str_view(&list));
	str_free(&list);
	return text;
}

enum answer
cmd_capability(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_printf(im, "* CAPABILITY %s\r\n", capabilities(im));
	return ANSWER_OK;
}

/* News of the mailbox are told after every command. */
enum answer
cmd_noop(struct imap *im, struct parse *p)
{
	return parse_end(p) ? ANSWER_OK : answer_syntax(im, p);
}

/* Everything that was answered is on disk already. */
enum answer
cmd_check(struct imap *im, struct parse *p)
{
	return cmd_noop(im, p);
}

enum answer
cmd_logout(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "* BYE Logging out\r\n");
	im->over = true;
	im->ended = "Logged out";
	return ANSWER_OK;
}

/* ("name" "value" ...) or NIL; for the log only. */
static void
take_id(struct imap *im, struct parse *p)
{
	unsigned n = 0;

	if (parse_word(p, "NIL"))
		return;
	parse_want(p, '(');
	if (parse_take(p, ')'))
		return;
	do {
		struct view name = parse_string(p), value;

		parse_space(p);
		value = parse_nstring(p);
		if (++n > ID_FIELDS_MAX || name.n > 30 || value.n > 1024)
			parse_fail(p, "Too much for an ID");
		if (parse_fine(p) && im->session != NULL && value.p != NULL)
			log_debug(im->session->id, "id %s=%s", log_quote(name),
			    log_quote(value));
	} while (parse_take(p, ' '));
	parse_want(p, ')');
}

enum answer
cmd_id(struct imap *im, struct parse *p)
{
	parse_space(p);
	take_id(im, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "* ID (\"name\" \"Posthouse\" \"version\" \""
	    POSTHOUSE_VERSION "\")\r\n");
	return ANSWER_OK;
}

/* Nothing that we have needs enabling: what is asked for is read and left. */
enum answer
cmd_enable(struct imap *im, struct parse *p)
{
	do {
		parse_space(p);
		parse_atom(p);
	} while (parse_peek(p) == ' ');
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "* ENABLED\r\n");
	return ANSWER_OK;
}

enum answer
cmd_namespace(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
	return ANSWER_OK;
}
