/* SPDX-License-Identifier: ISC */
/*
 * reply - dividing a sentence into reply lines, and reading them back
 */
#include <stdio.h>

#include "lib/mail/reply.h"

void
reply_clean(struct str *out, struct view text)
{
	char *to = str_room(out, text.n);

	if (to == NULL)
		return;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		to[i] = (c < 32 && c != '\t') || c == 127 ? '?' : (char)c;
	}
	out->n += text.n;
	out->p[out->n] = '\0';
}

/* How much of text fits one line: up to the last blank before room, or just
 * room where there is none; never within a UTF-8 character. */
static size_t
fitting(struct view text, size_t room)
{
	size_t at;

	if (text.n <= room)
		return text.n;
	at = view_rfind((struct view){ text.p, room + 1 }, ' ');
	if (at <= room && at > room / 2)
		return at;
	for (at = room; at > room - 4 && (text.p[at] & 0xC0) == 0x80;)
		at--;
	return at;
}

void
reply_text(struct str *out, unsigned code, const char *status, struct view text)
{
	size_t head = 4 + (*status ? strlen(status) + 1 : 0);
	size_t room = REPLY_LINE_MAX - 2 - head;

	must(code >= 200 && code <= 599 && head < 32);
	do {
		struct view line = { text.p, view_find(text, '\n') };
		size_t n = fitting(line, room), skip = n;

		if (n < text.n && (text.p[n] == '\n' || text.p[n] == ' '))
			skip++;
		text = view_skip(text, skip);
		line.n = n;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		str_addf(out, "%03u%c", code, text.n > 0 ? '-' : ' ');
		if (*status != '\0') {
			str_adds(out, status);
			str_addc(out, ' ');
		}
		reply_clean(out, line);
		str_addn(out, "\r\n", 2);
	} while (text.n > 0);
}

void
reply_why(struct str *out, unsigned code, const struct why *w)
{
	char status[sizeof(w->status) + 12];

	must(code / 100 == (unsigned)w->verdict ||
	    (w->verdict == VERDICT_DONE && code / 100 == 3));
	snprintf(status, sizeof(status), "%u.%s", code / 100, w->status);
	reply_text(out, code, w->status[0] && code / 100 != 3 ? status : "",
	    view_of(w->text));
}

/* One to three digits and, if more shall follow, a dot. */
static bool
take_part(struct view *v, bool dot)
{
	size_t n = 0;

	while (n < v->n && n < 4 && is_digit(v->p[n]))
		n++;
	if (n == 0 || n > 3 || (dot && (n == v->n || v->p[n] != '.')))
		return false;
	*v = view_skip(*v, n + dot);
	return true;
}

/* "5.1.1 " at the front; its class must be that of the code (RFC 2034 4). */
static struct view
take_status(struct view *text, char class)
{
	struct view rest = *text, status;

	if (rest.n < 5 || rest.p[0] != class || rest.p[1] != '.')
		return VIEW_NONE;
	rest = view_skip(rest, 2);
	if (!take_part(&rest, true) || !take_part(&rest, false))
		return VIEW_NONE;
	if (rest.n > 0 && rest.p[0] != ' ')
		return VIEW_NONE;
	status = (struct view){ text->p, text->n - rest.n };
	*text = view_skip(rest, rest.n > 0 ? 1 : 0);
	return status;
}

bool
reply_parse(struct view line, struct reply_line *out)
{
	*out = (struct reply_line){ .last = true, .status = VIEW_NONE,
		.text = VIEW_NONE };
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' ||
	    !is_digit(line.p[1]) || !is_digit(line.p[2]))
		return false;
	out->code = (unsigned)((line.p[0] - '0') * 100 +
	    (line.p[1] - '0') * 10 + (line.p[2] - '0'));
	if (line.n == 3)
		return true;
	if (line.p[3] != ' ' && line.p[3] != '-')
		return false;
	out->last = line.p[3] == ' ';
	out->text = view_skip(line, 4);
	out->status = take_status(&out->text, line.p[0]);
	return true;
}
