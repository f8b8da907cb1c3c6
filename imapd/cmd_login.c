/* SPDX-License-Identifier: ISC */
/*
 * cmd_login - LOGIN and AUTHENTICATE (RFC 3501 6.2, RFC 4616, RFC 4959)
 */
#include "imapd/commands.h"
#include "imapd/login.h"
#include "imapd/reader.h"
#include "lib/mail/encode.h"

static enum answer
refuse_clear(struct imap *im)
{
	return answer_no(im, "[PRIVACYREQUIRED] Passwords are not taken without "
			     "TLS");
}

enum answer
cmd_login(struct imap *im, struct parse *p)
{
	struct view user, password;

	parse_space(p);
	user = parse_astring(p);
	parse_space(p);
	password = parse_astring(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!login_allowed(im))
		return refuse_clear(im);
	return login_try(im, user, password, "PLAIN");
}

/* authzid NUL authcid NUL password */
static enum answer
plain(struct imap *im, struct view v)
{
	struct view authzid, user;

	if (memchr(v.p, '\0', v.n) == NULL)
		return answer_bad(im, "Not a PLAIN response");
	authzid = view_cut(&v, '\0');
	if (memchr(v.p, '\0', v.n) == NULL)
		return answer_bad(im, "Not a PLAIN response");
	user = view_cut(&v, '\0');
	if (memchr(v.p, '\0', v.n) != NULL || user.n == 0)
		return answer_bad(im, "Not a PLAIN response");
	if (authzid.n > 0 && !view_eqi(authzid, user))
		return answer_no(im, "[AUTHORIZATIONFAILED] Not for another "
				     "user");
	return login_try(im, user, v, "PLAIN");
}

static enum answer
respond(struct imap *im, struct view response)
{
	struct str plain_text = { 0 };
	enum answer answer;

	if (view_is(response, "*"))
		return answer_bad(im, "Cancelled");
	if (view_is(response, "="))
		response = VIEW_NONE;
	if (!decode_base64(&plain_text, response))
		answer = answer_bad(im, "Not base64");
	else
		answer = plain(im, str_view(&plain_text));
	str_wipe(&plain_text);
	str_free(&plain_text);
	return answer;
}

enum answer
cmd_authenticate(struct imap *im, struct parse *p)
{
	struct view mechanism;

	parse_space(p);
	mechanism = parse_atom(p);
	if (!parse_fine(p))
		return answer_syntax(im, p);
	if (!login_allowed(im))
		return refuse_clear(im);
	if (!view_isi(mechanism, "PLAIN"))
		return answer_no(im, "[CANNOT] No such mechanism");
	if (parse_take(p, ' '))
		return respond(im, p->rest);
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "+ \r\n");
	if (!out_flush(im) || reader_line(im) == READ_GONE)
		return answer_bad(im, "Connection closed");
	if (im->wrong != NULL)
		return answer_bad(im, "%s", im->wrong);
	return respond(im, str_view(&im->text));
}
