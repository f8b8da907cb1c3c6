/* SPDX-License-Identifier: ISC */
/*
 * lines - breaking, folding, encoding
 */
#include "lib/mail/encode.h"
#include "lib/mail/utf8.h"
#include "sendmail/lines.h"

/* One line with its end from the front of *v. */
static struct view
take_line(struct view *v)
{
	size_t n = view_find(*v, '\n');
	struct view line = { v->p, n < v->n ? n + 1 : n };

	*v = view_skip(*v, line.n);
	return line;
}

bool
lines_unfit(struct view v)
{
	if (memchr(v.p, '\0', v.n) != NULL)
		return true;
	while (v.n > 0)
		if (take_line(&v).n > LINE_MOST + 2)
			return true;
	return false;
}

static void
add_text(struct str *out, struct view v)
{
	size_t from = out->n;
	char *p;

	str_add(out, v);
	while ((p = memchr(out->p + from, '\0', out->n - from)) != NULL)
		*p = '?';
}

/* Break one line: with fold, at a blank if there is one, and a blank begins the
 * next. */
static void
break_line(struct str *out, struct view line, bool fold)
{
	size_t most = LINE_MOST;

	while (line.n > most + 2) {
		size_t at = most;

		if (fold) {
			at = view_rfind((struct view){ line.p, most }, ' ');
			if (at == most || at < most / 2)
				at = most - 1;
		}
		add_text(out, (struct view){ line.p, at });
		str_adds(out, fold && line.p[at] != ' ' ? "\r\n " : "\r\n");
		line = view_skip(line, at);
		most = fold ? LINE_MOST - 1 : LINE_MOST;
	}
	add_text(out, line);
}

void
lines_fold(struct str *out, struct view field)
{
	while (field.n > 0)
		break_line(out, take_line(&field), true);
}

void
lines_break(struct str *out, struct view body)
{
	while (body.n > 0)
		break_line(out, take_line(&body), false);
}

static const char *
charset(struct view body)
{
	if (utf8_is_ascii(body))
		return "us-ascii";
	return utf8_valid(body) ? "utf-8" : "unknown-8bit";
}

void
lines_encode(struct str *out, struct view body)
{
	struct encode e;

	str_addf(out, "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    charset(body));
	encode_begin(&e, ENCODING_QP, false);
	encode_feed(&e, body, out);
	encode_end(&e, out);
}
