/* SPDX-License-Identifier: ISC */
/*
 * table_cidr - networks and what they stand for, the first that has the address
 *
 * "192.0.2.0/24 text", one a line; "!" in front: every address but these. The
 * conditions "if" and "endif" of cidr_table(5) are not known here, and complained
 * of.
 */
#include <stdlib.h>

#include "lib/mail/table.h"
#include "lib/proc/network.h"

struct entry {
	struct network network;
	bool not;
	struct view value;
	size_t line;
};

struct cidr {
	struct entry *entry;
	size_t n, cap;
};

static void
put(struct cidr *c, const struct entry *e)
{
	c->entry = xgrow(c->entry, c->n, &c->cap, sizeof(*c->entry));
	c->entry[c->n++] = *e;
}

static const char *
read_line(struct cidr *c, struct view line, size_t number)
{
	struct entry e = { .line = number };
	struct view word = view_word(&line);

	if (word.n == 0 || word.p[0] == '#')
		return NULL;
	e.not = word.p[0] == '!';
	e.value = view_trim(line);
	if (!network_parse(view_skip(word, e.not), &e.network))
		return "A line begins with an IP address or a network, without "
		       "bits behind its length";
	if (e.value.n == 0)
		return "Behind the network stands nothing";
	if (c->n == TABLE_ENTRIES_MAX)
		return "The table has too many lines";
	put(c, &e);
	return NULL;
}

static void *
cidr_open(struct view text, const struct table_sink *sink)
{
	struct cidr *c = xcalloc(1, sizeof(*c));

	for (size_t n = 1; text.n > 0; n++) {
		const char *wrong = read_line(c, view_cut(&text, '\n'), n);

		if (wrong != NULL)
			sink->complain(sink->arg, n, wrong);
	}
	return c;
}

static enum table_answer
cidr_get(const void *table, struct view key, struct str *value, size_t *line)
{
	const struct cidr *c = table;
	struct address16 a;

	if (!address16_parse(key, &a))
		return TABLE_NONE;
	for (size_t i = 0; i < c->n; i++)
		if (network_has(&c->entry[i].network, &a) != c->entry[i].not) {
			str_add(value, c->entry[i].value);
			*line = c->entry[i].line;
			return TABLE_FOUND;
		}
	return TABLE_NONE;
}

static void
cidr_close(void *table)
{
	struct cidr *c = table;

	free(c->entry);
	free(c);
}

const struct table_kind table_cidr = { .name = "cidr", .open = cidr_open,
	.get = cidr_get, .close = cidr_close, .most = TABLE_FILE_MOST };
