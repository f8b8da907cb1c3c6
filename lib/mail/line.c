/* SPDX-License-Identifier: ISC */
/*
 * line - words, quotes, comments, continued lines
 */
#include <stdio.h>

#include "lib/mail/line.h"

bool
line_is_wrong(struct line_wrong *w, struct view where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->sentence, sizeof(w->sentence), fmt, ap);
	va_end(ap);
	w->where = where;
	return false;
}

struct view
line_without_comment(struct view text)
{
	struct view rest = text, word;

	do
		word = view_word(&rest);
	while (word.n > 0 && word.p[0] != '#');
	text.n = (size_t)(word.p - text.p);
	return view_trim(text);
}

bool
line_quoted(struct view text, size_t most, struct str *out,
    struct line_wrong *w)
{
	size_t i, before = out->n;

	if (text.n == 0 || text.p[0] != '"')
		return line_is_wrong(w, text, "The sentence must stand in "
		    "double quotes");
	for (i = 1; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n)
			i++;
		if (text.p[i] < ' ' || text.p[i] > '~')
			return line_is_wrong(w, view_skip(text, i), "The "
			    "sentence can have printable ASCII only");
		str_addc(out, text.p[i]);
	}
	if (i == text.n)
		return line_is_wrong(w, text, "The quotes do not end");
	if (line_without_comment(view_skip(text, i + 1)).n > 0)
		return line_is_wrong(w, view_skip(text, i + 1), "Nothing can "
		    "follow the sentence");
	if (out->n == before || out->n - before > most)
		return line_is_wrong(w, text, "The sentence must have 1 to "
		    "%zu octets", most);
	return true;
}

static bool
goes_on(struct view text)
{
	return text.n > 0 && strchr(" \t\r\n#", text.p[0]) != NULL &&
	    text.p[0] != '\0';
}

size_t
line_logical(struct view *text, struct str *line)
{
	size_t n = 1;

	str_reset(line);
	str_add(line, view_trim(view_cut(text, '\n')));
	for (; goes_on(*text); n++) {
		struct view more = view_trim(view_cut(text, '\n'));

		if (more.n == 0 || more.p[0] == '#')
			continue;
		if (line->n <= LINE_LOGICAL_MAX)
			str_addf(line, " %.*s", VIEW(more));
	}
	return n;
}
