/* SPDX-License-Identifier: ISC */
/*
 * cmd_basic - NOOP CHECK LOGOUT ID NAMESPACE COMPRESS
 */
#include "imapd/commands.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/mail/shared.h"
#include "lib/proc/deflate.h"
#include "lib/proc/service.h"

#define ID_FIELDS_MAX 30	/* RFC 2971 3.3 */

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

enum answer
cmd_namespace(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "* NAMESPACE ((\"\" \"/\")) ((\"" SHARED_PREFIX "\" \"/\")) "
		     "NIL\r\n");
	return ANSWER_OK;
}

/* RFC 4978. It begins behind the tagged answer (imapd/session.c). */
enum answer
cmd_compress(struct imap *im, struct parse *p)
{
	struct view mechanism;

	parse_space(p);
	mechanism = parse_atom(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!view_isi(mechanism, "DEFLATE"))
		return answer_no(im, "[CANNOT] Only DEFLATE is known");
	if (im->session != NULL && deflate_is_on(&im->session->stream))
		return answer_no(im, "[COMPRESSIONACTIVE] It is on already");
	im->begins_deflate = true;
	return answer_ok(im, "Compression begins");
}
