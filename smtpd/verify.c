/* SPDX-License-Identifier: ISC */
/*
 * verify - VRFY and EXPN (RFC 5321 3.5, RFC 6531 3.7.4.2)
 *
 * Who is here and who is on a list is told to clients on this host, to those
 * who are logged in, and to everybody where the setting verify says so. VRFY of
 * a stranger is answered the same for every name: RCPT tells, where it is
 * counted.
 */
#include "lib/mail/utf8.h"
#include "lib/proc/message.h"
#include "smtpd/command.h"

#define NAME_MOST 512

/* What is asked: a name or an address, perhaps in brackets, perhaps with the
 * word that allows UTF-8 in the answer. */
struct question {
	struct view name;
	bool utf8;
};

static bool
read_question(const struct dialog *d, struct view args, struct question *q)
{
	struct view word = VIEW_LIT(" SMTPUTF8");

	*q = (struct question){ .name = args };
	if (d->extended && args.n > word.n &&
	    view_isi(view_skip(args, args.n - word.n), " SMTPUTF8")) {
		q->name.n -= word.n;
		q->name = view_trim(q->name);
		q->utf8 = true;
	}
	if (view_starts(q->name, VIEW_LIT("<"))) {
		if (q->name.p[q->name.n - 1] != '>')
			return false;
		q->name = view_skip(q->name, 1);
		q->name.n--;
	}
	for (size_t i = 0; i < q->name.n; i++)
		if ((unsigned char)q->name.p[i] < ' ' || q->name.p[i] == 127)
			return false;
	return q->name.n > 0 && q->name.n <= NAME_MOST &&
	    utf8_valid(q->name);
}

/* A verdict that is no list of addresses. */
static struct response
unclear(struct dialog *d, const struct why *w)
{
	struct response r = response_why(&d->command, w);

	if (w->verdict == VERDICT_DONE)
		r.code = 252;
	else if (strcmp(w->status, "1.4") == 0)
		r.code = 553;
	return r;
}

static struct response
tell(struct dialog *d, struct view addresses, bool utf8)
{
	struct str text = { 0 };
	struct response r;
	struct view address;

	while (list_next(&addresses, &address)) {
		str_adds(&text, text.n > 0 ? "\n<" : "<");
		str_add(&text, address);
		str_addc(&text, '>');
	}
	if (!utf8 && !utf8_is_ascii(str_view(&text)))
		r = response(252, "2.6.8",
		    "The answer has UTF-8; ask with SMTPUTF8");
	else
		r = response(250, "2.1.5",
		    arena_copy(&d->command, str_view(&text)));
	str_free(&text);
	return r;
}

static struct response
look_up(struct dialog *d, const struct question *q, bool list)
{
	struct view addresses = VIEW_NONE;
	struct why w;

	if (!q->utf8 && !utf8_is_ascii(q->name))
		return response(553, "5.6.7",
		    "A name in UTF-8 needs SMTPUTF8 behind it");
	if (!d->house->expand(d, q->name, list, &addresses, &w))
		return unclear(d, &w);
	return tell(d, addresses, q->utf8);
}

struct response
command_vrfy(struct dialog *d, struct view args)
{
	struct question q;

	if (args.n == 0)
		return response(501, "5.5.4", "Syntax: VRFY user or address");
	if (!dialog_may_verify(d))
		return response(252, "2.1.5",
		    "Cannot verify; send the mail and RCPT will tell");
	if (!read_question(d, args, &q))
		return response(501, "5.1.3", "That is neither a name nor an "
		    "address");
	return look_up(d, &q, false);
}

struct response
command_expn(struct dialog *d, struct view args)
{
	struct question q;

	if (!dialog_may_verify(d))
		return response(502, "5.5.1", "EXPN is not offered here");
	if (args.n == 0)
		return response(501, "5.5.4", "Syntax: EXPN list");
	if (!read_question(d, args, &q))
		return response(501, "5.1.3", "That is no name of a list");
	return look_up(d, &q, true);
}
