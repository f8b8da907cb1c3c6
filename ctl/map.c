/* SPDX-License-Identifier: ISC */
/*
 * map - logical lines, divided at the first blank or the colon of an alias
 *
 * A colon divides where it ends the first word, stands by itself behind it, or
 * has the value right behind it. Elsewhere it is a part of the key: "[::1] x".
 */
#include "ctl/map.h"

/* line is not empty. */
static struct view
cut_key(struct view *line)
{
	struct view text = *line, key;

	if (text.p[0] == '"') {
		*line = view_skip(text, 1);
		return view_cut(line, '"');
	}
	key = view_word(line);
	if (key.p[key.n - 1] == ':') {
		key.n--;
	} else if (line->n == 0 && view_find(key, ':') < key.n) {
		*line = key;
		key = view_cut(line, ':');
	}
	return key;
}

/* A line and those that go on with it, whose blanks stay, as they do in Postfix;
 * empty lines and comments between them do not end it. */
static size_t
cut_lines(struct view *text, struct str *all)
{
	size_t n = 1;

	str_reset(all);
	str_add(all, view_trim(view_cut(text, '\n')));
	for (; text->n > 0 && text->p[0] != '\0' &&
	    strchr(" \t\r\n#", text->p[0]) != NULL; n++) {
		struct view more = view_cut(text, '\n');

		if (view_trim(more).n > 0 && view_trim(more).p[0] != '#')
			str_add(all, more);
	}
	return n;
}

bool
map_next(struct view *text, struct map_entry *e)
{
	e->next += e->next == 0;
	while (text->n > 0) {
		e->line = e->next;
		e->next += cut_lines(text, &e->text);
		if (e->text.n == 0 || e->text.p[0] == '#')
			continue;
		e->value = str_view(&e->text);
		e->key = cut_key(&e->value);
		e->value = view_trim(e->value);
		if (e->value.n > 0 && e->value.p[0] == ':')
			e->value = view_trim(view_skip(e->value, 1));
		return true;
	}
	str_free(&e->text);
	return false;
}

bool
map_find(struct view text, struct view key, struct str *value)
{
	struct map_entry e = { .key = VIEW_NONE };
	bool found = false;

	while (!found && map_next(&text, &e)) {
		found = view_eqi(e.key, key);
		if (found)
			str_add(value, e.value);
	}
	str_free(&e.text);
	return found;
}
